"""Entropy: label what the head spreads over the most classes."""

from __future__ import annotations

import numpy as np

from worker.ml.strategies.base import Pick, Problem
from worker.ml.strategies.explain import doubts, explain
from worker.ml.strategies.random import query as pick_at_random
from worker.ml.strategies.ranking import lowest

NAME = "entropy"
TITLE = "Entropy"
WHEN = "To find pictures that could be many things, with few classes; with many classes prefer Margin."


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """The candidates whose probabilities have the highest entropy; see `base.Query`.

    Shannon 1948; Settles 2009, "Active Learning Literature Survey", section 3.1. Before there is a head, it
    picks at random.
    """
    if problem.probs is None:
        return pick_at_random(problem, batch=batch, rng=rng)
    entropies = problem.probs.entropies[problem.candidates]
    chosen = problem.candidates[lowest(-np.asarray(entropies, np.float32), batch, rng)]
    return explain(problem, chosen, codes=doubts(problem.probs, chosen))
