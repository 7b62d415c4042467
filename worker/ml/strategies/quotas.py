"""How a batch is shared out among classes: what each lacks, whole numbers of picks, and their order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from worker.ml.strategies.base import Int64, Problem, at_most

Float64 = npt.NDArray[np.float64]

MAX_UNKNOWN = 4096  # pictures about to get a label that the head is asked about


def expected_counts(problem: Problem, rng: np.random.Generator) -> Float64:
    """Labelled pictures [C] of each class; those whose label is not known yet count as the head expects."""
    known = problem.labels >= 0
    counts = np.bincount(problem.labels[known], minlength=problem.classes).astype(np.float64)
    unknown = problem.labelled[~known]
    if problem.probs is None or not len(unknown):
        return counts
    some = at_most(unknown, MAX_UNKNOWN, rng)
    return counts + problem.probabilities(some).mean(axis=0, dtype=np.float64) * len(unknown)


def level_up(counts: Float64, batch: int) -> Float64:
    """Shares [C] of `batch` after which the lowest of `counts` are as even as they can be."""
    lowest = np.sort(counts)
    needed = lowest * np.arange(1, len(lowest) + 1) - lowest.cumsum()  # to raise the first k up to the k-th
    raised = int(np.searchsorted(needed, batch, side="right"))
    level = (batch + lowest[:raised].sum()) / raised
    return (level - counts).clip(min=0)


def share_out(weights: Float64, batch: int) -> Int64:
    """Whole numbers [C] in proportion to `weights` that add up to `batch`, by the largest remainders."""
    if weights.sum() <= 0:
        return np.zeros(len(weights), np.int64)
    exact = weights * (batch / weights.sum())
    whole = np.floor(exact).astype(np.int64)
    for column in np.argsort(whole - exact, kind="stable")[: batch - whole.sum()]:
        whole[column] += 1
    return whole


def take_turns(groups: list[list[int]]) -> list[tuple[int, int]]:
    """(group, member) of all members, so that at every length each group has its share of them."""
    turns = [
        ((rank + 0.5) / len(group), index, member)
        for index, group in enumerate(groups)
        for rank, member in enumerate(group)
    ]
    return [(index, member) for _, index, member in sorted(turns, key=lambda turn: turn[:2])]
