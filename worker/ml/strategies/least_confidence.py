"""Least confidence: label what the head trusts itself least to name."""

from __future__ import annotations

import numpy as np

from worker.ml.strategies.base import Pick, Problem
from worker.ml.strategies.ranking import surest_last

NAME = "least_confidence"
TITLE = "Least confidence"
WHEN = "To clear up pictures that fit no class well; follows the head alone, so give every class some labels first."


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """The candidates with the lowest probability p1 of the likeliest class; see `base.Query`.

    Lewis and Gale 1994, "A Sequential Algorithm for Training Text Classifiers"; Settles 2009, section 3.1.
    Before there is a head, it picks at random.
    """
    return surest_last(problem, lambda probs, positions: probs.surest(positions), batch=batch, rng=rng)
