"""Counts labels that are given, changed or taken back, and wakes whoever waits for a number of them."""

from __future__ import annotations

from django.db import connection, transaction

from annotator.jobs.models import JobKind
from annotator.jobs.services import enqueue
from annotator.labeling.models import QueueState
from annotator.projects.models import Project


def count_changes(*, project: Project, count: int) -> None:
    """Count labels inside the transaction that changes them; the project's row is locked before the queue's.

    So the count is what was committed, whatever the order, and the label that reaches the number asked for is the
    one that wakes: see `wake_at`.
    """
    assert connection.in_atomic_block, "a label and its count are one change"
    if count:
        state = _locked(project)
        state.changes += count
        _wake(state, state.wake_at)


@transaction.atomic
def wake_at(*, project: Project, changes: int | None) -> None:
    """Enqueue `CHECK_TRIGGERS` once, when the project's count reaches this number: at once if it has; None: never."""
    Project.objects.select_for_update().get(pk=project.pk)
    _wake(_locked(project), changes)


def _locked(project: Project) -> QueueState:
    QueueState.objects.get_or_create(project=project)
    return QueueState.objects.select_for_update().get(project=project)


def _wake(state: QueueState, at: int | None) -> None:
    """Store count and number; where the count has reached it, ask for the check and forget the number."""
    reached = at is not None and state.changes >= at
    state.wake_at = None if reached else at
    state.save(update_fields=["changes", "wake_at"])
    if reached:
        enqueue(
            kind=JobKind.CHECK_TRIGGERS,
            project=state.project,
            title="Check triggers",
            slot=f"triggers:{state.project_id}",
        )
