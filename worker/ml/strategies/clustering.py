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
    """`rows` [n, d] in the `dims` axes along which they are longest (about their principal axes): [n, min(dims, d)].

    Subspace iteration from random axes: Halko, Martinsson and Tropp 2011, "Finding structure with
    randomness", algorithm 4.4. Distances shrink by what lies outside these axes and never grow.
    """
    if dims >= rows.shape[1]:
        return rows
    some = rows[at_most(np.arange(len(rows)), max(AXES_ROWS, 4 * dims), rng)]
    axes = rng.standard_normal((rows.shape[1], dims), np.float32)
    for _ in range(PASSES):
        axes = np.linalg.qr(some.T @ (some @ axes))[0]
    return rows @ axes


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
    """Indexes [min(count, n)] of rows far from one another, each drawn by its squared distance to those before it.

    Arthur and Vassilvitskii 2007, "k-means++". Rows that equal a drawn one come only when no other is left.
    """
    lengths = np.einsum("nd,nd->n", rows, rows)
    distances = np.full(len(rows), np.inf, np.float32)
    chosen: list[int] = []
    best = int(rng.integers(len(rows))) if len(rows) else -1
    while len(chosen) < min(count, len(rows)):
        chosen.append(best)
        np.minimum(distances, lengths + lengths[best] - 2 * (rows @ rows[best]), out=distances)
        distances[distances < EQUAL] = 0
        sums = distances.cumsum(dtype=np.float64)
        best = int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
        if best == len(rows):
            break
    others = np.setdiff1d(np.arange(len(rows)), chosen)
    return np.concatenate([np.array(chosen, np.int64), rng.permutation(others)[: count - len(chosen)]])
