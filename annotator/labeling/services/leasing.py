"""Handing tasks to people: compare-and-swap leases with an expiry, and one blind test task in ten."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from annotator.accounts.models import User
from annotator.images.models import Trust
from annotator.labeling.models import Annotation, Purpose, QueueState, SelectionRound, Task
from annotator.labeling.selectors import unanswered_reserve, undrawn
from annotator.labeling.selectors.review import SPOKE, standing_votes
from annotator.labeling.services.focused import FocusQueue
from annotator.labeling.services.verify.returning import return_expired_pages
from annotator.labeling.services.voting import settle_stranded
from annotator.projects.models import Project


def lease_tasks(*, project: Project, user: User, count: int) -> list[Task]:
    """Give `user` tasks until `count` are in hand: those already leased to them first, in the order they were given.

    A lease is a compare-and-swap on the task's row under the project's queue row, so two people never hold the
    same task, on SQLite as on PostgreSQL. An abandoned lease expires and is handed out again.
    """
    settle_stranded(project=project)
    now = timezone.now()
    expires = now + timedelta(seconds=settings.LEASE_SECONDS)
    held = _held(project, user)
    ahead = _Ahead(project, user, now, count)
    QueueState.objects.get_or_create(project=project)
    with transaction.atomic():
        # The project before its queue, the order in which every transaction takes these two locks: a new task
        # holds the project it belongs to.
        Project.objects.select_for_update().get(pk=project.pk)
        # The update takes the row lock before anything is read: leases of one project follow each other.
        QueueState.objects.filter(project=project).update(handed_out=F("handed_out"))
        queue = QueueState.objects.get(project=project)
        return_expired_pages(project=project, now=now)
        held.update(lease_expires_at=expires)
        for _ in range(count - held.count()):
            if not _lease_next(queue, ahead, expires):
                break
        queue.save(update_fields=["handed_out", "handed_out_blind"])
    return list(
        held.select_related("image", "round", "suggestion_class")
        .prefetch_related("image__sources")
        .order_by("lease_order")
    )


def _held(project: Project, user: User) -> QuerySet[Task]:
    """Tasks in a person's hands, without those of Verify pages, which are leased as a unit."""
    return Task.objects.filter(project=project, leased_to=user, state=Task.State.LEASED, page=None)


class _Ahead:
    """What may be handed to a person next: of the lead's focus, votes, the round; each is read when it is due."""

    def __init__(self, project: Project, user: User, now: datetime, count: int) -> None:
        self.user, self.now = user, now
        self._focused = FocusQueue(project, user)
        votes, queued = _wanted_votes(project, user, now), _queued(project, now)
        self._tasks = (task for tasks in (votes, queued) for task in tasks[:count])

    def next(self) -> Task | None:
        """Return the next task; the lease's transaction holds the queue, so nobody else can take it meanwhile."""
        return self._focused.next(self.now) or next(self._tasks, None)


def _lease_next(queue: QueueState, ahead: _Ahead, expires: datetime) -> bool:
    """Lease one more task: a blind one when its turn has come, else what is ahead."""
    project, now = queue.project, ahead.now
    blind_is_due = (queue.handed_out_blind + 1) * project.blind_every <= queue.handed_out + 1
    task = _next_blind(project, now) if blind_is_due else None
    task = task or ahead.next()
    if task is None and not undrawn(project).exists():
        task = _next_blind(project, now)  # the pool is done: the rest of the reserve is all there is
    if task is None:
        return False
    queue.handed_out += 1
    queue.handed_out_blind += task.blind
    leased = (
        _free(now)
        .filter(pk=task.pk)
        .update(state=Task.State.LEASED, leased_to=ahead.user, lease_expires_at=expires, lease_order=queue.handed_out)
    )
    assert leased == 1, "the queue row is locked, so nobody can have taken the task meanwhile"
    return True


def _free(now: datetime) -> QuerySet[Task]:
    """Tasks that nobody holds: open, or leased to somebody who has gone; not of pictures taken out meanwhile."""
    free = Q(state=Task.State.OPEN) | Q(state=Task.State.LEASED, lease_expires_at__lt=now)
    return Task.objects.filter(free, image__holdout=None, image__archived_at=None)


def _wanted_votes(project: Project, user: User, now: datetime) -> QuerySet[Task]:
    """Pictures on which another vote is wanted and this person has not answered, the longest-waiting first."""
    spoken = Annotation.objects.filter(SPOKE, image=OuterRef("image"), user=user, undone_by=None)
    held = Task.objects.filter(image=OuterRef("image"), state=Task.State.LEASED, lease_expires_at__gte=now)
    tasks = _free(now).filter(project=project, purpose=Purpose.REVIEW, image__trust=Trust.NONE, image__reserve=False)
    return tasks.filter(~Exists(spoken), ~Exists(held)).order_by("id")


def _queued(project: Project, now: datetime) -> QuerySet[Task]:
    """The free tasks of the active round, best first; of pictures with votes, only further voters are asked."""
    voted = standing_votes(project).filter(image=OuterRef("image"))
    tasks = _free(now).filter(
        ~Exists(voted),
        project=project,
        purpose=Purpose.QUEUE,
        round__state=SelectionRound.State.ACTIVE,
        image__trust=Trust.NONE,
        image__reserve=False,
    )
    return tasks.order_by("rank", "id")


def _next_blind(project: Project, now: datetime) -> Task | None:
    """The next unanswered picture of the reserve in `lot` order, as a blind test task."""
    again = _free(now).filter(project=project, purpose=Purpose.TEST).order_by("id").first()
    if again is not None:
        return again
    image = (
        unanswered_reserve(project)
        .exclude(tasks__in=Task.objects.filter(project=project, purpose=Purpose.TEST))
        .order_by("lot", "id")
        .first()
    )
    if image is None:
        return None
    return Task.objects.create(project=project, image=image, purpose=Purpose.TEST, blind=True)


def release_tasks(*, project: Project, user: User, task_ids: Iterable[int]) -> int:
    """Return one's own leases to the queue; return how many were held.

    What was not answered does not count as handed out, so that one answer in ten stays a blind one.
    """
    held = _held(project, user).filter(pk__in=list(task_ids))
    QueueState.objects.get_or_create(project=project)
    with transaction.atomic():
        QueueState.objects.filter(project=project).update(handed_out=F("handed_out"))
        blind = held.filter(blind=True).count()
        released = held.update(state=Task.State.OPEN, leased_to=None, lease_expires_at=None)
        QueueState.objects.filter(project=project).update(
            handed_out=Greatest(F("handed_out") - released, 0),
            handed_out_blind=Greatest(F("handed_out_blind") - blind, 0),
        )
    return released
