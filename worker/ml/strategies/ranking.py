"""The order of pictures by a score, with ties broken by lot; and picks by a score of doubt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from worker.ml.strategies.base import Int64, Pick, Problem, Probs
from worker.ml.strategies.explain import doubts, explain
from worker.ml.strategies.random import query as pick_at_random


def lowest(scores: npt.NDArray[np.floating[Any]], count: int, rng: np.random.Generator) -> Int64:
    """Indexes [min(count, n)] of the lowest `scores` [n], lowest first; equal ones in random order.

    Scores in half precision tie often: without the lot the oldest pictures would always come first.
    """
    count = min(count, len(scores))
    if count < 1:
        return np.zeros(0, np.int64)
    lot = rng.permutation(len(scores))
    shuffled = np.asarray(scores, np.float32)[lot]
    limit = np.partition(shuffled, count - 1)[count - 1]
    below, level = np.flatnonzero(shuffled < limit), np.flatnonzero(shuffled == limit)
    few = np.concatenate([below, level[: count - len(below)]])
    return lot[few[np.argsort(shuffled[few], kind="stable")]]


def surest_last(
    problem: Problem,
    sureness: Callable[[Probs, Int64], npt.NDArray[np.floating[Any]]],
    *,
    batch: int,
    rng: np.random.Generator,
) -> list[Pick]:
    """The candidates with the lowest sureness(what the head says, positions [m]) -> [m]; at random before there is a
    head.
    """
    if problem.probs is None:
        return pick_at_random(problem, batch=batch, rng=rng)
    scores = sureness(problem.probs, problem.candidates)
    chosen = problem.candidates[lowest(np.asarray(scores, np.float32), batch, rng)]
    return explain(problem, chosen, codes=doubts(problem.probs, chosen))
