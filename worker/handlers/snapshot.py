"""Snapshot: freeze trusted labels with their splits into one immutable file, and report what leaks between splits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from django.db import transaction

from annotator.images.models import Trust
from annotator.images.selectors import active_space, embeddings, score_reader
from annotator.labeling.selectors import changes_so_far
from annotator.labeling.selectors.sets import PRESENT, label_targets
from annotator.projects.models import Project
from annotator.snapshots.models import Split
from annotator.snapshots.selectors import BATCH, Candidates, Provenance, candidates
from annotator.snapshots.services import (
    DEFAULT_SHARES,
    IMPORTED,
    ContentWriter,
    collect_garbage,
    publish_snapshot,
    store_content,
)
from worker.ml import splits
from worker.ml.leaks import look_alikes
from worker.runner import JobContext, JobFailed

SHOWN = 50  # examples in a report
LOOK_ALIKE = 0.97  # cosine similarity
MAX_PRODUCTS = 2_000_000_000  # pairs compared: some minutes on two cores
PART = 4096  # training rows compared at once
ORDER = tuple(Split.values)  # splits by their number in `worker.ml.splits`


Report = Callable[[int, int, str], None]  # pictures done, all pictures, what is being done


@dataclass
class Frozen:
    """What goes into the snapshot, and what the report says of the rest."""

    chosen: Candidates
    split: np.ndarray
    report: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """A snapshot whose file is in its place, and which no row names yet: arguments of `publish_snapshot`."""

    folder: str
    hash_: str
    rows: int
    classes: list[dict[str, Any]]
    report: dict[str, Any]


def handle(ctx: JobContext) -> dict[str, Any]:
    """Freeze the project; the snapshot's row and the end of the job become visible together."""

    def report(done: int, total: int, message: str) -> None:
        ctx.progress(done, total, "pictures", message)

    stored = freeze(ctx, ctx.params["settings"], report)
    with transaction.atomic():
        snapshot = publish_snapshot(job=ctx.job, **vars(stored))
        result = {"snapshot": snapshot.pk, "number": snapshot.number, "rows": snapshot.rows, "hash": snapshot.hash}
        ctx.succeed(result)
    collect_garbage(ctx.project.pk)
    return result


def freeze(ctx: JobContext, settings: dict[str, Any], report: Report) -> Stored:
    """Choose, write and store what the settings ask for (see `snapshot_settings`).

    Raises:
        JobFailed: no picture has a label that is trusted enough.
    """
    project = ctx.project
    names = dict(project.classes.order_by("index").values_list("id", "name"))
    changes = changes_so_far(project)  # counted first: a label that comes meanwhile is said to be missing, if anything
    frozen = _choose(project, settings, names)
    if len(frozen.chosen) == 0:
        raise JobFailed(
            "nothing_to_freeze",
            "No picture has a label that is trusted enough.",
            "Label some pictures, or ask for less trust or a smaller minimum per class.",
        )
    draft = ctx.attempt_dir / "content"
    several = project.label_mode == Project.LabelMode.MULTI
    provenance = Provenance(names, score_reader(project.pk), several=several)
    hash_ = _write(frozen, ContentWriter(draft, several=several), provenance, report)
    frozen.report |= _leaks(project, frozen, report) | {"changes": changes}
    folder = store_content(project_id=project.pk, draft=draft, hash_=hash_, job=ctx.job)
    return Stored(folder, hash_, len(frozen.chosen), _counts(project, frozen, names), frozen.report)


# What is frozen


def _choose(project: Project, settings: dict[str, Any], names: dict[int, str]) -> Frozen:
    """Choose the pictures and their splits."""
    trust = {label: value for value, label in Trust.choices}
    found = candidates(project, min_trust=trust[settings["min_trust"]])
    keep = np.ones(len(found), np.bool_)
    certified = found.trust == Trust.CERTIFIED
    if not settings["include_certified"]:
        keep &= ~certified
    small = _too_small(found.label[keep], settings["min_per_class"] or 0)
    in_small = keep & np.isin(found.label, small)
    keep &= ~in_small
    left_out = {
        "certified": int(np.sum(certified & ~keep & ~in_small)),
        "small_classes": {names[label]: int(np.sum(in_small & (found.label == label))) for label in small.tolist()},
    }
    if settings["max_per_class"]:
        within = splits.capped(
            found.label[keep], found.protected[keep], found.sha256[keep], int(settings["max_per_class"])
        )
        left_out["above_maximum"] = int(np.sum(~within))
        keep[np.flatnonzero(keep)[~within]] = False
    chosen = found.of(keep)
    assigned = _assign(chosen, settings["splits"])
    moved = [int(group) for group in assigned.moved]
    report = {"left_out": left_out, "groups_moved": len(moved), "groups_moved_examples": moved[:SHOWN]}
    return Frozen(chosen, assigned.split, report)


def _too_small(labels: np.ndarray, minimum: int) -> np.ndarray:
    """Labels that fewer than `minimum` pictures have."""
    present, counts = np.unique(labels, return_counts=True)
    return present[counts < minimum]


def _assign(chosen: Candidates, asked: dict[str, float] | str) -> splits.Assignment:
    given = DEFAULT_SHARES if isinstance(asked, str) else asked
    shares = (given["train"], given["validation"], given["test"])
    draws, imported = splits.draw(chosen.lot), chosen.imported if asked == IMPORTED else None
    found = splits.assign(group=chosen.group, draws=draws, protected=chosen.protected, shares=shares, imported=imported)
    fixed = chosen.protected if imported is None else chosen.protected | (imported != splits.NONE)
    split = splits.stratify(
        found.split, label=chosen.label, group=chosen.group, draws=draws, fixed=fixed, shares=shares
    )
    return replace(found, split=split)


def _write(frozen: Frozen, writer: ContentWriter, provenance: Provenance, report: Report) -> str:
    """Write the rows; return the hash of their content."""
    total = len(frozen.chosen)
    with writer:
        for start in range(0, total, BATCH):
            part = slice(start, start + BATCH)
            writer.add(provenance.rows(frozen.chosen.of(np.arange(total)[part]), frozen.split[part]))
            report(min(start + BATCH, total), total, "")
    return writer.hash


def _counts(project: Project, frozen: Frozen, names: dict[int, str]) -> list[dict[str, Any]]:
    """Count pictures by class and split, for every class that has any; one with several labels counts for each."""
    ids, chosen = np.array(list(names), np.int64), frozen.chosen
    if project.label_mode == Project.LabelMode.MULTI:
        has = label_targets(project, chosen.position, ids) == PRESENT
    else:
        has = chosen.label[:, None] == ids
    counts = {label: np.bincount(frozen.split[has[:, column]], minlength=3) for column, label in enumerate(names)}
    return [
        {"id": label, "name": names[label]} | dict(zip(ORDER, parts.tolist(), strict=True))
        for label, parts in counts.items()
        if parts.any()
    ]


# What leaks


def _leaks(project: Project, frozen: Frozen, report: Report) -> dict[str, Any]:
    """Report what train and test have in common. The first two numbers are zero by construction, and are checked."""
    return {
        "groups_across_splits": _across(frozen.chosen.group, frozen.split),
        "copies_across_splits": _across(frozen.chosen.sha256, frozen.split),
        "look_alikes": _look_alikes(project, frozen, report),
    }


def _across(key: np.ndarray, split: np.ndarray) -> int:
    """How many keys are found in more than one split."""
    _, member = np.unique(key, return_inverse=True)
    pairs = np.unique(np.stack([member, split.astype(np.int64)]), axis=1)
    return int(np.sum(np.bincount(pairs[0]) > 1)) if pairs.size else 0


def _look_alikes(project: Project, frozen: Frozen, report: Report) -> dict[str, Any] | None:
    """Compare the embeddings of train and test; None before anything is embedded.

    Above MAX_PRODUCTS pairs only as many test pictures are compared as stay below, the first by content hash.
    """
    space = active_space(project.pk)
    if space is None:
        return None
    vectors, position = embeddings(space), frozen.chosen.position
    embedded = position < vectors.shape[0]
    train = position[embedded & (frozen.split == splits.TRAIN)]
    test_rows = np.flatnonzero(embedded & (frozen.split == splits.TEST))
    test_rows = test_rows[np.argsort(frozen.chosen.sha256[test_rows])][: max(1, MAX_PRODUCTS // max(1, len(train)))]
    test, done = position[test_rows], 0

    def parts() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(train), PART):
            numbers = train[start : start + PART]
            yield numbers, vectors.rows(numbers)

    def compared(count: int) -> None:
        nonlocal done
        done += count
        report(done, len(train), "looking for look-alikes in train and test")

    found = look_alikes(
        parts(), vectors.rows(test).astype(np.float32), threshold=LOOK_ALIKE, keep=SHOWN, on_rows=compared
    )
    return {
        "threshold": LOOK_ALIKE,
        "pairs": found.pairs,
        "test_compared": len(test),
        "test": int(np.sum(frozen.split == splits.TEST)),
        "examples": [
            {"train": train_position, "test": int(test[row]), "similarity": round(similarity, 4)}
            for similarity, train_position, row in found.worst
        ],
    }
