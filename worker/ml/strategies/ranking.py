"""The order of pictures by a score, with ties broken by lot."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from worker.ml.strategies.base import Int64


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
