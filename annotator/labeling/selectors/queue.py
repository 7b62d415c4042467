"""Reads of the labelling loop: the state of the queue, training labels, the test set."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

import numpy as np
from django.db.models import Count, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from annotator.accounts.models import User
from annotator.images.models import Image, Trust
from annotator.images.selectors import active_space, columns
from annotator.jobs.models import Job, JobKind
from annotator.labeling.models import Annotation, Purpose, QueueState, SelectionRound, Task
from annotator.labeling.selectors.review import between_votes, voted_on
from annotator.labeling.selectors.sets import PRESENT, UNKNOWN, assume_absent, label_targets
from annotator.projects.models import Project
from annotator.projects.selectors import label_classes

PREFETCH = 20  # tasks that a Label page holds ahead
ACTIVE_MINUTES = 15
ENOUGH_LABELS = 16  # in each arm before they are compared
ENOUGH_BLIND = 30  # answers to judge them on
CONTROL = "control"  # the reason's code of a picture that was drawn at random as a comparison


@dataclass(frozen=True)
class RefreshData:
    """What a head refresh reads, as positions into the array store.

    Attributes:
        classes: int64 [C] ids of the classes that a head can learn, in their order.
        train: int64 [t] positions of trusted labels outside reserve and hold-outs; `train_labels` their class ids.
        test: int64 [s] positions of the answered reserve; `test_labels` their class ids.
        pool: int64 [p] positions without a trusted label, outside reserve and hold-outs.
        candidates: int64 [c] those of the pool that may be put before a person now.
        held: int64 [h] those of the pool that are in somebody's hands, or between votes: soon to be labelled.
        seq: the change number that all of it was read at.
        train_targets, test_targets: int8 [t, C] and [s, C] where a picture may have several labels: 1 present,
            0 absent, -1 nobody has said; a blind answer is the whole set. Labels are then each picture's first, or 0.
            None where it has one.
    """

    classes: np.ndarray
    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    pool: np.ndarray
    candidates: np.ndarray
    held: np.ndarray
    seq: int
    train_targets: np.ndarray | None = None
    test_targets: np.ndarray | None = None


def refresh_data(project: Project, length: int) -> RefreshData:
    """Collect positions for a refresh among the first `length`, those that have an embedding."""
    cols = columns(project.pk)
    n = min(length, cols.length)
    present = cols.present[:n]
    label, trust = cols.label[:n], cols.trust[:n]
    reserve, holdout = cols.reserve[:n], cols.holdout[:n]
    live = np.fromiter(label_classes(project.pk).values_list("id", flat=True), np.int64)
    several = project.label_mode == Project.LabelMode.MULTI
    known = present & ~holdout & (several | np.isin(label, live))
    train = np.flatnonzero(known & ~reserve & (trust > Trust.NONE) & (trust != Trust.CERTIFIED))
    test = np.flatnonzero(known & reserve & (trust >= Trust.PAGE_VERIFIED))
    waiting = np.flatnonzero(present & ~holdout & ~reserve & (trust == Trust.NONE))
    held = np.intersect1d(waiting, _held(project))
    data = RefreshData(
        classes=live,
        train=train,
        train_labels=label[train].copy(),
        test=test,
        test_labels=label[test].copy(),
        pool=waiting,
        candidates=_candidates(project, np.setdiff1d(waiting, held)),
        held=held,
        seq=cols.seq,
    )
    return _with_sets(project, data, whole=trust[train] >= Trust.HUMAN) if several else data


def _with_sets(project: Project, data: RefreshData, whole: np.ndarray) -> RefreshData:
    """Add what is known of each class; pictures of which nothing is known are no training data."""
    targets = assume_absent(label_targets(project, data.train, data.classes), whole)
    told = (targets != UNKNOWN).any(axis=1)
    return replace(
        data,
        train=data.train[told],
        train_labels=data.train_labels[told],
        train_targets=targets[told],
        test_targets=(label_targets(project, data.test, data.classes) == PRESENT).astype(np.int8),
    )


def _held(project: Project) -> np.ndarray:
    """Positions of the pictures that are in somebody's hands, or have votes and wait for another one or a reviewer."""
    leased = Task.objects.filter(
        project=project, purpose=Purpose.QUEUE, state=Task.State.LEASED, lease_expires_at__gte=timezone.now()
    )
    voted = between_votes(project).values_list("position", flat=True)
    return np.fromiter(chain(leased.values_list("image__position", flat=True), voted), np.int64)


def _candidates(project: Project, free: np.ndarray) -> np.ndarray:
    """Leave out what people set aside, while anything else is left."""
    aside = np.fromiter(set_aside(project).values_list("position", flat=True), np.int64)
    wanted = np.setdiff1d(free, aside)
    return wanted if len(wanted) else free


def set_aside(project: Project) -> QuerySet[Image]:
    """Unlabelled pictures that somebody skipped, flagged or was unsure of."""
    verdicts = (Annotation.Verdict.SKIP, Annotation.Verdict.UNSURE, Annotation.Verdict.FLAG)
    spoken = Annotation.objects.filter(project=project, verdict__in=verdicts, undone_by=None)
    return Image.objects.present().filter(project=project, trust=Trust.NONE, pk__in=spoken.values("image_id"))


@dataclass(frozen=True)
class Arms:
    """Labelled pictures by how they came to be shown, each list in the order in which people answered.

    Attributes:
        control: int64 rows of `RefreshData.train`: pictures that were drawn at random as a comparison.
        chosen: the same of those that the strategy chose.
        strategies: labels in `chosen` by the name of the strategy.
    """

    control: np.ndarray
    chosen: np.ndarray
    strategies: dict[str, int]


def selection_arms(project: Project, data: RefreshData) -> Arms:
    """Tell the training labels of the control arm from the strategy's; imported and other labels are in neither.

    A picture belongs to the arm of the first standing answer that gave it a label, and has its present label.
    """
    row_of = {position: row for row, position in enumerate(data.train.tolist())}
    rows = _picked(project).annotate(code=KeyTextTransform("code", "task__reason")).order_by("id")
    arms: tuple[list[int], list[int]] = ([], [])
    strategies: Counter[str] = Counter()
    for position, code, strategy in rows.values_list("image__position", "code", "task__round__strategy"):
        row = row_of.pop(position, None)
        if row is not None:
            arms[code != CONTROL].append(row)
            strategies[strategy] += code != CONTROL
    used = {name: number for name, number in strategies.items() if number}
    return Arms(np.array(arms[0], np.int64), np.array(arms[1], np.int64), used)


@dataclass(frozen=True)
class ArmSizes:
    """How many labels the control arm and the strategy have, and how many blind answers there are to judge them on."""

    control: int
    chosen: int
    blind: int

    def missing(self) -> dict[str, int]:
        """How many of each are still needed before a comparison says anything."""
        return {
            "control": max(0, ENOUGH_LABELS - self.control),
            "chosen": max(0, ENOUGH_LABELS - self.chosen),
            "blind": max(0, ENOUGH_BLIND - self.blind),
        }


def arm_sizes(project: Project) -> ArmSizes:
    """Count what `selection_arms` would find, without reading it."""
    rows = _picked(project).filter(
        image__trust__gt=Trust.NONE,
        image__archived_at=None,
        image__holdout=None,
        image__reserve=False,
        image__label__archived_at=None,
    )
    control = Count("image", distinct=True, filter=Q(task__reason__code=CONTROL))
    found = rows.aggregate(control=control, all=Count("image", distinct=True))
    cols = columns(project.pk)
    blind = cols.present & cols.reserve & ~cols.holdout & (cols.trust >= Trust.PAGE_VERIFIED)
    return ArmSizes(found["control"], found["all"] - found["control"], int(np.count_nonzero(blind)))


def _picked(project: Project) -> QuerySet[Annotation]:
    """Standing answers that gave a picture of some round its label; of several voters', the one that made all agree."""
    return Annotation.objects.filter(
        project=project,
        verdict=Annotation.Verdict.LABEL,
        applied=True,
        undone_by=None,
        task__purpose__in=(Purpose.QUEUE, Purpose.REVIEW),
        task__round__isnull=False,
    )


def round_size(project: Project) -> int:
    """Pictures in a round: enough that every active labeler can prefetch twice over."""
    since = timezone.now() - timedelta(minutes=ACTIVE_MINUTES)
    people = Annotation.objects.filter(project=project, created_at__gte=since).values("user").distinct().count()
    return max(project.round_size, 2 * PREFETCH * people)


def queue_length(project: Project) -> int:
    """Tasks of the active round that nobody has answered yet; what waits for a further vote is not for everybody."""
    return Task.objects.filter(
        project=project,
        purpose=Purpose.QUEUE,
        round__state=SelectionRound.State.ACTIVE,
        state__in=(Task.State.OPEN, Task.State.LEASED),
    ).count()


def why_nothing(project: Project) -> str:
    """Say why the queue has nothing to give; the page tells the person what to do about it."""
    if not Image.objects.present().filter(project=project).exists():
        return "nothing_imported"
    if not pool_waits(project):
        return "all_labelled"
    active = Job.objects.filter(project=project, state__in=Job.ACTIVE)
    if more_to_select(project) or active.filter(kind=JobKind.HEAD_REFRESH).exists():
        return "selecting"
    coming = active.filter(kind__in=(JobKind.IMPORT, JobKind.EMBED))
    return "embedding" if coming.exists() else "all_leased"


def more_to_select(project: Project) -> bool:
    """Whether embedded pictures of the pool are in nobody's hands, not in the active round, and have no votes."""
    space = active_space(project.pk)
    waiting = Task.objects.filter(project=project, purpose=Purpose.QUEUE, round__state=SelectionRound.State.ACTIVE)
    waiting = waiting.filter(state__in=(Task.State.OPEN, Task.State.LEASED))
    free = undrawn(project).filter(position__lt=space.length if space else 0).exclude(tasks__in=waiting)
    return free.exists()


def should_select_now(project: Project, remaining: int) -> bool:
    """Whether the round runs out before enough labels came for a refresh, and none is on its way.

    It also lets people begin while a large import is still being embedded.
    """
    coming = Job.objects.filter(project=project, kind=JobKind.HEAD_REFRESH, state__in=Job.ACTIVE)
    return remaining < PREFETCH and not coming.exists() and more_to_select(project)


def next_refresh_in(project: Project) -> int:
    """Labels still missing until the head is refreshed by itself."""
    given = QueueState.objects.filter(project=project).values_list("answered_since_refresh", flat=True).first() or 0
    return max(0, project.refresh_every - given)


def changes_so_far(project: Project) -> int:
    """Labels that were given, changed or taken back since the project began."""
    return QueueState.objects.filter(project=project).values_list("changes", flat=True).first() or 0


@dataclass(frozen=True)
class Stretch:
    """One person's work in a project from `since` up to, but without, `until` (None: until now)."""

    project: Project
    author: User
    since: datetime
    until: datetime | None = None

    def answers(self) -> QuerySet[Annotation]:
        """All that was said in it, imports and undo rows aside."""
        rows = Annotation.objects.filter(project=self.project, user=self.author, created_at__gte=self.since)
        rows = rows.exclude(verdict=Annotation.Verdict.UNDO).exclude(origin=Annotation.Origin.IMPORT)
        return rows.filter(created_at__lt=self.until) if self.until else rows

    def standing(self) -> QuerySet[Annotation]:
        """What nobody has taken back."""
        return self.answers().filter(undone_by=None)


def labelled_since(project: Project, since_day_start: datetime, user: User | None = None) -> int:
    """Labels that people gave in the browser or by script since a moment, without those taken back.

    Pictures that were planted on Verify pages had theirs before.
    """
    rows = Annotation.objects.filter(
        project=project, verdict=Annotation.Verdict.LABEL, undone_by=None, created_at__gte=since_day_start
    ).exclude(Q(origin=Annotation.Origin.IMPORT) | Q(purpose=Purpose.GOLD))
    return rows.filter(user=user).count() if user else rows.count()


def unanswered_reserve(project: Project) -> QuerySet[Image]:
    """Reserve pictures that nobody has answered blind yet."""
    return Image.objects.filter(
        project=project, reserve=True, holdout=None, archived_at=None, trust__lt=Trust.PAGE_VERIFIED
    )


def pool_waits(project: Project) -> bool:
    """Whether any picture outside reserve and hold-outs still lacks a trusted label."""
    return pool(project).exists()


def pool(project: Project) -> QuerySet[Image]:
    """Pictures outside reserve and hold-outs that have no trusted label."""
    return Image.objects.filter(project=project, trust=Trust.NONE, reserve=False, holdout=None, archived_at=None)


def undrawn(project: Project) -> QuerySet[Image]:
    """Pictures of the pool that nobody has voted on: those with votes are no longer drawn, but asked of others."""
    return pool(project).filter(~voted_on())
