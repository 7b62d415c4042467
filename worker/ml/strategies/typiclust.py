"""TypiClust: label the most typical picture of every group of pictures that has few labels yet."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import faiss
import numpy as np

from worker.ml.strategies.base import Float32, Int64, Neighbours, Pick, Problem, at_most
from worker.ml.strategies.clustering import k_means, project
from worker.ml.strategies.explain import explain

NAME = "typiclust"
TITLE = "TypiClust"
WHEN = "For the first labels of a project: shows one typical picture of each group, and needs no predictions."

MAX_ROWS = 16384  # candidates that are clustered; more are sampled
MAX_CLUSTERS = 500
SMALL = 5  # pictures up to which a cluster counts as a handful of outliers
NEIGHBOURS = 20  # nearest pictures that say how typical one is
DIMS = 128  # in which k-means runs


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """The most typical candidate of each cluster, fewest labels first, then largest; see `base.Query`.

    Clusters come from k-means with min(labelled + batch, 500) centres over candidates and labelled;
    typicality is 1 / mean distance to the 20 nearest. If the clusters are used up, each gives its next.
    Hacohen, Dekel and Weinshall 2022, "Active Learning on a Budget", section 3 and appendix F.
    """
    offered = at_most(problem.candidates, max(MAX_ROWS, batch), rng)
    known = at_most(problem.labelled, MAX_ROWS, rng)
    batch = min(batch, len(offered))
    if batch < 1:
        return []
    rows = problem.features.rows(np.concatenate([offered, known])).astype(np.float32)
    rows = project(rows, DIMS, rng)
    cluster, _ = k_means(rows, min(len(known) + batch, MAX_CLUSTERS), rng)
    open_to_all = cluster[: len(offered)]

    def most_typical_first(one: int) -> Int64:
        members = np.flatnonzero(open_to_all == one)
        if problem.graph is not None and len(offered) < len(problem.candidates):
            distance = distance_in_graph(problem.graph, offered[members])
        else:
            distance = distance_among(rows[members])
        return members[np.argsort(distance, kind="stable")]

    turns = itertools.chain(*(in_turn(group, most_typical_first) for group in in_order(cluster, len(offered))))
    chosen = np.fromiter(itertools.islice(turns, batch), np.int64, batch)
    return explain(problem, offered[chosen], codes=["typical"] * batch)


def in_order(cluster: Int64, offered: int) -> tuple[Int64, Int64]:
    """The clusters that hold one of the first `offered` rows: fewest labelled (the other rows), then largest.

    Clusters of up to five pictures are given apart: they are outliers, of use only when nothing else is left.
    """
    total = np.bincount(cluster)
    free = np.bincount(cluster[:offered], minlength=len(total))
    order = np.lexsort((-total, total - free))
    order = order[free[order] > 0]
    return order[total[order] > SMALL], order[total[order] <= SMALL]


def in_turn(clusters: Int64, members_of: Callable[[int], Int64]) -> Iterator[int]:
    """The first member of each cluster, then the second of each, … until none is left."""
    members: dict[int, Int64] = {}
    rank = 0
    while len(clusters):
        for one in clusters.tolist():
            if rank == 0:
                members[one] = members_of(one)
            yield int(members[one][rank])
        rank += 1
        clusters = clusters[[rank < len(members[one]) for one in clusters.tolist()]]


def distance_among(rows: Float32) -> Float32:
    """Mean distance [n] of each row to the 20 nearest others.

    The rows are unit vectors without what lies outside the projection's axes. That is taken to be at
    right angles between rows, so |a - b|² is 2 - 2 a·b.
    """
    count = min(NEIGHBOURS, len(rows) - 1)
    if count < 1:
        return np.zeros(len(rows), np.float32)
    cosines, _ = faiss.knn(rows, rows, count + 1, metric=faiss.METRIC_INNER_PRODUCT)
    return mean_distance(cosines[:, 1:])  # the nearest is the row itself, or its equal


def distance_in_graph(graph: Neighbours, positions: Int64) -> Float32:
    """Mean distance [n] of each picture to its neighbours in the graph; 2 for one that has none."""
    neighbours, cosines = graph.of(positions)
    return mean_distance(np.where(neighbours >= 0, cosines, -1).astype(np.float32))


def mean_distance(cosines: Float32) -> Float32:
    """Mean distance [n] of unit vectors with these cosines [n, k]."""
    return np.sqrt((2 - 2 * cosines).clip(min=0)).mean(axis=1)
