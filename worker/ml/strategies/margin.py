"""Margin: label what the head cannot decide between two classes."""

from __future__ import annotations

import numpy as np

from worker.ml.strategies.base import Pick, Problem
from worker.ml.strategies.explain import doubts, explain
from worker.ml.strategies.random import query as pick_at_random
from worker.ml.strategies.ranking import lowest

NAME = "margin"
TITLE = "Margin"
WHEN = "To sharpen the borders between classes once each has a dozen labels or more; fast at any size of pool."


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """The candidates with the smallest lead p1 - p2 of the likeliest class over the next; see `base.Query`.

    Scheffer, Decomain and Wrobel 2001, "Active Hidden Markov Models for Information Extraction"; Settles
    2009, section 3.1. Before there is a head, it picks at random.
    """
    if problem.probs is None:
        return pick_at_random(problem, batch=batch, rng=rng)
    margins = problem.probs.margins[problem.candidates]
    chosen = problem.candidates[lowest(margins, batch, rng)]
    return explain(problem, chosen, codes=doubts(problem.probs, chosen))
