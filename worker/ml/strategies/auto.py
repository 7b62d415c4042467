"""The default: label the pictures that tell most about what the model still doubts, wherever in the pool that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from worker.ml.strategies.base import Float32, Int64, Pick, Problem, at_most
from worker.ml.strategies.clustering import main_axes
from worker.ml.strategies.explain import explain

NAME = "auto"
TITLE = "Automatic"
WHEN = "The default: from the first label to the last, it asks for what makes the rest of the pool clearer."

DIMS = 128  # directions in which the pool varies most; the others tell pictures apart by chance
WIDTH = 1.0  # of the kernel over centred unit rows: pictures farther apart say little about each other
NOISE = 0.1  # variance of a label: what one says of its own picture is not the last word on its surroundings
ROWS = 4096  # of the candidates and of the coverage each; more are thinned out
CHOICE = 8  # candidates for each pick, where that is more
GLANCE = 2  # candidates looked at for each one that is kept
LEADERS = 512  # candidates that are followed from pick to pick …
TOGETHER = 8  # … until all have taken in so many
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
        directions = torch.nn.functional.normalize(raw - self._centre).numpy()
        self._axes = torch.from_numpy(main_axes(directions, DIMS, rng))
        self._known = self.rows(labelled)
        covariance = kernel(self._known, self._known) + NOISE * torch.eye(len(labelled))
        self._root = torch.linalg.cholesky(covariance)

    def rows(self, positions: Int64) -> torch.Tensor:
        """Centred, projected unit rows [n, DIMS]."""
        parts = [self._features.rows(part) for part in np.array_split(positions, len(positions) // ROWS + 1)]
        projected = [(torch.from_numpy(part).float() - self._centre) @ self._axes for part in parts]
        return torch.nn.functional.normalize(torch.cat(projected))

    def told(self, rows: torch.Tensor) -> torch.Tensor:
        """Coordinates [l, n] of some rows among the labelled; their products are the covariance that labels explain."""
        return torch.linalg.solve_triangular(self._root, kernel(self._known, rows), upper=False)

    def variance(self, rows: torch.Tensor) -> torch.Tensor:
        """What is not known yet [n]: 1 far from every label, less nearby."""
        return 1 - (self.told(rows) ** 2).sum(0)


@dataclass
class Field:
    """Some candidates [n]: what is known of each after the labels and the first picks."""

    rows: torch.Tensor  # [n, DIMS]
    told: torch.Tensor  # [l, n] see Process.told
    covariance: torch.Tensor  # [n, u] with the coverage, before the first pick
    variance: torch.Tensor  # [n]
    worth: torch.Tensor  # [n] sum_u w_u covariance_u²
    here: torch.Tensor  # [picks, n]; the k-th pick lessens the covariance of x and u by here[k, x] there[k, u]

    def part(self, chosen: torch.Tensor) -> Field:
        """A copy for some of them."""
        told, here = self.told[:, chosen], self.here[:, chosen]
        return Field(self.rows[chosen], told, self.covariance[chosen], self.variance[chosen], self.worth[chosen], here)

    def value(self) -> torch.Tensor:
        """How much doubt the label of each would take away [n]."""
        return self.worth / (self.variance + NOISE)

    def learn(
        self, picks: Field, spreads: torch.Tensor, there: torch.Tensor, weights: torch.Tensor, known: int
    ) -> None:
        """Take in the q picks that follow the first `known`; spreads [q], there [known + q, u] as in `here`."""
        before, new = there[:known], there[known:]
        effect = kernel(self.rows, picks.rows) - self.told.T @ picks.told - self.here[:known].T @ picks.here[:known]
        for step in range(len(new)):
            within = effect[:, :step] @ picks.here[known : known + step, step]
            effect[:, step] = (effect[:, step] - within) / spreads[step]
        weighted = (weights * new).T
        shared = self.covariance @ weighted - self.here[:known].T @ (before @ weighted)
        self.worth += ((effect @ (new @ weighted) - 2 * shared) * effect).sum(1)
        self.variance.sub_((effect**2).sum(1)).clamp_(min=0)
        self.here[known : known + len(new)] = effect.T


class Design:
    """Candidates [m] that are picked one by one, for what each says about the coverage [u] after those before it.

    All candidates take in TOGETHER picks at once, which reads their covariance once for all of them; in between only
    those that were worth most are followed.
    """

    def __init__(self, process: Process, candidates: Int64, coverage: Int64, weights: Float32, picks: int) -> None:
        self._weights = torch.from_numpy(weights)
        rows, around = process.rows(candidates), process.rows(coverage)
        told = process.told(rows)
        covariance = kernel(rows, around).sub_(told.T @ process.told(around))
        worth = torch.cat([block.square() @ self._weights for block in covariance.split(512)])
        self._all = Field(rows, told, covariance, 1 - (told**2).sum(0), worth, torch.zeros(picks, len(rows)))
        self._there, self._spreads = torch.zeros(picks, len(coverage)), torch.zeros(picks)
        self._taken: list[int] = []
        self._follow()

    def take(self) -> int:
        """Pick the candidate that is worth most now -> its index."""
        count = len(self._taken)
        if count - self._known == TOGETHER:
            self._catch_up()
        value = self._leading.value()
        value[torch.isin(self._leaders, torch.tensor(self._taken, dtype=torch.long))] = -torch.inf
        place = value.argmax()[None]
        pick = self._leading.part(place)
        self._spreads[count] = (pick.variance[0] + NOISE).sqrt()
        explained = self._there[:count].T @ pick.here[:count, 0]
        self._there[count] = (pick.covariance[0] - explained) / self._spreads[count]
        self._leading.learn(pick, self._spreads[count:], self._there[: count + 1], self._weights, count)
        self._taken.append(int(self._leaders[place]))
        return self._taken[-1]

    def _catch_up(self) -> None:
        """Let all candidates take in the picks that they do not know yet."""
        known, count = self._known, len(self._taken)
        new = torch.tensor(self._taken[known:])
        picks = self._all.part(new)
        places = (self._leaders[None] == new[:, None]).float().argmax(1)
        picks.here = self._leading.here[:, places]
        self._all.learn(picks, self._spreads[known:], self._there[:count], self._weights, known)
        self._follow()

    def _follow(self) -> None:
        """Follow those that are worth most."""
        value = self._all.value()
        value[self._taken] = -torch.inf
        self._leaders = value.topk(min(LEADERS, len(value))).indices
        self._leading = self._all.part(self._leaders)
        self._known = len(self._taken)


def kernel(some: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """exp(-|a - b|² / WIDTH²) [n, k] of unit rows: |a - b|² is 2 - 2 cos."""
    return (some @ others.T).sub_(1).mul_(2 / WIDTH**2).clamp_(max=0).exp_()
