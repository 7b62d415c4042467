"""Handing out Verify pages: the best of what waits, as a unit, with known pictures among it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import DomainError
from annotator.images.models import Image, Trust
from annotator.labeling.models import Purpose, QueueState, Task, VerifyPage
from annotator.labeling.selectors import verify_policy as policy
from annotator.labeling.selectors.review import voted_on
from annotator.labeling.selectors.verify import Measured, Offer, Terms, Waiting, terms, waiting_by_class
from annotator.labeling.services.checking import sayable_classes
from annotator.labeling.services.verify.planting import choose_planted, still_known
from annotator.labeling.services.verify.returning import give_back, return_expired_pages
from annotator.labeling.services.voting import overlaps
from annotator.projects.models import Project

AT_ONCE = 3  # pages in one person's hands
SPARE = 60  # positions that are read beyond what a page needs, should others have been quicker
GUESSES = 5
State = VerifyPage.State
Mode = VerifyPage.Mode

_random = secrets.SystemRandom()


@dataclass(frozen=True)
class Wanted:
    """What kind of pages a person asks for; `size` None: as many pictures as suit the person."""

    mode: str
    order: str
    class_id: int | None = None
    size: int | None = None


@dataclass(frozen=True)
class Leased:
    """Pages in hand, pictures that wait beyond them, and why there is no page (None where there is one)."""

    pages: list[VerifyPage]
    waiting: int
    reason: str | None
    scale: float


def lease_pages(*, project: Project, user: User, wanted: Wanted, count: int) -> Leased:
    """Give `user` pages until `count` of this kind are in hand: those already leased first, in the order of leasing.

    A page is leased like a task: under the project's lock, so that nobody else holds one of its pictures, and with an
    expiry. Where too many pages are in hand, the oldest of other kinds go back.

    Raises:
        DomainError: the class is not in the project, or a page of a class was asked for without one while any waits.
    """
    if wanted.mode == Mode.CLASS and wanted.class_id is None and (reason := _why_no_class(project, user)) is not None:
        return Leased([], 0, reason, 1.0)
    _check(project, wanted)
    now = timezone.now()
    QueueState.objects.get_or_create(project=project)
    held = _renew(project, user, wanted, now, count)
    measured = Measured.of(project)
    desk = _Desk(
        project, user, wanted, now, Waiting(project), measured, terms(project, measured, user, wanted.class_id)
    )
    offers = desk.offers()
    pages = list(held)
    while len(pages) < count and offers and (page := desk.lease(offers)) is not None:
        pages.append(page)
    waiting = sum(map(len, offers))
    return Leased(pages, waiting, None if pages else desk.why_nothing(), measured.scale)


def _why_no_class(project: Project, user: User) -> str | None:
    """Say why there is no class to choose; None where one has pictures that this person may be offered."""
    view = Waiting(project)
    if view.scores is None:
        return "no_suggestions"
    measured = Measured.of(project)
    if waiting_by_class(project, measured, user, view.suggested(view.free)):
        return None
    return "all_leased" if waiting_by_class(project, measured, user, view.suggested(view.pool)) else "nothing_left"


def _check(project: Project, wanted: Wanted) -> None:
    if wanted.mode != Mode.CLASS:
        return
    if wanted.class_id is None:
        message = "Say of which class the pages should be."
        raise DomainError(message, errors={"class": [message]})
    if wanted.class_id not in sayable_classes(project):
        message = f"Class {wanted.class_id} is not in this project, or no label can name it."
        raise DomainError(message, errors={"class": [message]})


def _lock(project: Project) -> None:
    """Hold the project and then its queue, the order in which every lease takes these two locks."""
    Project.objects.select_for_update().get(pk=project.pk)
    QueueState.objects.filter(project=project).update(handed_out=F("handed_out"))


def _same_kind(project: Project, user: User, wanted: Wanted) -> QuerySet[VerifyPage]:
    pages = VerifyPage.objects.filter(project=project, user=user, state=State.LEASED)
    pages = pages.filter(mode=wanted.mode, order=wanted.order)
    return pages.filter(label_class=wanted.class_id) if wanted.mode == Mode.CLASS else pages


@transaction.atomic
def _renew(project: Project, user: User, wanted: Wanted, now: datetime, count: int) -> list[VerifyPage]:
    """Renew what is in hand of this kind, return what was abandoned, and make room for `count` pages."""
    _lock(project)
    held = list(_same_kind(project, user, wanted).order_by("id"))
    expired = [page.pk for page in held if page.lease_expires_at < now]
    kept = Task.objects.filter(page__in=expired, purpose=Purpose.QUEUE, state=Task.State.LEASED)
    alive = set(kept.values_list("page_id", flat=True))
    held = [page for page in held if page.pk not in expired or page.pk in alive]
    ids = [page.pk for page in held]
    return_expired_pages(project=project, now=now, but=ids)
    others = VerifyPage.objects.filter(project=project, user=user, state=State.LEASED).exclude(pk__in=ids)
    other = list(others.order_by("-id"))
    give_back(other[max(0, AT_ONCE - max(count, len(ids))) :])
    expires = _expiry(now)
    VerifyPage.objects.filter(pk__in=ids).update(lease_expires_at=expires)
    Task.objects.filter(page__in=ids, state=Task.State.LEASED).update(lease_expires_at=expires)
    for page in held:
        page.lease_expires_at = expires
    return held


def _expiry(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.LEASE_SECONDS)


@dataclass(frozen=True)
class _Desk:
    """What all pages of one request share."""

    project: Project
    user: User
    wanted: Wanted
    now: datetime
    view: Waiting
    measured: Measured
    terms: Terms

    def offers(self) -> list[Offer]:
        """What pages can be made of: all suggestions of the class, or one offer for each cluster."""
        if self.wanted.mode == Mode.CLUSTER:
            return self.view.in_clusters(self.view.free, self.wanted.order)
        offer = self._of_class(self.view.free)
        return [offer] if len(offer) else []

    def _of_class(self, among: np.ndarray) -> Offer:
        assert self.wanted.class_id is not None, "checked before"
        return self.view.of_class(among, self.wanted.class_id, least=self.terms.least, order=self.wanted.order)

    def why_nothing(self) -> str:
        """Say why no page could be made."""
        if self.wanted.mode == Mode.CLUSTER:
            return "all_leased" if self.view.count_clusters(self.view.pool) else "nothing_left"
        if self.view.scores is None:
            return "no_suggestions"
        return "all_leased" if len(self._of_class(self.view.pool)) else "nothing_left"

    def lease(self, offers: list[Offer]) -> VerifyPage | None:
        """Lease one page from the offers, which lose what was looked at; None when they are used up."""
        while offers:
            offer = offers.pop(0)
            size, label = self._plan(offer)
            planted = self._planted(size, label)
            with transaction.atomic():
                _lock(self.project)
                rows, images = self._take(offer, size - len(planted))
                rest = offer.pick(np.arange(rows[-1] + 1 if len(rows) else len(offer), len(offer)))
                if self.wanted.mode == Mode.CLASS and len(rest):
                    offers.insert(0, rest)
                if len(images) >= (1 if self.wanted.mode == Mode.CLASS else 2):
                    return self._make(offer.pick(np.array(rows, np.int64)), images, planted, label)
        return None

    def _plan(self, offer: Offer) -> tuple[int, int | None]:
        """How many pictures the next page of an offer has, and which class it suggests."""
        if self.wanted.mode == Mode.CLASS:
            return self.wanted.size or self.terms.size(self.project, offer), self.wanted.class_id
        said = offer.classes[offer.classes > 0]
        labels, counts = np.unique(said, return_counts=True)
        return self.wanted.size or policy.LADDER[-1], int(labels[counts.argmax()]) if len(said) else None

    def _planted(self, size: int, label: int | None) -> list[Image]:
        """Known pictures for a page; among pictures that are all the same any other would give itself away."""
        if self.wanted.mode != Mode.CLASS or label is None:
            return []
        count = policy.planted_on(size, self.project.gold_per_page)
        return choose_planted(view=self.view, user=self.user, class_id=label, count=count)

    def _take(self, offer: Offer, size: int) -> tuple[list[int], list[Image]]:
        """The first `size` rows of an offer that are still free, with their pictures."""
        rows: list[int] = []
        images: list[Image] = []
        for start in range(0, len(offer), size + SPARE):
            part = offer.positions[start : start + size + SPARE].tolist()
            free = {image.position: image for image in self._free(part)}
            for row, position in enumerate(part, start=start):
                if position in free and len(rows) < size:
                    rows.append(row)
                    images.append(free[position])
            if len(rows) == size:
                break
        return rows, images

    def _free(self, positions: Sequence[int]) -> list[Image]:
        """Pictures that nobody holds; those that several people label independently are no pictures for a page."""
        waiting = Task.objects.filter(
            image=OuterRef("pk"), purpose__in=(Purpose.QUEUE, Purpose.REVIEW), state=Task.State.LEASED
        )
        rows = Image.objects.present().filter(
            ~Exists(waiting.filter(lease_expires_at__gte=self.now)),
            ~voted_on(),
            project=self.project,
            position__in=positions,
            trust=Trust.NONE,
            reserve=False,
            holdout=None,
        )
        return [image for image in rows if not overlaps(self.project, image)]

    def _make(self, offer: Offer, images: list[Image], planted: list[Image], label: int | None) -> VerifyPage:
        """Write the page and its tasks; what waited for these pictures in the queue gives way to them."""
        planted = still_known(planted)[: len(images) // 4]  # the last page of a class is a short one
        expires = _expiry(self.now)
        page = VerifyPage.objects.create(
            project=self.project,
            user=self.user,
            mode=self.wanted.mode,
            order=self.wanted.order,
            label_class_id=label,
            head=self.view.scores.name if self.view.scores is not None else "",
            lease_expires_at=expires,
            size=len(images) + len(planted),
            expected_wrong=float((1 - offer.confidences).sum()) if self.wanted.mode == Mode.CLASS else 0.0,
        )
        queued = self._withdraw(images)
        tasks = [self._task(offer, row, image, queued.get(image.pk)) for row, image in enumerate(images)]
        _mix(tasks, [self._gold(image, label) for image in planted])
        for number, task in enumerate(tasks, start=1):
            task.page, task.state, task.lease_order = page, Task.State.LEASED, number
            task.leased_to, task.lease_expires_at = self.user, expires
        Task.objects.bulk_create(tasks)
        return page

    def _withdraw(self, images: list[Image]) -> dict[int, Task]:
        """Withdraw what waits in the queue for these pictures; return it by image."""
        abandoned = Q(state=Task.State.LEASED, lease_expires_at__lt=self.now)
        rows = Task.objects.filter(Q(state=Task.State.OPEN) | abandoned, image__in=images, purpose=Purpose.QUEUE)
        queued = {task.image_id: task for task in rows.only("image_id", "round_id", "rank", "reason")}
        Task.objects.filter(pk__in=[task.pk for task in queued.values()]).update(
            state=Task.State.WITHDRAWN, lease_expires_at=None
        )
        return queued

    def _task(self, offer: Offer, row: int, image: Image, queued: Task | None) -> Task:
        scores, shown = self.view.scores, int(offer.classes[row]) > 0
        top: list[Any] = [list(pair) for pair in scores.top(image.position, GUESSES)] if scores and shown else []
        return Task(
            project=self.project,
            image=image,
            purpose=Purpose.QUEUE,
            round_id=queued.round_id if queued else None,
            rank=queued.rank if queued else 0,
            reason=queued.reason if queued else {},
            suggestion_model=scores.name_at(image.position) if scores and shown else "",
            suggestion_class_id=int(offer.classes[row]) if shown else None,
            suggestion_confidence=float(offer.confidences[row]) if shown else None,
            suggestion_top=top,
        )

    def _gold(self, image: Image, label: int | None) -> Task:
        return Task(project=self.project, image=image, purpose=Purpose.GOLD, suggestion_class_id=label)


def _mix(tasks: list[Task], planted: list[Task]) -> None:
    """Put planted tasks among the others, at random; each looks like its neighbour, so that nothing tells it apart."""
    for task in planted:
        place = _random.randint(1, len(tasks)) if tasks else 0
        before = tasks[place - 1]
        task.suggestion_model, task.suggestion_confidence = before.suggestion_model, before.suggestion_confidence
        tasks.insert(place, task)
