"""What schedules do when they are due: start a training run, join one that waits, or say why there is nothing to do.

Each tick of a clock is answered once, whoever rings and however often: beat, a second beat, or the sweep, which makes
up for what a broker or a beat that was down has lost.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import DomainError, NotFound
from annotator.events.services import record_event
from annotator.labeling.selectors import changes_so_far
from annotator.modeling.models import Firing, Schedule
from annotator.modeling.selectors.schedules import due_now, labels_left, run_with_the_same_labels
from annotator.modeling.services.runs import request_training
from annotator.modeling.services.schedules import set_alarm, stop_clock
from annotator.projects.models import Project

logger = logging.getLogger(__name__)

Kind, Cause, Outcome = Schedule.Kind, Firing.Cause, Firing.Outcome


@dataclass(frozen=True)
class _Why:
    """The occasion on which a schedule fires."""

    cause: str
    user: User | None
    due_at: datetime | None = None
    key: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


def fire_schedule(*, schedule_id: int, now: datetime | None = None) -> Firing | None:
    """Answer the latest tick of a clock that is due and was not answered; ticks missed before it are not made up for.

    It runs for the person who made the schedule, even if that person is no lead any more: a lead removes it.

    Returns:
        What came of it, or None if nothing is due.
    """
    now = now or timezone.now()
    schedule = _held(schedule_id)
    if schedule is None:
        stop_clock(schedule_id=schedule_id)  # its project was deleted
        return None
    if not _ticks(schedule) or due_now(schedule, now) is None:  # looked up without a lock, as most often
        return None
    with transaction.atomic():
        _lock(schedule.project)
        held = _held(schedule_id)
        due = due_now(held, now) if held is not None and _ticks(held) else None
        if held is None or due is None:
            return None
        why = _Why(Cause.CRON, held.created_by, due, f"schedule:{held.pk}:{due:%Y-%m-%dT%H:%MZ}")
        return _answer(held, why)


def fire_due_schedules(*, now: datetime | None = None) -> int:
    """Answer every tick that nobody has answered; return how many there were. Safe to run several times at once."""
    ticking = Schedule.objects.filter(kind=Kind.CRON, enabled=True)
    fired = 0
    for schedule_id in list(ticking.order_by("pk").values_list("pk", flat=True)):
        try:
            fired += fire_schedule(schedule_id=schedule_id, now=now) is not None
        except DatabaseError:
            raise
        except Exception:
            logger.exception("Schedule %s could not be fired", schedule_id)
    return fired


def fire_now(*, schedule: Schedule, user: User) -> Firing:
    """Start the schedule's run because a person wants it, whether it is due or switched on or not.

    Raises:
        NotFound: the schedule was removed meanwhile.
        DomainError: there is nothing to train on, or the project is archived.
    """
    with transaction.atomic():
        _lock(schedule.project)
        held = _held(schedule.pk)
        if held is None:
            raise NotFound("This schedule was removed meanwhile.")
        firing = _start(held, _Why(Cause.PERSON, user, values={"changes": changes_so_far(held.project)}))
        _count_anew(held)
        return firing


def fire_label_schedules(*, project: Project) -> list[Firing]:
    """Fire every schedule whose labels have been given, and ask to be woken for the next, in the caller's transaction.

    The labels are counted anew from here, whatever comes of it: where there is nothing to train on, more labels may
    help, and asking again at once would not.
    """
    assert connection.in_atomic_block, "what was counted and what came of it are one change"
    _lock(project)
    changes = changes_so_far(project)
    counting = Schedule.objects.filter(project=project, kind=Kind.LABELS, enabled=True)
    fired = []
    for schedule in counting.select_related("project", "created_by").order_by("pk"):
        if labels_left(schedule, changes) == 0:
            given = {"labels": changes - schedule.counted_from, "every": schedule.every_labels, "changes": changes}
            key = f"schedule:{schedule.pk}:labels:{changes}"
            fired.append(_answer(schedule, _Why(Cause.LABELS, schedule.created_by, None, key, given)))
            schedule.counted_from = changes
            schedule.save(update_fields=["counted_from"])
    set_alarm(project=project)
    return fired


def _lock(project: Project) -> None:
    Project.objects.select_for_update().get(pk=project.pk)


def _held(schedule_id: int) -> Schedule | None:
    rows = Schedule.objects.select_related("project", "periodic_task", "created_by")
    return rows.filter(pk=schedule_id).first()


def _ticks(schedule: Schedule) -> bool:
    return schedule.enabled and schedule.kind == Kind.CRON


def _count_anew(schedule: Schedule) -> None:
    if schedule.kind == Kind.LABELS:
        schedule.counted_from = changes_so_far(schedule.project)
        schedule.save(update_fields=["counted_from"])
        set_alarm(project=schedule.project)


def _answer(schedule: Schedule, why: _Why) -> Firing:
    """Start a run, or write why there is none; the caller holds the project."""
    if schedule.project.archived_at is not None:
        return _skip(schedule, why, "archived", "The project is archived.")
    same = run_with_the_same_labels(schedule.project) if why.cause == Cause.CRON else None
    if same is not None:
        return _skip(
            schedule, why, "nothing_changed", f"No label has changed since run {same.number}.", run=same.number
        )
    try:
        with transaction.atomic():
            return _start(schedule, why)
    except DomainError as error:
        return _skip(schedule, why, error.code, error.message)


def _start(schedule: Schedule, why: _Why) -> Firing:
    firing = request_training(
        project=schedule.project,
        user=why.user,
        preset=schedule.preset,
        overrides=schedule.recipe,
        cause=why.cause,
        schedule=schedule,
        due_at=why.due_at,
        values=_named(schedule, why),
        key=why.key,
    )
    joined_before = Firing.objects.filter(schedule=schedule, run=firing.run).exclude(pk=firing.pk)
    if not joined_before.exists():  # a run may wait for hours, and be joined every minute
        _tell(schedule, firing)
    return firing


def _skip(schedule: Schedule, why: _Why, reason: str, message: str, **values: Any) -> Firing:
    """Write why nothing was started. The same reason again is counted, not written anew: it may be true for weeks."""
    said = {"reason": reason, "message": message} | values
    last = Firing.objects.filter(schedule=schedule).order_by("-pk").first()
    if last is not None and last.outcome == Outcome.SKIPPED and last.values.get("reason") == reason:
        last.values = _named(schedule, why) | said | {"times": last.values["times"] + 1, "since": last.values["since"]}
        last.cause, last.due_at, last.key, last.created_at = why.cause, why.due_at, why.key, timezone.now()
        last.save(update_fields=["values", "cause", "due_at", "key", "created_at"])
        return last
    since = (why.due_at or timezone.now()).isoformat()
    firing = Firing.objects.create(
        project=schedule.project,
        schedule=schedule,
        cause=why.cause,
        outcome=Outcome.SKIPPED,
        due_at=why.due_at,
        key=why.key,
        values=_named(schedule, why) | said | {"times": 1, "since": since},
        created_by=why.user,
    )
    _tell(schedule, firing)
    return firing


def _named(schedule: Schedule, why: _Why) -> dict[str, Any]:
    """What was counted, with the schedule's name, which outlives the schedule."""
    return {"name": schedule.name, **why.values}


def _tell(schedule: Schedule, firing: Firing) -> None:
    what: dict[str, Any] = {"schedule": schedule.pk, "name": schedule.name, "outcome": str(firing.outcome)}
    if firing.run_id is not None:
        what |= {"run": firing.run_id}
    if firing.outcome == Outcome.SKIPPED:
        what |= {"reason": firing.values["reason"]}
    record_event(project_id=schedule.project_id, kind="schedule_fired", actor=firing.created_by, **what)
