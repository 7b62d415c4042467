"""Measuring what the strategy is worth against the control arm: asking for it, and keeping what was found."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import Conflict
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.labeling.models import SelectionGain
from annotator.labeling.selectors import Arms, arm_sizes
from annotator.projects.models import Project

EVERY = 10  # new labels in the control arm after which it is measured again by itself
NAMES = {"control": "random labels", "chosen": "labels that the strategy chose", "blind": "blind answers"}


def request_measurement(*, project: Project, user: User | None = None) -> Job:
    """Ask for the arms to be compared; per project at most one measurement runs and one waits.

    Raises:
        Conflict: there are too few labels or blind answers to compare anything.
    """
    missing = arm_sizes(project).missing()
    lacks = [f"{NAMES[name]}: {number} more" for name, number in missing.items() if number]
    if lacks:
        raise Conflict(f"There is too little to compare. It still takes {', '.join(lacks)}.", code="too_few_labels")
    return _enqueue(project, user)


def measure_when_due(*, project: Project) -> Job | None:
    """Ask for a measurement if the project keeps a control arm that has grown enough since the last one."""
    if project.control_share == 0:
        return None
    sizes = arm_sizes(project)
    before = SelectionGain.objects.filter(project=project).values_list("control", flat=True).first() or 0
    due = sizes.control >= before + EVERY and not any(sizes.missing().values())
    return _enqueue(project, None) if due else None


def _enqueue(project: Project, user: User | None) -> Job:
    slot = f"control:{project.pk}"
    return enqueue(
        kind=JobKind.CONTROL_ARM, project=project, title="Compare with random picks", created_by=user, slot=slot
    )


def record_gain(*, project: Project, arms: Arms, test_size: int, result: dict[str, Any]) -> SelectionGain:
    """Keep a measurement in place of the one before it, inside the caller's transaction."""
    found = {
        "control": len(arms.control),
        "chosen": len(arms.chosen),
        "test_size": test_size,
        "result": result,
        "measured_at": timezone.now(),
    }
    row, _ = SelectionGain.objects.update_or_create(project=project, defaults=found)
    return row
