"""DropQuery: label pictures whose prediction does not survive when parts of the embedding are left out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from worker.ml.strategies.base import Float32, Int64, Pick, Problem, at_most, decisions
from worker.ml.strategies.clustering import k_means, project
from worker.ml.strategies.explain import explain

NAME = "dropquery"
TITLE = "DropQuery"
WHEN = "For few labels and strong embeddings: finds shaky predictions and takes one of each kind."

TESTED = 16384  # candidates whose predictions are tried; more are sampled
MAX_ROWS = 8192  # shaky candidates that are clustered
MASKS = 3  # tries
KEPT = 64  # of 256: numbers of the embedding that a try leaves in, a quarter
DIMS = 128  # in which candidates are clustered
CHUNK = 4096  # rows tried at once


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """The middles of `batch` clusters of the candidates that most tries of dropout name differently; see `base.Query`.

    Gupte et al. 2024, "Revisiting Active Learning in the Era of Vision Foundation Models", DropQuery:
    dropout .75 on the features, 3 tries, more than half of them against the prediction. Are
    they fewer than the batch, the next shaky ones follow. Before there is a head all candidates count.
    """
    tested = at_most(problem.candidates, max(TESTED, batch), rng)
    batch = min(batch, len(tested))
    if batch < 1:
        return []
    features = problem.features.rows(tested)
    if problem.probs is None:
        shaky = np.arange(len(tested))
    else:
        shaky = most_shaky(
            flips(problem.probs.of_features, features, rng, multi_label=problem.probs.multi_label), batch, rng
        )
    shaky = at_most(shaky, max(MAX_ROWS, batch), rng)
    rows = project(features[shaky].astype(np.float32), DIMS, rng)
    return explain(problem, tested[shaky[middles(rows, batch, rng)]])


def flips(
    of_features: Callable[[npt.NDArray[np.floating]], Float32],
    features: npt.NDArray[np.float16],
    rng: np.random.Generator,
    *,
    multi_label: bool = False,
) -> Int64:
    """How many of the tries [n] name another class (or set) than the head does for the whole embedding [n, d]."""
    counts = np.zeros(len(features), np.int64)
    for start in range(0, len(features), CHUNK):
        rows = features[start : start + CHUNK].astype(np.float32)
        named = decisions(of_features(rows), multi_label=multi_label)
        for _ in range(MASKS):
            left_in = rng.integers(256, size=rows.shape, dtype=np.uint8) < KEPT
            tried = rows * left_in * (256 / KEPT)
            changed = decisions(of_features(tried), multi_label=multi_label) != named
            counts[start : start + CHUNK] += changed.any(axis=1)
    return counts


def most_shaky(counts: Int64, least: int, rng: np.random.Generator) -> Int64:
    """Indexes of what more than half of the tries flipped; if fewer than `least`, the next, equal ones by lot."""
    shaky = np.flatnonzero(counts > MASKS / 2)
    if len(shaky) >= least:
        return shaky
    lot = rng.permutation(len(counts))
    return np.sort(lot[np.argsort(-counts[lot], kind="stable")[:least]])


def middles(rows: Float32, count: int, rng: np.random.Generator) -> Int64:
    """Indexes [count] of the row nearest to the centre of each of `count` clusters, large clusters first.

    Where rows are equal and leave clusters empty, others fill up by lot.
    """
    cluster, centres = k_means(rows, count, rng)
    offset = np.square(rows - centres[cluster]).sum(axis=1)
    order = np.lexsort((offset, cluster))
    _, first, sizes = np.unique(cluster[order], return_index=True, return_counts=True)
    chosen = order[first[np.argsort(-sizes, kind="stable")]]
    rest = np.setdiff1d(np.arange(len(rows)), chosen)
    return np.concatenate([chosen, rng.permutation(rest)])[:count]
