"""k-center: label the picture that is farthest from everything labelled, again and again."""

from __future__ import annotations

import numpy as np

from worker.ml.strategies.base import Float32, Int64, Pick, Problem, at_most
from worker.ml.strategies.explain import explain
from worker.ml.strategies.seeding import Rows, spread_greedily

NAME = "k_center"
TITLE = "k-center"
WHEN = "To reach the odd corners of a pool, strange and faulty pictures included; not the quickest way to accuracy."

MAX_ROWS = 8192  # of candidates and labelled each; more are sampled
CHUNK = 1024  # labelled rows that candidates are measured against at once


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """The greedy 2-approximation of the smallest radius around labels that holds every candidate; see `base.Query`.

    Sener and Savarese 2018, "Active Learning for Convolutional Neural Networks: A Core-Set Approach",
    algorithm 1. Without labels it starts in the middle: at the candidate nearest to the mean. Unreadable
    pictures (zero rows) are far from everything and would win; they come last.
    """
    offered = at_most(problem.candidates, max(MAX_ROWS, batch), rng)
    batch = min(batch, len(offered))
    if batch < 1:
        return []
    rows = problem.features.rows(offered).astype(np.float32)
    known = problem.features.rows(at_most(problem.labelled, MAX_ROWS, rng)).astype(np.float32)
    closest = to_nearest(rows, known)
    closest[~rows.any(axis=1)] = 0
    if len(known):
        chosen, codes = spread_greedily(Rows(rows), batch, closest=closest), ["unlike_labelled"] * batch
    else:
        chosen, codes = from_the_middle(rows, batch, closest), ["typical"] * batch
    return explain(problem, offered[chosen], codes=codes)


def to_nearest(rows: Float32, known: Float32) -> Float32:
    """Squared distance [n] of each of `rows` [n, d] to the nearest of `known` [l, d]; infinite if there is none."""
    closest = np.full(len(rows), np.inf, np.float32)
    lengths = np.einsum("nd,nd->n", rows, rows)
    for start in range(0, len(known), CHUNK):
        part = known[start : start + CHUNK]
        gaps = np.einsum("nd,nd->n", part, part) - 2 * (rows @ part.T)
        np.minimum(closest, lengths + gaps.min(axis=1), out=closest)
    return closest.clip(min=0)


def from_the_middle(rows: Float32, count: int, closest: Float32) -> Int64:
    """Indexes [count] of a greedy spread of `rows` [n, d] that begins nearest to their mean."""
    first = int((rows @ rows.mean(axis=0)).argmax())
    spread = Rows(rows)
    closest = np.minimum(closest, spread.distances(np.array([first]))[0])
    closest[first] = np.inf
    return spread_greedily(spread, count, closest=closest)
