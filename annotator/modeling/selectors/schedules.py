"""Reads of schedules: when they are due, how many labels are missing, and whether there is anything new to learn."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from functools import lru_cache

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from annotator.jobs.models import Job
from annotator.labeling.selectors import changes_so_far
from annotator.modeling.cron import Cron
from annotator.modeling.models import Firing, Schedule, TrainingRun
from annotator.projects.models import Project

UNUSABLE = {"Factory", "localtime"}  # they name no place
IN_VAIN = (Job.State.FAILED, Job.State.CANCELLED)


@lru_cache(maxsize=1)
def timezones() -> tuple[str, ...]:
    """Return the names of all time zones, UTC first."""
    names = zoneinfo.available_timezones() - UNUSABLE - {"UTC"}
    return ("UTC", *sorted(names))


def schedules_of(project: Project) -> QuerySet[Schedule]:
    """Return the project's schedules by age."""
    return Schedule.objects.filter(project=project).select_related("created_by", "periodic_task").order_by("pk")


def firings_of(project: Project, schedule: int | None = None) -> QuerySet[Firing]:
    """Return why runs were started or not, in the whole project or through one schedule."""
    rows = Firing.objects.filter(project=project)
    if schedule is not None:
        rows = rows.filter(schedule_id=schedule)
    return rows.select_related("schedule", "run", "created_by")


def last_firings(project: Project) -> dict[int, Firing]:
    """Return the last firing of each schedule by the schedule's id."""
    newest = Firing.objects.filter(schedule=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    last = Schedule.objects.filter(project=project).annotate(last=Subquery(newest)).values("last")
    rows = firings_of(project).filter(pk__in=last)
    return {row.schedule_id: row for row in rows if row.schedule_id is not None}


def settled_until(schedule: Schedule) -> datetime:
    """Return the moment up to which a clock's ticks were answered, or before which they are none of the schedule's.

    The clock's own start: when the schedule was made, switched on, or given other times.
    """
    start = schedule.periodic_task.start_time if schedule.periodic_task else None
    answered = Firing.objects.filter(schedule=schedule).exclude(due_at=None).order_by("-due_at")
    last = answered.values_list("due_at", flat=True).first()
    return max(moment for moment in (start or schedule.created_at, last) if moment is not None)


def due_now(schedule: Schedule, now: datetime) -> datetime | None:
    """Return the latest tick that was not answered yet: of several that were missed it stands for all."""
    return Cron.parse(schedule.cron).last_due(settled_until(schedule), now, schedule.timezone)


def next_due(schedule: Schedule, now: datetime | None = None) -> datetime | None:
    """Return when an enabled schedule of the clock is due next, or None."""
    if schedule.kind != Schedule.Kind.CRON or not schedule.enabled:
        return None
    return Cron.parse(schedule.cron).next_due(now or timezone.now(), schedule.timezone)


def labels_left(schedule: Schedule, changes: int) -> int | None:
    """Return how many labels are missing until an enabled schedule is due, or None.

    Args:
        changes: the project's count of labels so far.
    """
    if schedule.every_labels is None or not schedule.enabled:
        return None
    return max(0, schedule.counted_from + schedule.every_labels - changes)


def run_with_the_same_labels(project: Project) -> TrainingRun | None:
    """Return the last run if no label was given, changed or taken back since its snapshot was frozen.

    A run that failed or was cancelled counts for nothing, and one that has not frozen its labels may still miss some.
    """
    runs = TrainingRun.objects.filter(project=project).select_related("snapshot")
    run = runs.exclude(job__state__in=IN_VAIN).order_by("-number").first()
    frozen_at = run.snapshot.report.get("changes") if run is not None and run.snapshot is not None else None
    return run if frozen_at == changes_so_far(project) else None
