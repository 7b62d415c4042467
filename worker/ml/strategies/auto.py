"""The default: label the pictures that tell most about what the model still doubts, wherever in the pool that is."""

from __future__ import annotations

import numpy as np
import torch

from worker.ml.strategies.base import Float32, Int64, Pick, Problem, at_most
from worker.ml.strategies.explain import explain

NAME = "auto"
TITLE = "Automatic"
WHEN = "The default: from the first label to the last, it asks for what makes the rest of the pool clearer."

DIMS = 128  # directions in which the pool varies most; the others tell pictures apart by chance
ITERATIONS = 3  # of the search for them
WIDTH = 1.0  # of the kernel over centred unit rows: pictures farther apart say little about each other
NOISE = 0.1  # variance of a label: what one says of its own picture is not the last word on its surroundings
ROWS = 4096  # of the candidates and of the coverage each; more are thinned out
CHOICE = 8  # candidates for each pick, where that is more
GLANCE = 4  # candidates looked at for each one that is kept
LEAST_DOUBT = 1e-4  # of a picture that the head is sure of, when lots are drawn
LABELLED = 2048  # labelled pictures that are taken into account


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """Greedily lessen the doubt that is left in the pool; see `base.Query`.

    To a Gaussian process over the embeddings every picture has a variance, which labels nearby lessen. A pick is worth
    sum_u w_u (share of the variance at u that its label takes away), u over the pool, w = 1 - margin of the present
    head (1 while there is none): sequential transductive experimental design (Yu, Bi and Tresp 2006, section 4), which
    Cohn et al. 1996 call ALC, weighted by doubt as in Uncertainty Herding (Bae et al. 2024, section 3).

    Of a large pool a part stands for the whole in the sum, drawn by doubt; and the candidates are thinned out twice, by
    doubt and then by doubt times variance, each time by lot, so that no picture is beyond reach.
    """
    if batch < 1 or not len(problem.candidates) or not len(problem.coverage):
        return []
    sample = at_most(problem.coverage, ROWS, rng)
    process = Process(problem, sample=sample, labelled=at_most(problem.labelled, LABELLED, rng), rng=rng)
    candidates = _thinned_out(problem, process, max(ROWS, CHOICE * batch), rng)
    coverage, weights = drawn(problem.coverage, doubt(problem, problem.coverage), ROWS, rng)
    design = Design(process, candidates, coverage, weights, min(batch, len(candidates)))
    chosen = [design.take() for _ in range(min(batch, len(candidates)))]
    return explain(problem, candidates[chosen])


def doubt(problem: Problem, positions: Int64) -> Float32:
    """1 - margin [n] of what the head says of some positions; 1 while there is no head."""
    if problem.probs is None:
        return np.ones(len(positions), np.float32)
    return 1 - np.asarray(problem.probs.margins[positions], np.float32)


def _thinned_out(problem: Problem, process: Process, kept: int, rng: np.random.Generator) -> Int64:
    """`kept` of the candidates, drawn by doubt times variance; all if they are no more."""
    seen, _ = drawn(problem.candidates, doubt(problem, problem.candidates), GLANCE * kept, rng)
    if len(seen) <= kept:
        return seen
    variance = process.variance(process.rows(seen)).numpy()
    return drawn(seen, doubt(problem, seen) * variance, kept, rng)[0]


def drawn(positions: Int64, weights: Float32, count: int, rng: np.random.Generator) -> tuple[Int64, Float32]:
    """At most `count` positions, the heavier the likelier, and what each of them weighs now.

    Sums over those drawn with their new weights equal, in expectation, sums over all with the old ones (priority
    sampling, Duffield, Lund and Thorup 2007, section 2).
    """
    if len(positions) <= count:
        return positions, weights
    priorities = np.maximum(weights, LEAST_DOUBT) / (1 - rng.random(len(positions), np.float32))
    order = np.argpartition(-priorities, count)
    taken = np.sort(order[:count])
    return positions[taken], np.maximum(weights[taken], priorities[order[count]])


class Process:
    """A Gaussian process over the embeddings, given the labelled pictures."""

    def __init__(self, problem: Problem, *, sample: Int64, labelled: Int64, rng: np.random.Generator) -> None:
        self._features = problem.features
        # All embeddings of a pool point much the same way; what tells them apart is left when their mean is taken out.
        raw = torch.from_numpy(self._features.rows(sample)).float()
        self._centre = raw.mean(0)
        self._basis = principal_directions(torch.nn.functional.normalize(raw - self._centre), DIMS, rng)
        self._known = self.rows(labelled)
        covariance = kernel(self._known, self._known) + NOISE * torch.eye(len(labelled))
        self._root = torch.linalg.cholesky(covariance)

    def rows(self, positions: Int64) -> torch.Tensor:
        """Centred, projected unit rows [n, DIMS]."""
        parts = [self._features.rows(part) for part in np.array_split(positions, len(positions) // ROWS + 1)]
        projected = [(torch.from_numpy(part).float() - self._centre) @ self._basis for part in parts]
        return torch.nn.functional.normalize(torch.cat(projected))

    def told(self, rows: torch.Tensor) -> torch.Tensor:
        """Coordinates [l, n] of some rows among the labelled; their products are the covariance that labels explain."""
        return torch.linalg.solve_triangular(self._root, kernel(self._known, rows), upper=False)

    def variance(self, rows: torch.Tensor) -> torch.Tensor:
        """What is not known yet [n]: 1 far from every label, less nearby."""
        return 1 - (self.told(rows) ** 2).sum(0)


class Design:
    """Candidates [m] that are picked one by one, for what each says about the coverage [u] after those before it."""

    def __init__(self, process: Process, candidates: Int64, coverage: Int64, weights: Float32, picks: int) -> None:
        self._rows, self._weights = process.rows(candidates), torch.from_numpy(weights)
        around = process.rows(coverage)
        self._told = process.told(self._rows)
        self._covariance = kernel(self._rows, around).sub_(self._told.T @ process.told(around))  # before the first pick
        self._variance = 1 - (self._told**2).sum(0)
        self._worth = torch.cat([block.square() @ self._weights for block in self._covariance.split(512)])
        # The k-th pick lessens the covariance of x and u by here[k, x] there[k, u].
        self._here, self._there = torch.zeros(picks, len(candidates)), torch.zeros(picks, len(coverage))
        self._taken: list[int] = []

    def take(self) -> int:
        """Pick the candidate that is worth most now -> its index."""
        worth = self._worth / (self._variance + NOISE)
        worth[self._taken] = -torch.inf
        best = int(worth.argmax())
        here, there = self._effect(best)
        weighted = self._weights * there
        before, before_there = self._here[: len(self._taken)], self._there[: len(self._taken)]
        shared = self._covariance @ weighted - before.T @ (before_there @ weighted)
        self._worth += here * (here * (weighted @ there) - 2 * shared)
        self._variance.sub_(here**2).clamp_(min=0)
        self._here[len(self._taken)], self._there[len(self._taken)] = here, there
        self._taken.append(best)
        return best

    def _effect(self, best: int) -> tuple[torch.Tensor, torch.Tensor]:
        """How a pick's label correlates with the candidates [m] and with the coverage [u]."""
        before, before_there = self._here[: len(self._taken)], self._there[: len(self._taken)]
        with_rows = kernel(self._rows, self._rows[best : best + 1])[:, 0] - self._told.T @ self._told[:, best]
        here = with_rows - before.T @ before[:, best]
        there = self._covariance[best] - before_there.T @ before[:, best]
        spread = (self._variance[best] + NOISE).sqrt()
        return here / spread, there / spread


def principal_directions(rows: torch.Tensor, count: int, rng: np.random.Generator) -> torch.Tensor:
    """Orthonormal columns [d, count] along which rows [n, d] vary most, by subspace iteration (Halko, Martinsson and
    Tropp 2011, algorithm 4.4); count is at most d.
    """
    width = min(count, rows.shape[1])
    basis = torch.from_numpy(rng.standard_normal((rows.shape[1], width), np.float32))
    for _ in range(ITERATIONS):
        basis = torch.linalg.qr(rows.T @ (rows @ basis)).Q
    return basis


def kernel(some: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """exp(-|a - b|² / WIDTH²) [n, k] of unit rows: |a - b|² is 2 - 2 cos."""
    return (some @ others.T).sub_(1).mul_(2 / WIDTH**2).clamp_(max=0).exp_()
