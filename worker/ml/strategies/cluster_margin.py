"""Cluster-Margin: label doubtful pictures, in turn from all the groups that they fall into."""

from __future__ import annotations

import numpy as np

from worker.ml.strategies.base import Int64, Pick, Problem, at_most
from worker.ml.strategies.clustering import k_means, project
from worker.ml.strategies.explain import doubts, explain
from worker.ml.strategies.ranking import lowest

NAME = "cluster_margin"
TITLE = "Cluster-Margin"
WHEN = "For large batches: as doubtful as Margin's picks, but never many of the same kind."

DOUBTFUL = 10  # pictures looked at for each pick
MAX_ROWS = 8192  # of pictures clustered, and of doubtful ones
MAX_CLUSTERS = 1024
DIMS = 128  # in which the pool is clustered


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """Of the 10 x batch lowest margins, one of each cluster in turn, small clusters first; see `base.Query`.

    Citovsky et al. 2021, "Batch Active Learning at Scale", algorithm 1. The paper's average-link
    clustering of the whole pool is replaced by k-means with as many clusters as picks, which scales.
    Before there is a head, all pictures are equally doubtful.
    """
    candidates, probs = problem.candidates, problem.probs
    margins = np.zeros(len(candidates), np.float16) if probs is None else probs.margins[candidates]
    doubtful = candidates[lowest(margins, min(DOUBTFUL * batch, max(MAX_ROWS, batch)), rng)]
    if not len(doubtful):
        return []
    chosen = doubtful[take_turns(clusters(problem, doubtful, batch, rng), rng)[:batch]]
    return explain(problem, chosen, codes=None if probs is None else doubts(probs, chosen))


def clusters(problem: Problem, positions: Int64, count: int, rng: np.random.Generator) -> Int64:
    """Which of about `count` clusters of the pool each of `positions` [k] falls into: [k]."""
    pool = np.union1d(at_most(problem.coverage, MAX_ROWS, rng), positions)
    rows = project(problem.features.rows(pool).astype(np.float32), DIMS, rng)
    assigned, _ = k_means(rows, min(count, MAX_CLUSTERS), rng)
    return assigned[np.searchsorted(pool, positions)]


def take_turns(cluster: Int64, rng: np.random.Generator) -> Int64:
    """Indexes [n] in the order of a round-robin over the clusters [n], smallest first, at random inside each."""
    lot = rng.permutation(len(cluster))
    _, number, sizes = np.unique(cluster[lot], return_inverse=True, return_counts=True)
    grouped = np.argsort(number, kind="stable")
    turn = np.empty(len(lot), np.int64)
    turn[grouped] = np.arange(len(lot)) - np.repeat(sizes.cumsum() - sizes, sizes)
    return lot[np.lexsort((number, sizes[number], turn))]
