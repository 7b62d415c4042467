"""Every write to jobs: enqueue, claim, report, finish, cancel, sweep."""

from __future__ import annotations

import logging
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.celery import app as celery_app
from annotator.jobs.models import QUEUE_OF, Job, JobKind
from annotator.projects.models import Project

logger = logging.getLogger(__name__)


def enqueue(
    *,
    kind: JobKind,
    project: Project | None,
    title: str = "",
    params: dict[str, Any] | None = None,
    created_by: User | None = None,
    dedupe_key: str | None = None,
    slot: str = "",
) -> Job:
    """Write a Job row and ring its queue once the surrounding transaction has committed.

    A job with the same `dedupe_key`, or one already waiting in the same `slot`, is returned instead of a second.
    """
    same = Job.objects.filter(dedupe_key=dedupe_key) if dedupe_key else Job.objects.none()
    if slot:
        same = same | Job.objects.filter(slot=slot, state=Job.State.QUEUED)
    found = same.first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind,
                queue=QUEUE_OF[kind],
                project=project,
                title=title,
                params=params or {},
                created_by=created_by,
                dedupe_key=dedupe_key,
                slot=slot,
            )
    except IntegrityError:  # another process was first
        return same.get()
    transaction.on_commit(lambda: ring(job))
    return job


def ring(job: Job) -> None:
    """Tell the queue that a job waits. A broker that is down loses nothing: the sweep rings again."""
    try:
        celery_app.send_task(f"job.{job.kind}", args=[job.pk], queue=job.queue)
    except (OSError, celery_app.connection_for_write().connection_errors) as error:
        logger.warning("The broker did not take job %s (%s); the sweep will ring again", job.pk, error)
        return
    Job.objects.filter(pk=job.pk).update(rung_at=timezone.now())
