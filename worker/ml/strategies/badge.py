"""BADGE: label pictures that would move the head far, each in a direction of its own."""

from __future__ import annotations

import numpy as np

from worker.ml.strategies.base import Float32, Int64, Pick, Problem, Probs, at_most, decisions
from worker.ml.strategies.explain import explain
from worker.ml.strategies.k_center import to_nearest
from worker.ml.strategies.ranking import lowest
from worker.ml.strategies.seeding import Rows, spread_by_lot

NAME = "badge"
TITLE = "BADGE"
WHEN = "For batches that are doubtful and varied at once, with nothing to set; strong from a few labels a class on."

MAX_ROWS = 8192  # of candidates; more are sampled, doubtful ones rather
CONFIDENT_SHARE = 0.5  # of the chances in that sample that are the same for all


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """k-means++ draws by the gradient that a picture's own prediction would give the head; see `base.Query`.

    Ash et al. 2020, "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds", algorithm 1:
    the gradient of the last layer for the likeliest class ŷ is (p - onehot(ŷ)) ⊗ h; the longest comes
    first. Before there is a head the draws go by the features alone, away from what is labelled.
    """
    offered, weights = sample(problem, max(MAX_ROWS, batch), rng)
    batch = min(batch, len(offered))
    if batch < 1:
        return []
    features = problem.features.rows(offered).astype(np.float32)
    if problem.probs is None:
        rows = Rows(features)
        known = problem.features.rows(at_most(problem.labelled, MAX_ROWS, rng)).astype(np.float32)
        closest = to_nearest(features, known)
    else:
        probs = problem.probs
        rows = Rows(loss_gradients(probs.of_features(features), multi_label=probs.multi_label), features)
        closest = np.full(len(rows), np.inf, np.float32)
    chosen = draw(rows, batch, rng, closest=closest, weights=weights)
    return explain(problem, offered[chosen])


def loss_gradients(probabilities: Float32, *, multi_label: bool = False) -> Float32:
    """p - decision(p) [n, C]: the gradient of the cross-entropy in the logits, were the head right."""
    return probabilities - decisions(probabilities, multi_label=multi_label)


def draw(rows: Rows, count: int, rng: np.random.Generator, *, closest: Float32, weights: Float32) -> Int64:
    """Indexes [count] of rows drawn by k-means++; the longest first if nothing is there, equal ones last."""
    first = np.zeros(0, np.int64)
    if np.isinf(closest).all():
        first = lowest(-rows.lengths, 1, rng)
        closest = rows.distances(first)[0]
    spread = spread_by_lot(rows, count - len(first), rng, closest=closest, weights=weights)
    chosen = np.concatenate([first, spread])
    rest = np.setdiff1d(np.arange(len(rows)), chosen)
    return np.concatenate([chosen, rng.permutation(rest)[: count - len(chosen)]])


def sample(problem: Problem, limit: int, rng: np.random.Generator) -> tuple[Int64, Float32]:
    """Up to `limit` candidates, and weights with which draws from them are like draws from all.

    Half of the chances go by the squared length of the gradient, as draws will (the proposal of Bachem et
    al. 2016, "Fast and Provably Good Seedings for k-Means"); weights are one over the chances.
    """
    candidates = problem.candidates
    if len(candidates) <= limit or problem.probs is None:
        candidates = at_most(candidates, limit, rng)
        return candidates, np.ones(len(candidates), np.float32)
    chances = squared_doubt(problem.probs, candidates)
    chances /= max(float(chances.sum()), 1e-12)
    chances = limit * (CONFIDENT_SHARE / len(candidates) + (1 - CONFIDENT_SHARE) * chances)
    # The smallest of exponential times with these rates: a weighted sample without replacement.
    some = np.sort(lowest(rng.standard_exponential(len(candidates), np.float32) / chances, limit, rng))
    return candidates[some], (1 / chances[some].clip(max=1)).astype(np.float32)


def squared_doubt(probs: Probs, positions: Int64) -> Float32:
    """(1 - p1)² + p2² + p3² … [k]: the squared length of a unit row's gradient, from the classes that are kept.

    Where several classes may be present, the sum of min(p, 1 - p)².
    """
    top = np.asarray(probs.top_prob[positions], np.float32)
    if probs.multi_label:
        return (np.minimum(top, 1 - top) ** 2).sum(axis=1)
    return (1 - top[:, 0]) ** 2 + (top[:, 1:] ** 2).sum(axis=1)
