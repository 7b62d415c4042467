"""Verify pages that come back unanswered: released, or abandoned until their lease ran out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from annotator.accounts.models import User
from annotator.images.models import Trust
from annotator.labeling.models import Purpose, SelectionRound, Task, VerifyPage
from annotator.projects.models import Project

State = VerifyPage.State


def release_pages(*, project: Project, user: User, page_ids: Iterable[int]) -> int:
    """Return one's own pages to the queue; return how many were in hand. A page that is answered stays as it is."""
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        pages = VerifyPage.objects.filter(project=project, user=user, state=State.LEASED, pk__in=list(page_ids))
        return give_back(list(pages))


def return_expired_pages(*, project: Project, now: datetime, but: Sequence[int] = ()) -> int:
    """Return all pages that were abandoned, except those of ids `but`; return how many.

    Call inside a transaction that has locked the project's row, before anything is leased.
    """
    gone = VerifyPage.objects.filter(project=project, state=State.LEASED, lease_expires_at__lt=now)
    return give_back(list(gone.exclude(pk__in=but)))


def give_back(pages: Sequence[VerifyPage]) -> int:
    """Free the pictures of pages of one project, inside the caller's transaction.

    The page keeps its tasks, so that a confirmation that comes late is understood and kept. What it took from the
    active round's queue returns there as new tasks, in its old place.
    """
    if not pages:
        return 0
    ids = [page.pk for page in pages]
    held = Task.objects.filter(page__in=ids, state=Task.State.LEASED)
    queued = list(
        held.filter(
            purpose=Purpose.QUEUE,
            round__state=SelectionRound.State.ACTIVE,
            image__trust=Trust.NONE,
            image__archived_at=None,
        )
    )
    held.update(state=Task.State.WITHDRAWN, lease_expires_at=None)
    Task.objects.bulk_create(_queued_again(task) for task in queued)
    VerifyPage.objects.filter(pk__in=ids).update(state=State.RELEASED)
    return len(pages)


def _queued_again(task: Task) -> Task:
    return Task(
        project_id=task.project_id,
        image_id=task.image_id,
        round_id=task.round_id,
        rank=task.rank,
        suggestion_model=task.suggestion_model,
        suggestion_class_id=task.suggestion_class_id,
        suggestion_confidence=task.suggestion_confidence,
        suggestion_top=task.suggestion_top,
        reason=task.reason,
    )
