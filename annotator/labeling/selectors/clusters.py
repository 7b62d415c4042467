"""Pictures that are near-identical: duplicates by group, and neighbours in the embedding that are as good as equal."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np

from annotator.images.selectors import Columns, NeighbourReader, active_space, neighbours

SAME = 0.97  # cosine from which two pictures count as one: bursts, re-encoded copies, crops of a margin
KEPT = 8  # projects
ROWS = 50_000  # of the graph that are read at a time

_kept: OrderedDict[int, tuple[tuple[int, int], np.ndarray]] = OrderedDict()
_lock = threading.Lock()


def clusters(project_id: int, cols: Columns) -> np.ndarray:
    """Return int64 [length]: for each position the smallest position of its cluster, its own when it is alone.

    Pictures are in one cluster when a chain of pairs leads from one to the other, each pair of one duplicate group or
    of a cosine of `SAME` at least. Archived pictures are links of chains, too.
    """
    found = np.arange(cols.length)
    near = _of_graph(project_id)[: cols.length]
    found[: len(near)] = near
    grouped = np.flatnonzero(cols.present & (cols.group != np.arange(cols.length)))
    return joined(found, grouped, cols.group[grouped])


def _of_graph(project_id: int) -> np.ndarray:
    """The clusters that the active space's neighbour graph makes; remembered until there is a newer graph."""
    space = active_space(project_id)
    graph = neighbours(space) if space is not None else None
    if space is None or graph is None:
        return np.zeros(0, np.int64)
    key = (space.pk, graph.length)
    with _lock:
        kept = _kept.get(project_id)
    if kept is None or kept[0] != key:
        kept = key, joined(np.arange(graph.length), *_pairs(graph))
    with _lock:
        _kept[project_id] = kept
        _kept.move_to_end(project_id)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return kept[1]


def _pairs(graph: NeighbourReader) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of all pairs of pictures that are the same."""
    ends = []
    for start in range(0, graph.length, ROWS):
        near, cosines = graph.of(np.arange(start, min(start + ROWS, graph.length)))
        rows, columns = np.nonzero((cosines >= SAME) & (near >= 0) & (near < graph.length))
        ends.append(np.stack([rows + start, near[rows, columns]]))
    one, other = np.concatenate(ends, axis=1) if ends else np.zeros((2, 0), np.int64)
    return one.astype(np.int64), other.astype(np.int64)


def joined(roots: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the smallest position that each position is connected to.

    Args:
        roots: int64 [n], the clusters so far: a smaller or equal position of the same cluster, itself for the smallest.
        one, other: int64 [e], positions at the ends of pairs that connect.

    Each turn gives both ends of a pair the smaller root and then lets everybody skip to the root's root; the longest
    chain halves with every turn (Shiloach and Vishkin, "An O(log n) parallel connectivity algorithm", 1982).
    """
    roots = roots.copy()
    while True:
        a, b = roots[one], roots[other]
        apart = a != b
        if not apart.any():
            return roots
        high, low = np.maximum(a, b)[apart], np.minimum(a, b)[apart]
        np.minimum.at(roots, high, low)
        while (further := roots[roots]).tobytes() != roots.tobytes():
            roots = further
