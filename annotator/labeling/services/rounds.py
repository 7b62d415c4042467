"""Selection rounds: asking for a refresh, and publishing its ranked pick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotator.accounts.models import User
from annotator.images.models import ScoreSet
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.labeling.models import Purpose, QueueState, SelectionRound, Task
from annotator.labeling.selectors import undrawn
from annotator.projects.models import Project


@dataclass(frozen=True)
class RoundPick:
    """One image of a round: where it is, why it was picked, and the suggestion that will be shown.

    Attributes:
        position: the image's position.
        reason: plain JSON from the strategy.
        model: head version, or `import`; empty without a suggestion.
        top: (class id, confidence) pairs, best first, at most five.
    """

    position: int
    reason: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    top: Sequence[tuple[int, float]] = ()


def request_refresh(*, project: Project, user: User | None = None) -> Job:
    """Ask for a head refresh; per project at most one runs and one waits."""
    QueueState.objects.filter(project=project).update(answered_since_refresh=0)
    return enqueue(
        kind=JobKind.HEAD_REFRESH, project=project, title="Refresh head", created_by=user, slot=f"refresh:{project.pk}"
    )


def publish_round(
    *, project: Project, strategy: str, seed: int, picks: Sequence[RoundPick], score_set: ScoreSet | None
) -> SelectionRound:
    """Make the picks the project's active round, inside the caller's transaction.

    Only tasks that nobody holds are superseded: what is on somebody's screen stays as it is. Pictures that were
    labelled, voted on, archived or handed out since they were picked are left out.
    """
    # Leases lock the queue row; taking it here keeps a lease from slipping between the two halves.
    QueueState.objects.get_or_create(project=project)
    QueueState.objects.filter(project=project).update(rounds=F("rounds") + 1)
    number = QueueState.objects.values_list("rounds", flat=True).get(project=project)
    _withdraw_free(project)
    SelectionRound.objects.filter(project=project, state=SelectionRound.State.ACTIVE).update(
        state=SelectionRound.State.SUPERSEDED
    )
    round_ = SelectionRound.objects.create(
        project=project,
        number=number,
        strategy=strategy,
        seed=seed,
        score_set_id=score_set.pk if score_set else None,
        head=score_set.name if score_set else "",
    )
    round_.size = len(Task.objects.bulk_create(_tasks(round_, picks)))
    round_.save(update_fields=["size"])
    return round_


def _withdraw_free(project: Project) -> None:
    waiting = Task.objects.filter(project=project, purpose=Purpose.QUEUE)
    waiting.filter(state=Task.State.OPEN).update(state=Task.State.WITHDRAWN)
    gone = waiting.filter(state=Task.State.LEASED, lease_expires_at__lt=timezone.now())
    gone.update(state=Task.State.WITHDRAWN)


def _tasks(round_: SelectionRound, picks: Sequence[RoundPick]) -> list[Task]:
    """Build the round's tasks for those picks that still wait for a label and are in nobody's hands."""
    free = undrawn(round_.project).exclude(tasks__state=Task.State.LEASED, tasks__purpose=Purpose.QUEUE)
    ids = dict(free.filter(position__in=[pick.position for pick in picks]).values_list("position", "id"))
    chosen = [pick for pick in picks if pick.position in ids]
    return [
        Task(
            project=round_.project,
            image_id=ids[pick.position],
            round=round_,
            rank=rank,
            suggestion_model=pick.model if pick.top else "",
            suggestion_class_id=pick.top[0][0] if pick.top else None,
            suggestion_confidence=pick.top[0][1] if pick.top else None,
            suggestion_top=[list(pair) for pair in pick.top],
            reason=pick.reason,
        )
        for rank, pick in enumerate(chosen, start=1)
    ]


def count_towards_refresh(*, project: Project, labels: int) -> tuple[int, Job | None]:
    """Count labels (negative for undone ones) towards the next refresh; enqueue it when due.

    Returns:
        Labels still missing until the next refresh, and the job if one was enqueued.
    """
    with transaction.atomic():
        queue, _ = QueueState.objects.select_for_update().get_or_create(project=project)
        queue.answered_since_refresh = max(0, queue.answered_since_refresh + labels)
        due = queue.answered_since_refresh >= project.refresh_every
        queue.save(update_fields=["answered_since_refresh"])
    job = request_refresh(project=project) if due else None
    return project.refresh_every - (0 if due else queue.answered_since_refresh), job
