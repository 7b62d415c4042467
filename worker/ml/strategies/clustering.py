"""What several strategies do to rows before they choose among them: project them to fewer dimensions, cluster them."""

from __future__ import annotations

import faiss
import numpy as np

from worker.ml.strategies.base import Float32, Int64, at_most

ROUNDS = 10  # of Lloyd's algorithm; more move hardly a row
ROWS_A_CLUSTER = 256  # that place a centre; more do not move it
PASSES = 2  # of the subspace iteration
AXES_ROWS = 2048  # that the axes are found from; more do not turn them
EQUAL = 1e-6  # squared distance up to which rows are the same but for rounding


def project(rows: Float32, dims: int, rng: np.random.Generator) -> Float32:
    """`rows` [n, d] along their main axes: [n, min(dims, d)]. Distances shrink by what lies outside, never grow."""
    if dims >= rows.shape[1]:
        return rows
    return rows @ main_axes(rows, dims, rng)


def main_axes(rows: Float32, dims: int, rng: np.random.Generator) -> Float32:
    """Orthonormal columns [d, min(dims, d)] along which `rows` [n, d] are longest (about their principal axes).

    Subspace iteration from random axes: Halko, Martinsson and Tropp 2011, "Finding structure with
    randomness", algorithm 4.4.
    """
    some = rows[at_most(np.arange(len(rows)), max(AXES_ROWS, 4 * dims), rng)]
    axes = rng.standard_normal((rows.shape[1], min(dims, rows.shape[1])), np.float32)
    for _ in range(PASSES):
        axes = np.linalg.qr(some.T @ (some @ axes))[0]
    return axes


def k_means(rows: Float32, clusters: int, rng: np.random.Generator) -> tuple[Int64, Float32]:
    """Lloyd's algorithm from k-means++ centres -> the cluster [n] of each row, centres [min(clusters, n), d].

    A cluster may end up without rows where rows are equal.
    """
    clusters = min(clusters, len(rows))
    rows = np.ascontiguousarray(rows)
    algorithm = faiss.Kmeans(
        rows.shape[1],
        clusters,
        niter=ROUNDS,
        seed=int(rng.integers(1 << 31)),
        min_points_per_centroid=1,
        max_points_per_centroid=ROWS_A_CLUSTER,
    )
    algorithm.train(rows, init_centroids=rows[spread_out(rows, clusters, rng)])
    _, nearest = algorithm.index.search(rows, 1)
    return nearest[:, 0], np.asarray(algorithm.centroids, np.float32)


def spread_out(rows: Float32, count: int, rng: np.random.Generator) -> Int64:
    """Indexes [min(count, n)] of rows far from one another.

    Some are drawn by their squared distance to those before, and the one that leaves the least distance
    in all is taken: greedy k-means++, Arthur and Vassilvitskii 2007, section 7. Rows that equal a taken
    one come only when no other is left.
    """
    trials = 2 + int(np.log(max(1, count)))
    lengths = np.einsum("nd,nd->n", rows, rows)
    nearest = np.full(len(rows), np.inf, np.float32)
    drawn = rng.integers(len(rows), size=1) if len(rows) else np.zeros(0, np.int64)
    chosen: list[int] = []
    while len(chosen) < min(count, len(rows)) and len(drawn):
        distances = lengths + lengths[drawn, None] - 2 * (rows[drawn] @ rows.T)
        distances = np.minimum(nearest, np.where(distances < EQUAL, 0, distances))
        best = int(distances.sum(axis=1, dtype=np.float64).argmin())
        chosen.append(int(drawn[best]))
        nearest = distances[best]
        nearest[chosen[-1]] = 0
        sums = nearest.cumsum(dtype=np.float64)
        drawn = np.searchsorted(sums, rng.random(trials) * sums[-1], side="right")
        drawn = drawn[drawn < len(rows)]  # none once every row equals a taken one
    others = np.setdiff1d(np.arange(len(rows)), chosen)
    return np.concatenate([np.array(chosen, np.int64), rng.permutation(others)[: count - len(chosen)]])
