"""What the machine says of each picture: the active head's scores, and what an import suggested where it is silent."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from functools import cached_property

import numpy as np

from annotator.common.arrays import read_array
from annotator.images.models import ScoreSet

KEPT_READERS = 8

Key = tuple[tuple[int, datetime], ...]
_kept: OrderedDict[int, tuple[Key, ScoreReader]] = OrderedDict()
_lock = threading.Lock()


def score_reader(project_id: int) -> ScoreReader | None:
    """Return a reader pinned to the active score sets, or None when there are none.

    A reader is remembered until another set becomes active; its files stay mapped even when they are deleted.
    """
    sets = sorted(
        ScoreSet.objects.filter(project_id=project_id, active=True), key=lambda row: row.kind != ScoreSet.Kind.HEAD
    )
    if not sets:
        return None
    key = tuple((row.pk, row.created_at) for row in sets)
    with _lock:
        kept = _kept.get(project_id)
        if kept is None or kept[0] != key:
            kept = key, ScoreReader(sets)
        _kept[project_id] = kept
        _kept.move_to_end(project_id)
        while len(_kept) > KEPT_READERS:
            _kept.popitem(last=False)
    return kept[1]


class ScoreReader:
    """Suggestions by position. A head's word goes before an import's; where neither speaks there is none.

    `name` is the first set's: the head version, or `import`.
    """

    def __init__(self, sets: list[ScoreSet]) -> None:
        self.name = sets[0].name
        self.length = max(row.length for row in sets)
        self._layers = [
            (
                row.name,
                np.array(row.classes, np.int64),
                read_array(row.folder, "top_class"),
                read_array(row.folder, "top_prob"),
            )
            for row in sets
        ]

    def top(self, position: int, k: int = 5) -> list[tuple[int, float]]:
        """Return (class id, confidence) of the `k` best guesses for one picture, best first; empty without any."""
        for _, classes, top_class, top_prob in self._layers:
            if position < len(top_class) and top_class[position, 0] >= 0:
                pairs = zip(top_class[position, :k], top_prob[position, :k], strict=True)
                return [(int(classes[column]), float(prob)) for column, prob in pairs if column >= 0]
        return []

    def name_at(self, position: int) -> str:
        """Return the name of the set that `top(position)` comes from, empty when there is no suggestion."""
        for name, _, top_class, _ in self._layers:
            if position < len(top_class) and top_class[position, 0] >= 0:
                return name
        return ""

    def top1(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (class id int64 [length], 0 for none; confidence float32 [length]) of all pictures, read-only."""
        return self._top1

    def confidence_of(self, class_id: int) -> np.ndarray:
        """Return float32 [length], how sure the machine is of one class: 0 where it is not among the kept guesses."""
        confidence = np.zeros(self.length, np.float32)
        for _, classes, top_class, top_prob in reversed(self._layers):
            speaks = top_class[:, 0] >= 0
            column = np.flatnonzero(classes == class_id)
            named = top_class == (column[0] if len(column) else -2)
            said = np.where(named, top_prob, 0).max(axis=1).astype(np.float32)
            confidence[: len(said)][speaks] = said[speaks]
        return confidence

    @cached_property
    def _top1(self) -> tuple[np.ndarray, np.ndarray]:
        best = np.zeros(self.length, np.int64)
        confidence = np.zeros(self.length, np.float32)
        for _, classes, top_class, top_prob in reversed(self._layers):
            speaks = np.flatnonzero(top_class[:, 0] >= 0)
            best[speaks] = classes[top_class[speaks, 0]]
            confidence[speaks] = top_prob[speaks, 0]
        best.setflags(write=False)
        confidence.setflags(write=False)
        return best, confidence
