"""The class-balance report of a run or of this moment, read off the catalogue, the scores and earlier reports."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.utils import timezone

from annotator.images.models import ScoreSet, Trust
from annotator.images.selectors import Columns, ScoreReader, columns
from annotator.labeling.selectors.sets import labels_where
from annotator.modeling.balance import PARTS, Answers, Counts, Guesses, build_report, estimate_pool, plan
from annotator.modeling.balance.report import KEPT_RUNS
from annotator.modeling.models import Preset, TrainingRun
from annotator.modeling.recipes import recipe_of
from annotator.projects.models import LabelClass, Project
from annotator.projects.selectors import label_classes
from annotator.snapshots.models import Snapshot
from annotator.snapshots.selectors import read_columns


def run_balance(run: TrainingRun) -> dict[str, Any]:
    """Return the report of a run whose snapshot is frozen, as JSON values; the same state gives the same numbers."""
    recipe = run.recipe or recipe_of(run.preset, run.overrides)
    assert run.snapshot is not None
    return _report(run.project, recipe=recipe, run=run, snapshot=run.snapshot)


def live_balance(project: Project) -> dict[str, Any]:
    """Return the report of this moment: not stored, without a snapshot; the plan is that of the default preset."""
    return _report(project, recipe=recipe_of(Preset.BALANCED), run=None, snapshot=None)


def _report(
    project: Project, *, recipe: dict[str, Any], run: TrainingRun | None, snapshot: Snapshot | None
) -> dict[str, Any]:
    cols = columns(project.pk)
    classes = _classes(project, cols)
    counts = _counts(project, cols, classes)
    parts = _parts(snapshot, [row.pk for row in classes]) if snapshot is not None else None
    train = counts.labelled if parts is None else parts["train"]
    return build_report(
        counts,
        target=project.target_per_class,
        made_at=timezone.now().isoformat(),
        run=_brief(run),
        snapshot=_frozen(snapshot),
        parts=parts,
        earlier=_earlier(project, run),
        plan=plan(recipe, train, [row.name for row in classes]),
    )


def _brief(run: TrainingRun | None) -> dict[str, Any] | None:
    return None if run is None else {"id": run.pk, "number": run.number, "preset": run.preset}


def _frozen(snapshot: Snapshot | None) -> dict[str, Any] | None:
    if snapshot is None:
        return None
    return {"id": snapshot.pk, "number": snapshot.number, "name": snapshot.name, "rows": snapshot.rows}


def _classes(project: Project, cols: Columns) -> list[LabelClass]:
    """The classes in use, and archived ones that pictures still have, in order of creation."""
    used = set(np.unique(labels_where(project, cols, _trusted(cols))).tolist())
    usable = set(label_classes(project.pk).values_list("pk", flat=True))
    return list(LabelClass.objects.filter(project=project, pk__in=used | usable).order_by("index"))


def _trusted(cols: Columns) -> np.ndarray:
    return cols.present & ~cols.holdout & (cols.trust > Trust.NONE) & (cols.label > 0)


class _Numbering:
    """Turns class ids into columns of the report."""

    def __init__(self, ids: list[int]) -> None:
        self._order = np.argsort(ids)
        self._sorted = np.array(ids, np.int64)[self._order]
        self.size = len(ids)

    def columns(self, ids: np.ndarray) -> np.ndarray:
        """Return int64, −1 for an id that is no class of the report."""
        if not self.size:
            return np.full(len(ids), -1, np.int64)
        place = np.minimum(np.searchsorted(self._sorted, ids), self.size - 1)
        return np.where(self._sorted[place] == ids, self._order[place], -1)

    def tally(self, ids: np.ndarray) -> np.ndarray:
        """Count ids: int64 [C]; others are left out."""
        found = self.columns(ids)
        return np.bincount(found[found >= 0], minlength=self.size)


def _counts(project: Project, cols: Columns, classes: list[LabelClass]) -> Counts:
    numbering = _Numbering([row.pk for row in classes])
    trusted, certified = _trusted(cols), cols.trust == Trust.CERTIFIED
    pool = cols.present & ~cols.holdout & ~cols.reserve & (cols.trust == Trust.NONE)
    known: dict[str, Any] = {
        "classes": [
            {"id": row.pk, "name": row.name, "color": row.color, "archived": row.archived_at is not None}
            for row in classes
        ],
        "trusted": numbering.tally(labels_where(project, cols, trusted)),
        "certified": numbering.tally(labels_where(project, cols, trusted & certified)),
        "labelled": numbering.tally(labels_where(project, cols, trusted & ~certified & ~cols.reserve)),
        "pool": int(pool.sum()),
    }
    head = ScoreSet.objects.filter(project=project, kind=ScoreSet.Kind.HEAD, active=True).first()
    if head is None or not classes or project.label_mode == Project.LabelMode.MULTI:
        # Where a picture may have several labels, its first guess says too little of the pool.
        return Counts(**known)
    return Counts(**known, **_predicted(cols, head, numbering, pool))


def _predicted(cols: Columns, head: ScoreSet, numbering: _Numbering, pool: np.ndarray) -> dict[str, Any]:
    """What the head says of the pool, and what that is worth by its answers on the blind test set."""
    guess, confidence = ScoreReader([head]).top1()
    length = min(len(guess), cols.length)
    said = np.full(cols.length, -1, np.int64)
    said[:length] = numbering.columns(guess[:length])
    waiting = np.flatnonzero(pool & (said >= 0))
    truth = numbering.columns(cols.label)
    answered = cols.present & ~cols.holdout & cols.reserve & (cols.trust >= Trust.PAGE_VERIFIED)
    test = np.flatnonzero(answered & (said >= 0) & (truth >= 0))
    unscored = int(pool.sum()) - len(waiting)
    estimate = None
    if len(test):
        estimate = estimate_pool(
            test=Answers(said[test], confidence[test], truth[test]),
            pool=Guesses(said[waiting], confidence[waiting]),
            classes=numbering.size,
            unscored=unscored,
        )
    return {
        "test_size": len(test),
        "raw": np.bincount(said[waiting], minlength=numbering.size),
        "unscored": unscored,
        "head": head.name,
        "estimate": estimate,
    }


def _parts(snapshot: Snapshot, ids: list[int]) -> dict[str, np.ndarray]:
    """Pictures of each class in each part of the snapshot."""
    rows = read_columns(snapshot, ["label_id", "split", "blind"])
    numbering = _Numbering(ids)
    blind = rows["blind"].astype(np.bool_)
    chosen = {part: blind if part == "blind" else rows["split"] == part for part in PARTS}
    return {part: numbering.tally(rows["label_id"][where].astype(np.int64)) for part, where in chosen.items()}


def _earlier(project: Project, run: TrainingRun | None) -> list[dict[str, Any]]:
    """Stored reports of the runs before this one, newest first."""
    runs = TrainingRun.objects.filter(project=project).exclude(balance={}).order_by("-number")
    if run is not None:
        runs = runs.filter(number__lt=run.number)
    return list(runs.values_list("balance", flat=True)[:KEPT_RUNS])
