"""Least confidence: label what the head trusts itself least to name."""

from __future__ import annotations

import numpy as np

from worker.ml.strategies.base import Pick, Problem
from worker.ml.strategies.explain import doubts, explain
from worker.ml.strategies.random import query as pick_at_random
from worker.ml.strategies.ranking import lowest

NAME = "least_confidence"
TITLE = "Least confidence"
WHEN = "To clear up pictures that fit no class well; follows the head alone, so give every class some labels first."


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """The candidates with the lowest probability p1 of the likeliest class; see `base.Query`.

    Lewis and Gale 1994, "A Sequential Algorithm for Training Text Classifiers"; Settles 2009, section 3.1.
    Before there is a head, it picks at random.
    """
    if problem.probs is None:
        return pick_at_random(problem, batch=batch, rng=rng)
    confidence = problem.probs.top_prob[problem.candidates, 0]
    chosen = problem.candidates[lowest(confidence, batch, rng)]
    return explain(problem, chosen, codes=doubts(problem.probs, chosen))
