"""BAIT: label the pictures after which the head is least unsure about the whole pool."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from worker.ml.strategies.base import Float32, Int64, Pick, Problem, at_most
from worker.ml.strategies.clustering import project
from worker.ml.strategies.explain import explain

Float64 = npt.NDArray[np.float64]

NAME = "bait"
TITLE = "BAIT"
WHEN = "For the last points of accuracy: the picks that tell the head most about all pictures; slower than others."

MAX_ROWS = 8192  # of candidates, coverage and labelled each; more are sampled
DIMS = 256  # axes in which information is measured
PENALTY = 1 / 30  # the head's own: it is trained with C = 30
LEAST = 1e-3  # p(1 - p) of a prediction that is sure: the picture still says something about its surroundings
MOST_AHEAD = 2048  # picks up to which twice as many are made as wanted, and the least useful taken back
STEPS = 64  # rank-one updates after which rounding errors are cleared
TINY = 1e-6


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """Greedily minimise tr((I_labelled + I_picks + penalty)⁻¹ I_pool), I the Fisher information; see `base.Query`.

    Ash et al. 2021, "Gone Fishing", algorithm 1: forward to twice the batch, then back. Its Fisher
    information of all classes is replaced by that of the likeliest class against the rest,
    p(1 - p) h hᵀ: Huseljic et al. 2024, "Fast Fishing", section 4.2. Before there is a head p is 1/2.
    """
    offered = at_most(problem.candidates, max(MAX_ROWS, batch), rng)
    batch = min(batch, len(offered))
    if batch < 1:
        return []
    pool, known = at_most(problem.coverage, MAX_ROWS, rng), at_most(problem.labelled, MAX_ROWS, rng)
    positions, where = np.unique(np.concatenate([offered, pool, known]), return_inverse=True)
    rows = project(problem.features.rows(positions).astype(np.float32), DIMS, rng)
    rows *= np.sqrt(_doubt(problem, positions))[:, None]
    candidates, around, labelled = np.split(rows[where], [len(offered), len(offered) + len(pool)])
    design = Design(candidates, _information(around), _information(labelled))
    ahead = min(2 * batch, max(batch, MOST_AHEAD), len(offered))
    chosen = design.forward(ahead)
    return explain(problem, offered[design.backward(chosen, batch)])


class Design:
    """Which of n rows v [n, d] are taken, and what the trace tr((start + sum v vᵀ)⁻¹ target) would lose or gain.

    With A the inverse, taking v lowers the trace by vᵀ A target A v / (1 + vᵀ A v), taking it back raises it
    by the same with 1 - vᵀ A v (Sherman and Morrison). Both forms are kept for every row and updated as A is.
    """

    def __init__(self, rows: Float32, target: Float64, known: Float64) -> None:
        """target [d, d]: the information wanted; known [d, d]: that of the labelled."""
        self.rows, self.target = rows, target
        self.start = known + PENALTY * np.eye(len(known))
        self.free = np.ones(len(rows), bool)
        self._recompute()

    def forward(self, count: int) -> list[int]:
        """Take the `count` rows that lower the trace most, one by one; their indexes in that order."""
        chosen: list[int] = []
        while len(chosen) < count:
            gains = np.where(self.free, self.reduction / (1 + self.size), -np.inf)
            chosen.append(int(gains.argmax()))
            self._update(chosen[-1], sign=1)
            if len(chosen) % STEPS == 0:
                self._recompute()
        return chosen

    def backward(self, chosen: list[int], count: int) -> Int64:
        """Take back the rows that raise the trace least, one by one, until `count` of `chosen` are left."""
        kept = np.array(chosen, np.int64)
        while len(kept) > count:
            losses = self.reduction[kept] / (1 - self.size[kept]).clip(min=TINY)
            least = int(losses.argmin())
            self._update(int(kept[least]), sign=-1)
            kept = np.delete(kept, least)
            if len(kept) % STEPS == 0:
                self._recompute()
        return kept

    def trace(self) -> float:
        """tr(A target)."""
        return float((self.inverse * self.target).sum())

    def _update(self, index: int, *, sign: int) -> None:
        """Add (1) or subtract (-1) the row's v vᵀ."""
        self.free[index] = sign < 0
        row = self.rows[index].astype(np.float64)
        step = self.inverse @ row
        step /= np.sqrt(max(TINY, 1 + sign * (row @ step)))
        turned = self.inverse @ (self.target @ step)
        along, across = (self.rows @ np.column_stack([step, turned]).astype(np.float32)).T.astype(np.float64)
        self.reduction += along * (along * (step @ self.target @ step) - sign * 2 * across)
        self.size -= sign * along**2
        self.inverse -= sign * np.outer(step, step)

    def _recompute(self) -> None:
        """Everything anew from the rows that are taken."""
        taken = self.rows[~self.free].astype(np.float64)
        self.inverse = np.linalg.inv(self.start + taken.T @ taken).astype(np.float64)
        self.size = _forms(self.rows, self.inverse)  # [n] vᵀ A v
        both: Float64 = self.inverse @ self.target @ self.inverse
        self.reduction = _forms(self.rows, both)  # [n] vᵀ A target A v


def _doubt(problem: Problem, positions: Int64) -> Float32:
    """p (1 - p) [k] of the likeliest class, or of the most doubtful one where several may be present."""
    if problem.probs is None:
        return np.full(len(positions), 0.25, np.float32)
    best = problem.probs.surest(positions)
    return (best * (1 - best)).clip(min=LEAST)


def _information(rows: Float32) -> Float64:
    """sum v vᵀ [d, d]."""
    return (rows.T @ rows).astype(np.float64)


def _forms(rows: Float32, matrix: Float64) -> Float64:
    """vᵀ M v [n] of each row."""
    return np.einsum("nd,nd->n", rows @ matrix.astype(np.float32), rows).astype(np.float64)
