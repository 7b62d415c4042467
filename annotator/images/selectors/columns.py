"""The catalogue as arrays: what every picture's label, trust and flags are, indexed by position."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
from django.db import connection

from annotator.images.models import Image
from annotator.projects.models import Project

KEPT_PROJECTS = 16
FETCH = 10_000


@dataclass(frozen=True)
class Columns:
    """One committed state of a project's pictures; all arrays are read-only and `length` long.

    Attributes:
        image_id: int64, 0 where a position has no picture.
        group: int64, position of the first picture of its duplicate group.
        label: int64 LabelClass id, 0 for none.
        batch: int64 id of the import that brought it, 0 for none.
        trust: int8 of `Trust`.
        reserve, holdout, archived: bool.
        present: bool, there is a picture and it is not archived.
        seq: the project's change number up to which this state is complete.
    """

    image_id: np.ndarray
    group: np.ndarray
    label: np.ndarray
    batch: np.ndarray
    trust: np.ndarray
    reserve: np.ndarray
    holdout: np.ndarray
    archived: np.ndarray
    present: np.ndarray
    seq: int

    @property
    def length(self) -> int:
        """Number of positions."""
        return len(self.image_id)


@dataclass
class _Kept:
    """What one process remembers of one project. `identity` tells apart projects that had the same id."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    identity: str = ""
    state: Columns | None = None


_kept: OrderedDict[int, _Kept] = OrderedDict()
_kept_lock = threading.Lock()

DTYPES = {
    "image_id": np.int64,
    "group": np.int64,
    "label": np.int64,
    "batch": np.int64,
    "trust": np.int8,
    "reserve": np.bool_,
    "holdout": np.bool_,
    "archived": np.bool_,
    "present": np.bool_,
}


def columns(project_id: int) -> Columns:
    """Return the project's present state: one cheap query when nothing changed, else also the changed rows.

    Changes are numbered under the project's row lock, so whoever sees number n sees everything before it. The
    number is read before the rows: a row that commits in between is merely read again the next time. Inside a
    transaction the answer includes what the transaction wrote, and is not remembered, since it may roll back.
    """
    kept = _kept_for(project_id)
    with kept.lock:
        found = Project.objects.filter(pk=project_id).values_list("change_seq", "next_position", "lot_key").first()
        if found is None:
            return _empty(0, 0)
        seq, length, identity = found
        base = kept.state
        if base is not None and (kept.identity != identity or base.seq > seq):
            base = None
        if base is not None and base.seq == seq:
            return base
        state = _caught_up(project_id, base, seq, length)
        if not connection.in_atomic_block:
            kept.state, kept.identity = state, identity
        return state


def _kept_for(project_id: int) -> _Kept:
    with _kept_lock:
        kept = _kept.setdefault(project_id, _Kept())
        _kept.move_to_end(project_id)
        while len(_kept) > KEPT_PROJECTS:
            _kept.popitem(last=False)
        return kept


def _empty(length: int, seq: int) -> Columns:
    return Columns(**{name: np.zeros(length, dtype) for name, dtype in DTYPES.items()}, seq=seq)


def _caught_up(project_id: int, base: Columns | None, seq: int, length: int) -> Columns:
    """Return a new state: the base with all rows that changed after it (all rows, without a base) written over."""
    names = ("position", "id", "label_id", "trust", "reserve", "holdout_id", "archived_at", "batch_id", "group")
    rows = Image.objects.filter(project_id=project_id)
    if base is not None:
        rows = rows.filter(change_seq__gt=base.seq)
    changed = list(rows.values_list(*names).iterator(FETCH))
    position = np.fromiter((row[0] for row in changed), np.int64, len(changed))
    length = max(length, int(position.max()) + 1 if changed else 0, base.length if base else 0)
    state = _empty(length, seq)
    for name in DTYPES:
        array = getattr(state, name)
        if base is not None:
            array[: base.length] = getattr(base, name)
    state.image_id[position] = [row[1] for row in changed]
    state.label[position] = [row[2] or 0 for row in changed]
    state.trust[position] = [row[3] for row in changed]
    state.reserve[position] = [row[4] for row in changed]
    state.holdout[position] = [row[5] is not None for row in changed]
    state.archived[position] = [row[6] is not None for row in changed]
    state.batch[position] = [row[7] or 0 for row in changed]
    state.group[position] = [row[8] for row in changed]
    state.present[position] = ~state.archived[position]
    for name in DTYPES:
        getattr(state, name).setflags(write=False)
    return state
