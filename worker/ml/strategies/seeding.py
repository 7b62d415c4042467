"""Spreading picks out: draws that are far from one another, by k-means++ and by greedy k-center."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from worker.ml.strategies.base import Float32, Int64

DRAWN = 32  # rows that are drawn, or centres that are caught up with, in one product of matrices
RENEWED = 64  # stale distances that the lazy search renews at once
EQUAL = 1e-6  # squared distance, in squared lengths, up to which rows are the same but for rounding


class Rows:
    """n rows, each the outer product of its rows in some factors, which are never multiplied out.

    For u = a ⊗ b and v = c ⊗ d, ⟨u, v⟩ = ⟨a, c⟩ ⟨b, d⟩: a gradient of C x d numbers costs C + d.
    """

    def __init__(self, *factors: Float32) -> None:
        """factors: arrays [n, d1], [n, d2] …"""
        self.factors = factors
        self.lengths = np.prod([np.einsum("nd,nd->n", factor, factor) for factor in factors], axis=0)

    def __len__(self) -> int:
        return len(self.lengths)

    def distances(self, some: Int64, to: Int64 | slice = slice(None)) -> Float32:
        """Squared Euclidean distances [k, n] of `some` [k] rows to the rows `to`, exactly 0 between equal ones."""
        products = np.prod([factor[some] @ factor[to].T for factor in self.factors], axis=0)
        sums = self.lengths[some][:, None] + self.lengths[to]
        distances = sums - 2 * products
        distances[distances <= EQUAL * sums] = 0
        return distances


def spread_by_lot(
    rows: Rows, count: int, rng: np.random.Generator, *, closest: Float32, weights: Float32 | None = None
) -> Int64:
    """k-means++: draw rows with chances by weight x squared distance to those drawn before -> indexes [<= count].

    closest [n]: squared distance to what is there from the start (not changed). Fewer than `count` come
    when all others equal a drawn one.

    Distances only shrink, so rows drawn by yesterday's distances and kept with chance today's / yesterday's
    are draws by today's: many rows are drawn and measured in one matrix product, with the same distribution
    as one by one (rejection sampling; Arthur and Vassilvitskii 2007 for k-means++).
    """
    weights = np.ones(len(rows), np.float32) if weights is None else weights
    chosen: list[int] = []
    while len(chosen) < count:
        chances = (closest * weights).cumsum(dtype=np.float64)
        if not len(chances) or chances[-1] <= 0:
            break
        drawn = np.searchsorted(chances, rng.random(DRAWN) * chances[-1], side="right").clip(max=len(rows) - 1)
        kept = _keep(rows.distances(drawn, drawn), closest[drawn], rng.random(DRAWN, np.float32))[: count - len(chosen)]
        chosen += drawn[kept].tolist()
        closest = np.minimum(closest, rows.distances(drawn[kept]).min(axis=0, initial=np.inf))
        closest[chosen] = 0
    return np.array(chosen, np.int64)


def _keep(between: Float32, before: Float32, lots: Float32) -> list[int]:
    """Which of the draws stay: each with chance (distance to those kept and before) / (distance before)."""
    now, kept = before.copy(), []
    for rank, lot in enumerate(lots):
        if lot * before[rank] < now[rank]:
            kept.append(rank)
            now = np.minimum(now, between[rank])
    return kept


def spread_greedily(rows: Rows, count: int, *, closest: Float32) -> Int64:
    """k-center: take the row farthest from those taken before, again and again -> indexes [min(count, n)].

    closest [n]: squared distance to what is there from the start (not changed). Distances only shrink, so
    only rows that were far enough to win are measured against the newest centres; the others catch up with
    `DRAWN` centres in one matrix product. The result is that of measuring every row each time.
    """
    closest, seen = closest.copy(), np.zeros(len(rows), np.int64)
    chosen: list[int] = []
    while len(chosen) < min(count, len(rows)):
        best = int(closest.argmax())
        if seen[best] == len(chosen) or closest[best] <= 0:
            chosen.append(best)
            closest[best] = -1  # never again
            if len(chosen) % DRAWN == 0:
                _catch_up(rows, closest, chosen[-DRAWN:], slice(None))
                seen[:] = len(chosen)
            continue
        far = np.append(np.argpartition(closest, max(0, len(closest) - RENEWED))[-RENEWED:], best)
        stale = far[seen[far] < len(chosen)]
        _catch_up(rows, closest, chosen[int(seen[stale].min()) :], stale)
        seen[stale] = len(chosen)
    return np.array(chosen, np.int64)


def _catch_up(rows: Rows, closest: Float32, centres: Sequence[int], some: Int64 | slice) -> None:
    closest[some] = np.minimum(closest[some], rows.distances(np.array(centres), some).min(axis=0))
