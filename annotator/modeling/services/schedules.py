"""Every write to schedules: make, change, remove one, and keep the clock that rings it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError, NotFound, check_model
from annotator.events.services import record_event
from annotator.jobs.models import Queue
from annotator.labeling.selectors import changes_so_far
from annotator.labeling.services import wake_at
from annotator.modeling.cron import Cron, CronError
from annotator.modeling.models import Schedule
from annotator.modeling.recipes import check_recipe
from annotator.modeling.selectors.schedules import timezones
from annotator.projects.models import Project

TICK = "schedule.tick"
STALE_TICK = 300  # seconds after which a ring that nobody heard is left to the sweep
MOST = 50  # schedules of a project
Kind = Schedule.Kind


@transaction.atomic
def create_schedule(*, project: Project, user: User, **fields: Any) -> Schedule:
    """Make a schedule: from now on by the clock (`cron`, `timezone`), or every so many labels (`every_labels`).

    It goes on when the person who made it leaves the project or is no lead any more; any lead can change it.

    Raises:
        DomainError: a field is wrong, or there are too many schedules.
    """
    _lock(project)
    if Schedule.objects.filter(project=project).count() >= MOST:
        raise Conflict(f"A project has at most {MOST} schedules. Remove one that is no longer needed.")
    schedule = Schedule(project=project, created_by=user, counted_from=changes_so_far(project))
    _set(schedule, fields)
    schedule.save()
    _start_or_stop(schedule)
    _tell(schedule, user, "made")
    return schedule


@transaction.atomic
def change_schedule(*, schedule: Schedule, user: User, **fields: Any) -> Schedule:
    """Change a schedule. Switched on, or given other times, it starts anew: what was due before is not made up for.

    Raises:
        NotFound: it was removed meanwhile.
        DomainError: a field is wrong.
    """
    _lock(schedule.project)
    held = Schedule.objects.select_related("project", "periodic_task").filter(pk=schedule.pk).first()
    if held is None:
        raise NotFound("This schedule was removed meanwhile.")
    before = (held.enabled, held.cron, str(held.timezone))
    _set(held, fields)
    if held.enabled and not before[0]:
        held.counted_from = changes_so_far(held.project)
    held.save()
    if before != (held.enabled, held.cron, str(held.timezone)) or held.kind == Kind.LABELS:
        _start_or_stop(held)
    _tell(held, user, "changed")
    return held


@transaction.atomic
def remove_schedule(*, schedule: Schedule, user: User) -> None:
    """Remove a schedule and its clock; what it started stays."""
    _lock(schedule.project)
    stop_clock(schedule_id=schedule.pk)
    if Schedule.objects.filter(pk=schedule.pk).delete()[0]:
        set_alarm(project=schedule.project)
        _tell(schedule, user, "removed")


def _lock(project: Project) -> None:
    Project.objects.select_for_update().get(pk=project.pk)


def _tell(schedule: Schedule, user: User, change: str) -> None:
    record_event(
        project_id=schedule.project_id,
        kind="schedule_changed",
        actor=user,
        schedule=schedule.pk,
        name=schedule.name,
        change=change,
    )


# What a schedule may say


def _set(schedule: Schedule, fields: dict[str, Any]) -> None:
    """Write the fields into the row, and check them together. Raises DomainError."""
    for name, value in fields.items():
        setattr(schedule, name, _zone(value) if name == "timezone" else value)
    schedule.name = " ".join(schedule.name.split())
    if not schedule.name:
        _refuse("name", "Give the schedule a name.")
    if schedule.kind == Kind.CRON:
        _check_cron(schedule)
    else:
        _check_labels(schedule)
    check_recipe(schedule.preset, schedule.recipe)
    check_model(schedule, exclude=["project", "created_by", "periodic_task"])


def _check_cron(schedule: Schedule) -> None:
    if schedule.every_labels is not None:
        _refuse("every_labels", "A schedule by the clock counts no labels; make another one for that.")
    try:
        cron = Cron.parse(schedule.cron)
    except CronError as error:
        _refuse("cron", str(error))
    if cron.next_due(timezone.now(), schedule.timezone) is None:
        _refuse("cron", "This day does not come within forty years.")
    schedule.cron = " ".join(schedule.cron.split())


def _check_labels(schedule: Schedule) -> None:
    if schedule.cron:
        _refuse("cron", "A schedule by labels has no times; make another one for that.")
    if not schedule.every_labels or schedule.every_labels < 1:
        _refuse("every_labels", "Say after how many new or changed labels a run starts: a whole number from 1.")


def _zone(name: str) -> ZoneInfo:
    if name not in timezones():
        _refuse("timezone", f"There is no time zone “{name[:100]}”. Use a name such as UTC or Europe/Berlin.")
    return ZoneInfo(name)


def _refuse(field: str, message: str) -> NoReturn:
    raise DomainError(message, errors={field: [message]})


# What rings it


def _start_or_stop(schedule: Schedule) -> None:
    """Start the clock or the counting anew, or stop it, as the row says now."""
    if schedule.kind == Kind.LABELS:
        set_alarm(project=schedule.project)
    elif schedule.enabled:
        _start_clock(schedule, timezone.now())
    else:
        stop_clock(schedule_id=schedule.pk)
        schedule.periodic_task = None


def _start_clock(schedule: Schedule, now: datetime) -> None:
    """Let beat ring at the schedule's times from now on."""
    task = schedule.periodic_task or PeriodicTask(name=_clock_name(schedule.pk))
    task.task, task.args = TICK, json.dumps([schedule.pk])
    task.queue, task.expire_seconds = Queue.INTERACTIVE, STALE_TICK
    task.description = f"{schedule.name} of project {schedule.project_id}"
    task.crontab = _times(task.crontab or CrontabSchedule(), schedule)
    # Without the second, beat would take the clock for one that has been due for years.
    task.start_time = task.last_run_at = now
    task.save()
    schedule.periodic_task = task
    schedule.save(update_fields=["periodic_task"])


def stop_clock(*, schedule_id: int) -> None:
    """Let beat ring a schedule no more; it may be gone already."""
    CrontabSchedule.objects.filter(periodictask__name=_clock_name(schedule_id)).delete()  # its one clock with it


def _clock_name(schedule_id: int) -> str:
    return f"schedule {schedule_id}"


def _times(row: CrontabSchedule, schedule: Schedule) -> CrontabSchedule:
    """Write the schedule's times to a row of its own."""
    for name, value in Cron.parse(schedule.cron).fields.items():
        setattr(row, name, value)
    row.timezone = schedule.timezone
    row.save()
    return row


def set_alarm(*, project: Project) -> None:
    """Let the project's count of labels wake whoever waits for the smallest number of them."""
    waiting = Schedule.objects.filter(project=project, kind=Kind.LABELS, enabled=True)
    numbers = [counted + every for counted, every in waiting.values_list("counted_from", "every_labels") if every]
    wake_at(project=project, changes=min(numbers, default=None))
