"""The neighbour graph: the 20 nearest of every picture by cosine, built whole, or extended by new pictures.

Candidates come from a FAISS index over projected rows (`projection`, `search`); their cosines, and so the order, from
the full rows. A picture that cannot be read has no neighbours and is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from worker.ml.index.projection import Features, Float16, Float32, Int64, Projection, encode, fit, to_float32
from worker.ml.index.search import in_order_of_likeness, make_index

K = 20
CANDIDATES = 48  # by projected distance, of which the K nearest by cosine are kept
QUERIES = 8192  # searched at once
ROOM = 400_000_000  # bytes that full rows may take
TOGETHER = 65_536  # rows that newcomers are compared with at once
SAMPLED = 1000  # pictures whose neighbours tell what a projection keeps
NEW_SHARE = 0.05  # beyond this, building anew is as quick as extending
NEW_ROWS = 65_536  # an extension holds the new rows in memory
PAIRS = 8_000_000  # projected distances at once
ALIKE = 0.9995  # float16 tells no cosines beyond it from 1
ROUNDING = 2e-3  # of squared distances between projected rows in float16

swig: Any = faiss  # its type stubs leave out what works on pointers

Int32 = npt.NDArray[np.int32]
Report = Callable[[int, int], None]  # pictures done, of how many


@dataclass(frozen=True)
class Graph:
    """Neighbours of positions 0 … N, nearest first, memory-mapped."""

    neighbours: Int32  # [N, K], -1 where there are no more
    cosines: Float16  # [N, K], -1 there

    @classmethod
    def create(cls, folder: Path, count: int) -> Graph:
        """An empty one, in two files of a folder."""
        maps = (
            np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=dtype, shape=(count, K))
            for name, dtype in (("neighbours", np.int32), ("cosines", np.float16))
        )
        graph = cls(*maps)
        graph.neighbours[:], graph.cosines[:] = -1, -1
        return graph

    def flush(self) -> None:
        """Write what is still in memory."""
        for array in (self.neighbours, self.cosines):
            if isinstance(array, np.memmap):
                array.flush()


def extends(old: int, count: int) -> bool:
    """Whether a graph of `old` pictures is better extended to `count` than built anew."""
    return 0 < count - old <= min(NEW_SHARE * old, NEW_ROWS)


def build(features: Features, folder: Path, *, scratch: Path, report: Report) -> Graph:
    """Find the neighbours of every picture.

    Args:
        features: the embeddings.
        folder: where `neighbours.npy` and `cosines.npy` are made.
        scratch: for the projected rows, a fraction of the embeddings.
        report: told how many of all pictures are done.
    """
    count = features.shape[0]
    graph = Graph.create(folder, count)
    codes, readable = encode(features, fit(features), scratch / "codes.npy", lambda _: report(0, count))
    positions = np.flatnonzero(readable)
    if len(positions) > 1:
        compact = codes if len(positions) == count else codes[positions]
        report(0, count)
        index, order, done = make_index(compact), in_order_of_likeness(compact), 0
        for start in range(0, len(order), QUERIES):
            rows = order[start : start + QUERIES]
            found = index.search(np.asarray(compact[rows], np.float32), CANDIDATES + 1)[1]
            _keep_nearest(graph, features, positions[rows], _positions(positions, found))
            done += len(rows)
            report(done, count)
    graph.flush()
    return graph


def _positions(positions: Int64, found: Int64) -> Int64:
    return np.where(found < 0, -1, positions[found])


def _keep_nearest(graph: Graph, features: Features, queries: Int64, candidates: Int64) -> None:
    """Write the K nearest of each query's candidates (int64 [q, c], -1 for none) by the cosine of the full rows."""
    candidates = np.where(candidates == queries[:, None], -1, candidates)
    union = np.unique(np.concatenate([queries, candidates.ravel()]))
    union = union[union >= 0]
    bytes_each = features.shape[1] * (4 + 2)
    if len(union) * bytes_each > ROOM and len(queries) > 1:
        half = len(queries) // 2
        for part in (slice(None, half), slice(half, None)):
            _keep_nearest(graph, features, queries[part], candidates[part])
        return
    rows = to_float32(features.rows(union))
    places = np.where(candidates < 0, -1, np.searchsorted(union, candidates))
    near, cosines = _nearest_of(rows, rows[np.searchsorted(union, queries)], places)
    graph.neighbours[queries] = np.where(near < 0, -1, union[near])
    graph.cosines[queries] = np.where(near < 0, -1, cosines)


def _nearest_of(rows: Float32, queries: Float32, places: Int64) -> tuple[Int64, Float32]:
    """The K nearest of each query's own places (-1 for none) among rows: (int64 [q, K] places; cosines)."""
    places = np.ascontiguousarray(places)
    cosines = np.empty(places.shape, np.float32)
    pointers = [swig.swig_ptr(array) for array in (cosines, queries, rows, places)]
    swig.fvec_inner_products_by_idx(*pointers, rows.shape[1], len(queries), places.shape[1])
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :K]
    return np.take_along_axis(places, best, 1), np.take_along_axis(cosines, best, 1)


# Extension


def extend(features: Features, old: Graph, folder: Path, *, report: Report) -> Graph:
    """Add new pictures to a graph: they get neighbours, and they come into the lists of those that they are nearer to.

    Args:
        features: the embeddings of the graph's N pictures and of the new ones, which follow.
        old: the graph, which stays as it is.
        folder: where the new graph's files are made.
        report: told how many of all pictures were compared with the new ones.
    """
    count, first = features.shape[0], len(old.neighbours)
    graph = Graph.create(folder, count)
    graph.neighbours[:first], graph.cosines[:first] = old.neighbours, old.cosines
    positions = np.arange(first, count)
    rows = features.rows(positions)
    readable = rows.any(axis=1)
    positions, rows = positions[readable], rows[readable]
    if len(rows):
        projection = fit(features)
        projected = projection.of(rows)
        lifted = np.column_stack([projected, -(projected**2).sum(axis=1) / 2])
        new = Newcomers(positions, rows, _kept(features, old, projection), lifted)
        search = Search(projected)
        for start, stop, part in _parts(features, max(1, PAIRS // len(rows))):
            codes, known = projection.of(part), part.any(axis=1)
            search.among(start + np.flatnonzero(known), codes[known])
            if start < first:
                _welcome(graph, new, start, part[: first - start], codes[: first - start])
            report(stop, count)
        candidates = search.found()
        for start in range(0, len(rows), QUERIES):
            block = slice(start, start + QUERIES)
            _keep_nearest(graph, features, positions[block], candidates[block])
    graph.flush()
    return graph


class Search:
    """The candidates of some projected rows among rows that come a few at a time."""

    def __init__(self, codes: Float32) -> None:
        self.codes = codes
        self._best = faiss.ResultHeap(len(codes), CANDIDATES + 1)
        self._waiting: list[tuple[Int64, Float32]] = []

    def among(self, positions: Int64, codes: Float32) -> None:
        """Search these as well; many at once cost less than many times a few."""
        self._waiting.append((positions, codes))
        if sum(len(some) for some, _ in self._waiting) >= TOGETHER:
            self._search()

    def found(self) -> Int64:
        """The nearest positions, int64 [n, CANDIDATES + 1], -1 for none."""
        self._search()
        self._best.finalize()
        found: Int64 = self._best.I
        return found

    def _search(self) -> None:
        positions = np.concatenate([np.zeros(0, np.int64), *(some for some, _ in self._waiting)])
        if len(positions):
            codes = np.concatenate([some for _, some in self._waiting])
            near, found = faiss.knn(self.codes, codes, min(CANDIDATES + 1, len(codes)))
            self._best.add_result(near, positions[found])
        self._waiting.clear()


@dataclass(frozen=True)
class Newcomers:
    """The pictures that a graph is extended by."""

    positions: Int64  # [m]
    rows: Float16  # [m, d]
    kept: float  # the share of a squared distance between neighbours that the projection keeps, in 99 of 100 cases
    lifted: Float32  # [m, p + 1], projected, with -|row|² / 2 as one more column


def _parts(features: Features, size: int) -> Iterator[tuple[int, int, Float16]]:
    """All rows in order of position, at most so many at once."""
    for start, stop, rows in features.shards():
        for offset in range(0, stop - start, size):
            part = rows[offset : offset + size]
            yield start + offset, start + offset + len(part), part


def _welcome(graph: Graph, new: Newcomers, start: int, rows: Float16, codes: Float32) -> None:
    """Put newcomers into the lists of the pictures at positions start … that they are nearer to than the last there."""
    last = graph.cosines[start : start + len(rows), -1].astype(np.float32)
    reach = np.where(last >= ALIKE, -np.inf, new.kept * (2 - 2 * last) + ROUNDING)
    reach[~rows.any(axis=1)] = -np.inf
    # |o - n|² < reach, as one product: o·n - |n|² / 2 > (|o|² - reach) / 2
    nearness = np.column_stack([codes, np.ones(len(codes), np.float32)]) @ new.lifted.T
    own, other = np.nonzero(nearness > (((codes**2).sum(axis=1) - reach) / 2)[:, None])
    if len(own):
        _merge(graph, start, own, new.positions[other], _cosines(rows, own, new.rows, other))


def _kept(features: Features, graph: Graph, projection: Projection) -> float:
    """The share of the squared distance that all but one in a hundred of known neighbours keep at most; 1 if unknown.

    Projected rows are never farther apart than the rows themselves; how much nearer they are depends on the pictures.
    """
    chosen = np.random.default_rng(0).choice(len(graph.neighbours), min(SAMPLED, len(graph.neighbours)), replace=False)
    chosen = np.sort(chosen)
    own, place = np.nonzero((graph.neighbours[chosen] >= 0) & (graph.cosines[chosen] < ALIKE))
    if not len(own):
        return 1.0
    near, cosine = graph.neighbours[chosen[own], place], graph.cosines[chosen[own], place].astype(np.float32)
    union, where = np.unique(np.concatenate([chosen, near]), return_inverse=True)
    codes = projection.of(features.rows(union))
    apart = ((codes[where[: len(chosen)]][own] - codes[where[len(chosen) :]]) ** 2).sum(axis=1)
    return float(min(1.0, np.quantile(apart / (2 - 2 * cosine), 0.99)))


def _cosines(rows: Float16, own: Int64, others: Float16, other: Int64, part: int = 8192) -> Float32:
    """The cosine of each pair of rows, float32 [n]."""
    cosines = np.empty(len(own), np.float32)
    for start in range(0, len(own), part):
        pairs = slice(start, start + part)
        np.einsum("ij,ij->i", to_float32(rows[own[pairs]]), to_float32(others[other[pairs]]), out=cosines[pairs])
    return cosines


def _merge(graph: Graph, start: int, own: Int64, neighbours: Int64, cosines: Float32) -> None:
    """Merge pairs (a row counted from `start`, its possible neighbour, their cosine) into the lists."""
    changed, place = np.unique(own, return_inverse=True)
    listed = start + changed
    owner = np.concatenate([np.repeat(np.arange(len(changed)), K), place])
    near = np.concatenate([graph.neighbours[listed].ravel(), neighbours])
    cosine = np.concatenate([graph.cosines[listed].ravel().astype(np.float32), cosines])
    order = np.lexsort((-cosine, owner))
    owner, near, cosine = owner[order], near[order], cosine[order]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    kept = rank < K
    graph.neighbours[listed[owner[kept]], rank[kept]] = near[kept]
    graph.cosines[listed[owner[kept]], rank[kept]] = cosine[kept]
