"""Uncertainty Herding: label what stands for many pictures that are both uncertain and unlike the labelled."""

from __future__ import annotations

import numpy as np
import torch

from worker.ml.strategies.base import Int64, Pick, Problem, at_most
from worker.ml.strategies.explain import explain

NAME = "uncertainty_herding"
TITLE = "Uncertainty Herding"
WHEN = "When few labels are given and the classes lie apart: typical, new and doubtful pictures at once."

MAX_ROWS = 8192  # of candidates, coverage and labelled each; more are sampled, the kernel has 8192² entries
FIRST_WIDTH = 1.0  # of the kernel while nothing is labelled, MaxHerding's value
MIN_WIDTH = 0.1  # near-duplicates among the labelled must not shrink the kernel to nothing
WIDTH_QUANTILE = 0.1  # which of the smallest distances; the very smallest hangs on one pair of look-alikes
BLOCK = 512  # rows of the kernel that the first pass handles at once
REFRESHED = 32  # stale gains that the lazy search renews at once


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """Greedily maximise sum_u w_u max_{l in labelled + picks} k(u, l); see `base.Query`.

    k(u, l) = exp(-|u - l|² / width²) and w = 1 - margin. While nothing is labelled w is 1 (MaxHerding).
    Bae et al. 2024, "Uncertainty Herding: One Active Learning Method for All Label Budgets".
    """
    candidates = at_most(problem.candidates, MAX_ROWS, rng)
    coverage = at_most(problem.coverage, MAX_ROWS, rng)
    labelled = at_most(problem.labelled, MAX_ROWS, rng)
    if not (len(candidates) and len(coverage)) or batch < 1:
        return []
    offered, pool, known = (_rows(problem, positions) for positions in (candidates, coverage, labelled))
    width = kernel_width(known)
    covered = to_kernel(nearest_similarity(pool, known), width)
    weights = torch.ones(len(pool))
    if problem.probs is not None and len(labelled):
        weights = 1 - torch.from_numpy(np.asarray(problem.probs.margins[coverage], np.float32))
    chosen = greedy_herding(to_kernel(offered @ pool.T, width), covered, weights, batch)
    return explain(problem, candidates[chosen])


def kernel_width(known: torch.Tensor) -> float:
    """The kernel's width for labelled rows [l, d]: a low quantile of their nearest-neighbour distances."""
    if len(known) < 2:
        return FIRST_WIDTH
    similarity = (known @ known.T).fill_diagonal_(-1)
    distances = (2 - 2 * similarity.amax(1)).clamp(min=0).sqrt()
    return max(MIN_WIDTH, float(distances.quantile(WIDTH_QUANTILE)))


def to_kernel(similarity: torch.Tensor, width: float) -> torch.Tensor:
    """exp(-|a - b|² / width²) from the cosines of unit vectors: |a - b|² is 2 - 2 cos."""
    return (similarity - 1).mul_(2 / width**2).clamp_(max=0).exp_()


def nearest_similarity(rows: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Cosine [n] of each row to the nearest of `known`; -inf if there is none."""
    if not len(known):
        return torch.full((len(rows),), -torch.inf)
    return (rows @ known.T).amax(1)


def greedy_herding(kernel: torch.Tensor, covered: torch.Tensor, weights: torch.Tensor, batch: int) -> list[int]:
    """Rows of `kernel` [m, u] that greedily maximise sum_u weights_u max(covered_u, picked rows), best first.

    The sum is submodular: a gain computed earlier bounds today's from above, so only the most promising
    rows are computed again (Minoux 1978), with the same result as computing all of them.
    """
    gains = torch.cat([_gains(block, covered, weights) for block in kernel.split(BLOCK)])
    fresh = torch.ones(len(kernel), dtype=torch.bool)
    chosen: list[int] = []
    while len(chosen) < min(batch, len(kernel)):
        top = gains.topk(min(REFRESHED, len(gains))).indices
        best = int(top[0])
        if not fresh[best]:
            stale = top[~fresh[top] & (gains[top] > -torch.inf)]  # what was chosen stays out
            gains[stale] = _gains(kernel[stale], covered, weights)
            fresh[stale] = True
            continue
        chosen.append(best)
        covered = torch.maximum(covered, kernel[best])
        fresh[:] = False
        gains[best] = -torch.inf
    return chosen


def _gains(rows: torch.Tensor, covered: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return (rows - covered).clamp_(min=0) @ weights


def _rows(problem: Problem, positions: Int64) -> torch.Tensor:
    return torch.from_numpy(problem.features.rows(positions)).float()
