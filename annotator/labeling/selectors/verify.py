"""Reads of Verify: which suggestions wait to be verified, in what order, and how much people overlook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from annotator.accounts.models import User
from annotator.images.models import Trust
from annotator.images.selectors import Columns, ScoreReader, columns, score_reader
from annotator.labeling.models import Annotation, Purpose, Task, VerifyPage
from annotator.labeling.selectors import set_aside
from annotator.labeling.selectors import verify_policy as policy
from annotator.labeling.selectors.clusters import clusters
from annotator.labeling.selectors.verify_policy import Misses
from annotator.projects.models import Project
from annotator.projects.selectors import label_classes

RECENT_DAYS = 30  # that a person is measured by: whoever was careless once is asked again
RECENT_PAGES = 100  # that say how far the model's confidence is to be trusted
SIZE = 60  # of a page where nothing adapts it
State = VerifyPage.State
Mode = VerifyPage.Mode
MEASURED = (State.CONFIRMED, State.UNDONE)  # what somebody saw after the confirmation makes no miss undone


@dataclass(frozen=True)
class Offer:
    """Positions to be put on pages, in that order, with the confidence of what is suggested; class 0 for none.

    Attributes:
        positions: int64 [n].
        classes: int64 [n] suggested class ids.
        confidences: float32 [n].
    """

    positions: np.ndarray
    classes: np.ndarray
    confidences: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)

    def pick(self, rows: np.ndarray) -> Offer:
        """Return some rows, by number or by a mask."""
        return Offer(self.positions[rows], self.classes[rows], self.confidences[rows])


class Waiting:
    """One consistent view of what waits in a project: the pool without what people hold or have set aside."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.cols: Columns = columns(project.pk)
        self.scores: ScoreReader | None = score_reader(project.pk)
        self.live = np.fromiter(label_classes(project.pk).values_list("id", flat=True), np.int64)

    @cached_property
    def pool(self) -> np.ndarray:
        """Bool [length]: pictures that may be verified; those in somebody's hands included."""
        cols = self.cols
        pool = cols.present & ~cols.holdout & ~cols.reserve & (cols.trust == Trust.NONE)
        aside = np.fromiter(set_aside(self.project).values_list("position", flat=True), np.int64)
        pool[aside[aside < cols.length]] = False
        return pool

    @cached_property
    def free(self) -> np.ndarray:
        """Bool [length]: the same, without what is in somebody's hands."""
        free = self.pool.copy()
        held = held_tasks(self.project).values_list("image__position", flat=True)
        there = np.fromiter(held, np.int64)
        free[there[there < self.cols.length]] = False
        return free

    def suggested(self, among: np.ndarray) -> Offer:
        """Return what is suggested for the positions of a mask [length], those without a suggestion left out."""
        if self.scores is None:
            nothing = np.zeros(0, np.int64)
            return Offer(nothing, nothing, np.zeros(0, np.float32))
        best, confidence = self.scores.top1()
        length = min(len(best), self.cols.length)
        rows = np.flatnonzero(among[:length] & np.isin(best[:length], self.live))
        return Offer(rows, best[rows], confidence[rows])

    def of_class(self, among: np.ndarray, class_id: int, *, least: float, order: str) -> Offer:
        """Return the suggestions of one class from a confidence upwards, best first or last."""
        offer = self.suggested(among)
        offer = offer.pick((offer.classes == class_id) & (offer.confidences >= least))
        by = -offer.confidences if order == VerifyPage.Order.CONFIDENT else offer.confidences
        return offer.pick(np.argsort(by, kind="stable"))

    def count_clusters(self, among: np.ndarray) -> int:
        """Return how many clusters of at least two pictures there are, without making offers of them."""
        root = clusters(self.project.pk, self.cols)[np.flatnonzero(among)]
        return int((np.unique(root, return_counts=True)[1] > 1).sum())

    def in_clusters(self, among: np.ndarray, order: str) -> list[Offer]:
        """Return clusters of at least two pictures: the largest first, or those with the least confidence first."""
        member = clusters(self.project.pk, self.cols)
        rows = np.flatnonzero(among)
        root = member[rows]
        sort = np.argsort(root, kind="stable")
        rows, root = rows[sort], root[sort]
        starts = np.flatnonzero(np.r_[True, root[1:] != root[:-1]]) if len(root) else np.zeros(0, np.int64)
        sizes = np.diff(np.r_[starts, len(rows)])
        several = np.flatnonzero(sizes > 1)
        best = np.zeros(self.cols.length, np.int64)
        confidence = np.zeros(self.cols.length, np.float32)
        known = self.suggested(among)
        best[known.positions], confidence[known.positions] = known.classes, known.confidences
        found = [rows[starts[number] : starts[number] + sizes[number]] for number in several]
        offers = [Offer(part, best[part], confidence[part]) for part in found]
        if order == VerifyPage.Order.UNSURE:
            return sorted(offers, key=lambda offer: (float(offer.confidences.mean()), int(offer.positions[0])))
        return sorted(offers, key=lambda offer: (-len(offer), int(offer.positions[0])))


def held_tasks(project: Project) -> QuerySet[Task]:
    """Return the tasks that keep a picture in somebody's hands; a vote's, too."""
    return Task.objects.filter(
        project=project,
        purpose__in=(Purpose.QUEUE, Purpose.REVIEW),
        state=Task.State.LEASED,
        lease_expires_at__gte=timezone.now(),
    )


@dataclass(frozen=True)
class Measured:
    """What a project's pages of the last weeks say of people, and of the model's confidence."""

    by_person: dict[tuple[int, int], tuple[int, Misses]]  # (user, class) → pages, misses
    scale: float

    @classmethod
    def of(cls, project: Project) -> Measured:
        """Read it: two queries."""
        since = timezone.now() - timedelta(days=RECENT_DAYS)
        pages = VerifyPage.objects.filter(project=project, mode=Mode.CLASS, state__in=MEASURED, confirmed_at__gte=since)
        rows = pages.order_by().values("user_id", "label_class_id")
        rows = rows.annotate(pages=Count("id"), planted=Sum("gold"), missed=Sum("gold_missed"))
        found = {
            (row["user_id"], row["label_class_id"]): (row["pages"], Misses(row["planted"], row["missed"]))
            for row in rows
        }
        miss = policy.miss_rate(_sum(found.values())[1])
        recent = pages.filter(state=State.CONFIRMED).order_by("-confirmed_at")
        counts = list(recent.values_list("expected_wrong", "exceptions")[:RECENT_PAGES])
        expected, marked = (sum(column) for column in zip(*counts, strict=True)) if counts else (0.0, 0)
        return cls(found, policy.error_scale(expected=expected, found=marked, miss=miss))

    def total(self, user: int | None = None, label: int | None = None) -> tuple[int, Misses]:
        """Return pages and misses of a person, of a class, or of everybody."""
        rows = self.by_person.items()
        return _sum(row for (who, what), row in rows if user in (None, who) and label in (None, what))

    def miss(self, user: int, label: int | None = None) -> float:
        """Return the share of exceptions that a person is expected to miss, on pages of a class."""
        return policy.miss_rate(self.total(user)[1], *([self.total(user, label)[1]] if label else []))


def _sum(rows: Iterable[tuple[int, Misses]]) -> tuple[int, Misses]:
    pages = planted = missed = 0
    for number, counts in rows:
        pages, planted, missed = pages + number, planted + counts.planted, missed + counts.missed
    return pages, Misses(planted, missed)


@dataclass(frozen=True)
class Terms:
    """What holds for a person's pages of one class (or of any): which suggestions, how many, from which end."""

    least: float
    scale: float
    miss: float
    planted: int

    def error(self, offer: Offer) -> float:
        """Return the share of an offer's suggestions that are expected to be wrong."""
        return min(1.0, self.scale * float((1 - offer.confidences).mean())) if len(offer) else 0.0

    def size(self, project: Project, offer: Offer) -> int:
        """Return how many pictures a page of this offer should have."""
        if not project.verify_adaptive:
            return SIZE
        first = offer.pick(np.arange(min(len(offer), policy.LADDER[-1])))
        return policy.page_size(miss=self.miss, error=self.error(first))


def terms(project: Project, measured: Measured, user: User, label: int | None = None) -> Terms:
    """Return the terms of a person's pages; where the project does not adapt them, all suggestions are offered."""
    miss, planted = measured.miss(user.pk, label), measured.total(user.pk)[1].planted
    least = policy.least_confidence(miss=miss, scale=measured.scale) if project.verify_adaptive else 0.0
    return Terms(least=least, scale=measured.scale, miss=miss, planted=planted)


def shown_misses(counts: Misses) -> dict[str, Any]:
    """Return a measured share of missed exceptions with its 95 % interval."""
    low, high = policy.miss_interval(counts)
    return {
        "planted": counts.planted,
        "missed": counts.missed,
        "rate": policy.miss_rate(counts),
        "low": low,
        "high": high,
    }


def overview(project: Project, user: User, since: datetime) -> dict[str, Any]:
    """Return what the Verify page opens with; `since` is when today began."""
    view, measured = Waiting(project), Measured.of(project)
    offer = view.suggested(view.free)
    own = terms(project, measured, user)
    band = offer.pick(offer.confidences >= own.least)
    order = VerifyPage.Order.CONFIDENT.value
    if project.verify_adaptive:
        order = policy.page_order(miss=own.miss, planted=own.planted, scale=own.scale)
    return {
        "classes": waiting_by_class(project, measured, user, offer),
        "clusters": view.count_clusters(view.free),
        "adaptive": project.verify_adaptive,
        "size": own.size(project, band.pick(np.argsort(-band.confidences, kind="stable"))),
        "order": order,
        "miss": shown_misses(measured.total(user.pk)[1]),
        "today": _today(project, user, since),
    }


def waiting_by_class(project: Project, measured: Measured, user: User, offer: Offer) -> list[dict[str, Any]]:
    """Return what a person may be offered of each class: how many, from which confidence to which, wrong share."""
    rows = []
    for label in np.unique(offer.classes).tolist():
        of = terms(project, measured, user, label)
        part = offer.pick((offer.classes == label) & (offer.confidences >= of.least))
        if len(part):
            rows.append(
                {
                    "class": label,
                    "waiting": len(part),
                    "low": float(part.confidences.min()),
                    "high": float(part.confidences.max()),
                    "expected_error": of.error(part),
                }
            )
    return rows


def _today(project: Project, user: User, since: datetime) -> dict[str, int]:
    rows = Annotation.objects.filter(project=project, user=user, origin=Annotation.Origin.VERIFY, created_at__gte=since)
    found = rows.exclude(verdict=Annotation.Verdict.UNDO).aggregate(
        labels=Count("id", filter=Q(applied=True, undone_by=None)), looks=Sum("looks")
    )
    pages = VerifyPage.objects.filter(project=project, user=user, state=State.CONFIRMED, confirmed_at__gte=since)
    return {"labels": found["labels"], "looks": found["looks"] or 0, "pages": pages.count()}


def miss_rows(project: Project, *, only: User | None) -> dict[str, Any]:
    """Return how much each person overlooks, in all and by class; with everybody's, unless one person asks."""
    measured = Measured.of(project)
    wanted = sorted({user for user, _ in measured.by_person if only is None or user == only.pk})
    people = User.objects.in_bulk(wanted)
    rows = []
    for user in wanted:
        shown = {"id": user, "name": people[user].shown_name, "username": people[user].username}
        labels = sorted(label for who, label in measured.by_person if who == user)
        rows += [{"user": shown, "class": label, **_row(project, measured, user, label)} for label in [None, *labels]]
    pages, counts = measured.total()
    everybody = {"pages": pages, **shown_misses(counts)} if only is None else None
    return {"results": rows, "everybody": everybody}


def _row(project: Project, measured: Measured, user: int, label: int | None) -> dict[str, Any]:
    """One row; its page size is what the person gets for suggestions as doubtful as the terms allow at most."""
    pages, counts = measured.total(user, label)
    miss = measured.miss(user, label)
    worst = 1 - policy.least_confidence(miss=miss, scale=measured.scale)
    size = policy.page_size(miss=miss, error=measured.scale * worst / 2) if project.verify_adaptive else SIZE
    return {"pages": pages, "size": size, **shown_misses(counts)}
