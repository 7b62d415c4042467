"""Finds the projects whose webhooks have something to send, and enqueues a job for each.

Recording an event stays one insert: nothing is enqueued there. This looks every few seconds instead, at what a cursor
has not passed and at what is due again, so that whatever was lost on the way is found the next time.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from annotator.events.selectors import projects_to_deliver
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue, forget_ended
from annotator.projects.models import Project

KIND = JobKind.DELIVER_WEBHOOKS
PAUSE_AFTER_FAILURE = timedelta(minutes=5)  # of the job, not of a message


def enqueue_due() -> int:
    """Enqueue a job for each project that has something to send and none at work on it; return how many."""
    now = timezone.now()
    wanting = projects_to_deliver(now)
    if not wanting:
        return 0
    failed = Q(state=Job.State.FAILED, finished_at__gt=now - PAUSE_AFTER_FAILURE)
    busy = Job.objects.filter(failed | Q(state__in=Job.ACTIVE), kind=KIND, project__in=wanting)
    projects = Project.objects.filter(pk__in=wanting, deleted_at=None).exclude(pk__in=busy.values("project"))
    for project in projects:
        forget_ended(kind=KIND, project_id=project.pk)
        enqueue(kind=KIND, project=project, title="Send messages to webhooks", slot=f"webhooks:{project.pk}")
    return len(projects)
