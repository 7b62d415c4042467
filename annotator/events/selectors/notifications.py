"""What a person is told: computed from the activity log by role, so that nothing is written for each reader."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotator.accounts.models import User
from annotator.events.models import Event, ReadEvent, ReadMark
from annotator.projects.models import Membership, Role

KEPT = timedelta(days=30)
ALARMING_IMBALANCE = 10  # largest class over smallest

FOR_LEADS = ("import_finished", "job_failed", "run_finished", "run_failed", "webhook_disabled")
FOR_REVIEWERS = ("model_made", "model_promoted", "model_rolled_back", "case_opened")
FOR_WHO_ASKED = ("import_finished", "job_failed", "run_finished", "run_failed", "export_made", "snapshot_made")
# These name the people whom they concern in `data["concerns"]`, which has at most so many.
FOR_WHOM_IT_CONCERNS = ("case_answered", "case_resolved")
CONCERNED = 8
# Whoever does these has seen them done.
NO_NEWS_TO_ACTOR = ("model_rolled_back", "member_changed", "case_opened", "case_answered", "case_resolved")
# Their failure is an event of its own, which says more.
FAILURES_TOLD_OTHERWISE = ("train",)


def notifications(user: User, *, unread: bool = False) -> QuerySet[Event]:
    """Return the events that a person is told of, with `read` beside each; only those not read if `unread`.

    They go back to when the person joined the project, and no further than KEPT.
    """
    mark = ReadMark.objects.filter(user=user, project=OuterRef("project"), seq__gte=OuterRef("seq"))
    one = ReadEvent.objects.filter(user=user, event=OuterRef("pk"))
    joined = Membership.objects.filter(user=user, project=OuterRef("project"), created_at__lte=OuterRef("created_at"))
    events = (
        Event.objects.filter(_audience(user), Exists(joined), created_at__gte=timezone.now() - KEPT)
        .exclude(kind="job_failed", data__job_kind__in=FAILURES_TOLD_OTHERWISE)
        .exclude(kind__in=NO_NEWS_TO_ACTOR, actor=user)
        .annotate(read=Q(Exists(mark)) | Q(Exists(one)))
    )
    return events.filter(read=False) if unread else events


def _audience(user: User) -> Q:
    """What concerns whom. Each part names projects and kinds, so that the index passes by a million labels."""
    held = Membership.objects.filter(user=user, project__archived_at=None).values_list("project_id", "role")
    roles: dict[int, int] = dict(held)
    leads = [project for project, role in roles.items() if role >= Role.LEAD]
    reviewers = [project for project, role in roles.items() if role >= Role.REVIEWER]
    named = reduce(or_, (Q(**{f"data__concerns__{place}": user.pk}) for place in range(CONCERNED)))
    # SQLite finds a JSON null greater than any number.
    uneven = Q(data__imbalance_ratio__gte=ALARMING_IMBALANCE) & ~Q(data__imbalance_ratio=None)
    return (
        Q(project__in=leads, kind__in=FOR_LEADS)
        | Q(project__in=leads, kind="balance_reported") & uneven
        | Q(project__in=leads, kind="schedule_fired", data__outcome="skipped")
        | Q(project__in=reviewers, kind__in=FOR_REVIEWERS)
        | Q(project__in=list(roles), kind__in=FOR_WHO_ASKED, actor=user)
        | Q(project__in=list(roles), kind="member_changed", data__user=user.pk)
        | Q(project__in=list(roles), kind__in=FOR_WHOM_IT_CONCERNS) & named
    )
