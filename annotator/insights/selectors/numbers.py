"""Numbers over a project: counts, progress, class balance, and what the workers offer.

They come from the position-indexed columns and scores, never from a query a picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Count, Q, Sum
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.statistics import entropy, wilson_interval
from annotator.events.models import Event
from annotator.images.models import Image, ImportBatch, ScoreSet, Trust
from annotator.images.selectors import Columns, columns, score_reader
from annotator.images.selectors.briefs import blob_url
from annotator.insights.selectors.backbones import backbones
from annotator.insights.selectors.loop import loop
from annotator.jobs.models import JobKind, WorkerNode
from annotator.jobs.selectors import active_jobs
from annotator.labeling.models import Purpose, SelectionRound, Task
from annotator.labeling.selectors import labelled_since, next_refresh_in, set_aside
from annotator.labeling.selectors.review import review_counts
from annotator.labeling.selectors.sets import labels_where
from annotator.projects.models import DEFAULT_STRATEGY, LabelClass, Membership, Project
from annotator.projects.selectors import label_classes

THUMBS = 4
CURVE_POINTS = 500
PULSE_EVENTS = 200

# What every installation can do, listed before any worker has reported.
STRATEGIES = [
    {
        "name": DEFAULT_STRATEGY,
        "title": "Automatic",
        "when": "The default: from the first label to the last, it asks for what makes the rest of the pool clearer.",
    },
    {
        "name": "random",
        "title": "Random",
        "when": "A plain sample, to compare a strategy with.",
    },
]


def _by_name(defaults: list[dict[str, Any]], published: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Merge lists of named entries: a worker's entry adds to and replaces the default of the same name."""
    merged = {entry["name"]: entry for entry in defaults}
    for entries in published:
        for entry in entries:
            merged[entry["name"]] = merged.get(entry["name"], {}) | entry
    return list(merged.values())


def presets() -> dict[str, list[dict[str, Any]]]:
    """Return the backbones and strategies that a project can be given."""
    nodes = list(WorkerNode.objects.order_by("seen_at", "pk"))
    return {
        "backbones": backbones(),
        "strategies": _by_name(STRATEGIES, [node.strategies for node in nodes]),
    }


@dataclass(frozen=True)
class Masks:
    """Which positions belong to what; boolean arrays as long as the columns.

    Attributes:
        labelled: trusted, outside hold-outs.
        pool: without a trusted label, outside reserve and hold-outs.
        suggested: int64 class id that the model says of a picture in the pool, 0 for none and elsewhere.
    """

    labelled: np.ndarray
    pool: np.ndarray
    suggested: np.ndarray


def masks(project_id: int, cols: Columns) -> Masks:
    """Read what belongs to what off the columns and the active scores."""
    open_to_all = cols.present & ~cols.holdout
    pool = open_to_all & ~cols.reserve & (cols.trust == Trust.NONE)
    suggested = np.zeros(cols.length, np.int64)
    reader = score_reader(project_id)
    if reader is not None:
        known = min(reader.length, cols.length)
        suggested[:known] = np.where(pool[:known], reader.top1()[0][:known], 0)
    return Masks(labelled=open_to_all & (cols.trust > Trust.NONE), pool=pool, suggested=suggested)


def _sum(mask: np.ndarray) -> int:
    return int(np.count_nonzero(mask))


def counts(projects: Sequence[Project]) -> dict[int, dict[str, int]]:
    """Return the counts of each project by its id."""
    ids = [project.pk for project in projects]
    live = Q(archived_at=None)
    classes = _grouped(LabelClass.objects.filter(live, project__in=ids).values_list("project").annotate(Count("id")))
    members = _grouped(Membership.objects.filter(project__in=ids).values_list("project").annotate(Count("id")))
    rejected = _grouped(ImportBatch.objects.filter(project__in=ids).values_list("project").annotate(Sum("rejected")))
    found = {}
    for project in projects:
        cols = columns(project.pk)
        of = masks(project.pk, cols)
        reserve = cols.present & cols.reserve & ~cols.holdout
        found[project.pk] = {
            "images": _sum(cols.present),
            "labelled": _sum(of.labelled),
            "pool": _sum(of.pool),
            "reserve": _sum(reserve),
            "reserve_answered": _sum(reserve & (cols.trust >= Trust.PAGE_VERIFIED)),
            "holdout": _sum(cols.present & cols.holdout),
            "suggested": _sum(of.suggested > 0),
            "skipped": set_aside(project).count(),
            "rejected": rejected.get(project.pk, 0),
            "classes": classes.get(project.pk, 0),
            "members": members.get(project.pk, 0),
        }
    return found


def _grouped(pairs: Any) -> dict[int, int]:
    return {project_id: number or 0 for project_id, number in pairs}


def head_brief(head: ScoreSet) -> dict[str, Any]:
    """Return a head version with its accuracy on the blind test set and the interval of it (95 %).

    Where pictures may have several labels, accuracy counts those whose whole set is right; micro-F1 counts labels.
    """
    accuracy = low = high = None
    if head.test_size:
        accuracy = head.test_correct / head.test_size
        low, high = wilson_interval(head.test_correct, head.test_size)
    return {
        "name": head.name,
        "labels": head.labels,
        "test_size": head.test_size,
        "accuracy": accuracy,
        "low": low,
        "high": high,
        "micro_f1": head.metrics.get("micro_f1"),
        "created_at": head.created_at,
        "space": head.space.model_name if head.space else "",
    }


def _heads(ids: Sequence[int]) -> Any:
    rows = ScoreSet.objects.filter(project__in=ids, kind=ScoreSet.Kind.HEAD)
    return rows.select_related("space")


def active_heads(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the head version in use of each project that has one."""
    return {head.project_id: head_brief(head) for head in _heads(ids).filter(active=True)}


def head_history(project: Project) -> list[dict[str, Any]]:
    """Return the newest head versions, oldest first, for the curve."""
    return [head_brief(head) for head in _heads([project.pk]).order_by("-pk")[:CURVE_POINTS]][::-1]


def thumbs(projects: Sequence[Project]) -> dict[int, list[str]]:
    """Return addresses of a few thumbnails of each project, spread over its pictures."""
    chosen: dict[int, int] = {}
    for project in projects:
        cols = columns(project.pk)
        present = np.flatnonzero(cols.present)
        spread = present[np.linspace(0, len(present) - 1, THUMBS).astype(int)] if len(present) else present
        chosen |= {int(image_id): project.pk for image_id in cols.image_id[spread]}
    found: dict[int, list[str]] = {project.pk: [] for project in projects}
    for pk, sha256 in Image.objects.filter(pk__in=list(chosen)).order_by("position").values_list("pk", "sha256"):
        found[chosen[pk]].append(blob_url(chosen[pk], sha256, "thumb"))
    return found


def overview(project: Project, user: User) -> dict[str, Any]:
    """Return what a project's home shows: counts, heads, the round in progress, today's work, running jobs."""
    numbers = counts([project])[project.pk]
    jobs = list(active_jobs(project.pk))
    round_ = _active_round(project)
    heads = head_history(project)
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "counts": numbers,
        "head": active_heads([project.pk]).get(project.pk),
        "heads": heads,
        "next_refresh_in": next_refresh_in(project),
        "refresh_every": project.refresh_every,
        "round": round_,
        "today": {"mine": labelled_since(project, today, user), "all": labelled_since(project, today)},
        "stage": _stage(numbers["images"], started=bool(round_ or heads), kinds={job.kind for job in jobs}),
        "jobs": jobs,
        "loop": loop(project),
        "review": review_counts(project, user),
    }


def _stage(images: int, *, started: bool, kinds: set[str]) -> str:
    """Say how far a project is: empty, importing, embedding, ready."""
    if images and started:
        return "ready"
    if JobKind.IMPORT in kinds:
        return "importing"
    return "embedding" if images else "empty"


def _active_round(project: Project) -> dict[str, Any] | None:
    row = SelectionRound.objects.filter(project=project, state=SelectionRound.State.ACTIVE).first()
    if row is None:
        return None
    # A further voter's task is of the same round, but no picture of its own.
    states = dict(
        Task.objects.filter(round=row, purpose=Purpose.QUEUE).order_by().values_list("state").annotate(Count("id"))
    )
    return {
        "number": row.number,
        "strategy": row.strategy,
        "size": row.size,
        "open": states.get(Task.State.OPEN, 0) + states.get(Task.State.LEASED, 0),
        "done": states.get(Task.State.DONE, 0),
    }


def balance(project: Project) -> dict[str, Any]:
    """Return how many pictures of each class are labelled, and suggested in the pool, with the spread over classes.

    `imbalance_ratio` is the largest class over the smallest that has a label. `effective_classes` is exp(entropy)
    of the labelled shares: how many classes of equal size would be as varied. `entropy` is 1 for equal classes.
    """
    cols = columns(project.pk)
    of = masks(project.pk, cols)
    labelled = _tally(labels_where(project, cols, of.labelled))
    suggested = _tally(of.suggested)
    usable = set(label_classes(project.pk).values_list("pk", flat=True)) | set(labelled)
    classes = list(LabelClass.objects.filter(project=project, pk__in=usable).order_by("index"))
    total = sum(labelled.get(row.pk, 0) for row in classes)
    rows = [
        _balance_row(row, labelled.get(row.pk, 0), suggested.get(row.pk, 0), total, project.target_per_class)
        for row in classes
    ]
    sizes = [row["labelled"] for row in rows if row["labelled"]]
    spread = entropy(sizes) if sizes else None
    return {
        "classes": rows,
        "imbalance_ratio": max(sizes) / min(sizes) if sizes else None,
        "effective_classes": None if spread is None else math.exp(spread),
        "entropy": None if spread is None or len(rows) < 2 else spread / math.log(len(rows)),
        "labelled": total,
        "suggested": sum(row["suggested"] for row in rows),
        "target": project.target_per_class,
    }


def _tally(class_ids: np.ndarray) -> dict[int, int]:
    """Count class ids, leaving out 0."""
    values, numbers = np.unique(class_ids[class_ids > 0], return_counts=True)
    return dict(zip(values.tolist(), numbers.tolist(), strict=True))


def _balance_row(row: LabelClass, labelled: int, suggested: int, total: int, target: int) -> dict[str, Any]:
    return {
        "class": row.pk,
        "name": row.name,
        "labelled": labelled,
        "suggested": suggested,
        "total": labelled + suggested,
        "share": labelled / total if total else 0.0,
        "target": target,
        "gap": max(0, target - labelled),
    }


def pulse(project: Project, after: int | None) -> dict[str, Any]:
    """Return what happened after event `after`, oldest first, and the jobs that wait or run.

    Numbers are given under the project's row lock, so no event that commits later has a smaller one: asking again
    with the `seq` of the answer misses nothing. Without `after` only the present `seq` is told. `truncated` says that
    events were left out, or that `after` is from another history: whoever asks must read everything again.
    """
    jobs = list(active_jobs(project.pk))
    events = Event.objects.filter(project=project).select_related("actor").order_by("-seq")
    if after is None or after > project.change_seq:
        newest = events.values_list("seq", flat=True).first() or 0
        return {"seq": newest, "events": [], "jobs": jobs, "truncated": after is not None}
    fresh = list(events.filter(seq__gt=after)[: PULSE_EVENTS + 1])
    seq = fresh[0].seq if fresh else after
    shown = fresh[:PULSE_EVENTS][::-1]
    return {"seq": seq, "events": shown, "jobs": jobs, "truncated": len(fresh) > PULSE_EVENTS}
