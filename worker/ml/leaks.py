"""Pictures that look alike on both sides of a split: what a test set must not have in common with training."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

BLOCK = 2048  # test rows a product; with 4,096 training rows it is 32 MiB


@dataclass
class LookAlikes:
    """Pairs whose cosine similarity is at least the threshold.

    `pairs` counts them all; `worst` keeps the most similar ones as (similarity, train row, test row).
    """

    pairs: int = 0
    worst: list[tuple[float, int, int]] = field(default_factory=list)


def look_alikes(
    train: Iterator[tuple[np.ndarray, np.ndarray]],
    test: np.ndarray,
    *,
    threshold: float,
    keep: int = 50,
    on_rows: Callable[[int], None] = lambda _: None,
) -> LookAlikes:
    """Compare every training row with every test row.

    Args:
        train: (numbers int64 [k], L2-normalised rows [k, dim]) in parts, so that they need not fit into memory.
        test: float32 [n, dim], L2-normalised; zero rows match nothing.
        threshold: cosine similarity, above 0.
        keep: how many of the most similar pairs are returned.
        on_rows: told how many training rows were compared since the last call.
    """
    found = LookAlikes()
    for numbers, rows in train:
        part = np.ascontiguousarray(rows, np.float32).T
        for start in range(0, len(test), BLOCK):
            similar = test[start : start + BLOCK] @ part
            rising = np.argwhere(similar >= threshold)
            found.pairs += len(rising)
            values = similar[rising[:, 0], rising[:, 1]]
            for number in np.argsort(-values, kind="stable")[:keep]:
                test_row, train_row = rising[number]
                pair = (float(values[number]), int(numbers[train_row]), start + int(test_row))
                (heapq.heappush if len(found.worst) < keep else heapq.heappushpop)(found.worst, pair)
        on_rows(len(numbers))
    found.worst.sort(reverse=True)
    return found
