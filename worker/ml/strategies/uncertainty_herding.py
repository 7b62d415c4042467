"""Uncertainty Herding: label what stands for many pictures that are both uncertain and unlike the labelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from worker.ml.strategies.base import Int64, Pick, Probs, make_reason

NAME = "uncertainty_herding"
TITLE = "Uncertainty Herding"
WHEN = "The default: finds pictures that are typical, new and doubtful at once, from the first label on."

MAX_ROWS = 8192  # of candidates, coverage and labelled each; more are sampled, the kernel has 8192² entries
FIRST_WIDTH = 1.0  # of the kernel while nothing is labelled, MaxHerding's value
MIN_WIDTH = 0.1  # near-duplicates among the labelled must not shrink the kernel to nothing
WIDTH_QUANTILE = 0.1  # which of the smallest distances; the very smallest hangs on one pair of look-alikes
LOOK_ALIKE = 0.5  # cosine from which on a picture counts as a look-alike
BLOCK = 512  # rows of the kernel that the first pass handles at once
REFRESHED = 32  # stale gains that the lazy search renews at once


def query(
    *,
    features: npt.NDArray[np.float16],
    candidates: Int64,
    labelled: Int64,
    coverage: Int64,
    probs: Probs | None,
    batch: int,
    rng: np.random.Generator,
) -> list[Pick]:
    """Greedily maximise sum_u w_u max_{l in labelled + picks} k(u, l); see `base.Query`.

    k(u, l) = exp(-|u - l|² / width²) and w = 1 - margin. While nothing is labelled w is 1 (MaxHerding).
    Bae et al. 2024, "Uncertainty Herding: One Active Learning Method for All Label Budgets".
    """
    candidates = _sample(candidates, rng)
    pictures_a_row = max(1.0, len(coverage) / MAX_ROWS)
    coverage = _sample(coverage, rng)
    labelled = _sample(labelled, rng)
    if not (len(candidates) and len(coverage)) or batch < 1:
        return []
    offered, pool, known = (_rows(features, positions) for positions in (candidates, coverage, labelled))
    width = kernel_width(known)
    nearest = nearest_similarity(pool, known)
    margins = None
    if probs is not None and len(labelled):
        margins = torch.from_numpy(np.asarray(probs.margins[coverage], np.float32))
    weights = torch.ones(len(pool)) if margins is None else 1 - margins
    kernel = to_kernel(offered @ pool.T, width)
    chosen = greedy_herding(kernel, to_kernel(nearest, width), weights, batch)
    look_alikes = count_look_alikes(kernel[chosen], to_kernel(nearest, width), width) * pictures_a_row
    explain = _Explainer(nearest, margins)
    near = nearest_similarity(offered[chosen], known)
    picks = []
    for rank, index in enumerate(chosen):
        position = int(candidates[index])
        margin = None if probs is None else float(probs.margins[position])
        reason = explain(margin, float(near[rank]), int(look_alikes[rank]))
        picks.append(Pick(position, reason))
    return picks


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


def count_look_alikes(picked: torch.Tensor, covered: torch.Tensor, width: float) -> npt.NDArray[np.int64]:
    """How many pictures each picked kernel row [b, u] is the first to resemble this closely, itself excluded."""
    threshold = float(to_kernel(torch.tensor([LOOK_ALIKE]), width))
    counts = np.zeros(len(picked), np.int64)
    for rank, row in enumerate(picked):
        counts[rank] = max(0, int(((row > covered) & (row >= threshold)).sum()) - 1)
        covered = torch.maximum(covered, row)
    return counts


@dataclass(frozen=True)
class _Explainer:
    """Says what stands out about a pick, measured by its rank among the pictures of the pool."""

    nearest: torch.Tensor  # [u] cosine to the nearest labelled picture
    margins: torch.Tensor | None  # [u]

    def __call__(self, margin: float | None, near: float, look_alikes: int) -> dict[str, Any]:
        if near == -torch.inf:
            return make_reason("typical", margin=margin, look_alikes=look_alikes)
        strangeness = float((self.nearest < near).float().mean())
        sureness = 1.0
        if margin is not None and self.margins is not None:
            sureness = float((self.margins < margin).float().mean())
        code = "torn" if sureness <= strangeness else "unlike_labelled"
        if min(sureness, strangeness) > 0.5:
            code = "typical"
        return make_reason(code, margin=margin, nearest_similarity=near, look_alikes=look_alikes)


def _gains(rows: torch.Tensor, covered: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return (rows - covered).clamp_(min=0) @ weights


def _sample(positions: Int64, rng: np.random.Generator) -> Int64:
    if len(positions) <= MAX_ROWS:
        return positions
    return np.sort(rng.choice(positions, MAX_ROWS, replace=False))


def _rows(features: npt.NDArray[np.float16], positions: Int64) -> torch.Tensor:
    return torch.from_numpy(np.asarray(features[positions])).float()
