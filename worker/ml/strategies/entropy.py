"""Entropy: label what the head spreads over the most classes."""

from __future__ import annotations

import numpy as np

from worker.ml.strategies.base import Pick, Problem
from worker.ml.strategies.ranking import surest_last

NAME = "entropy"
TITLE = "Entropy"
WHEN = "To find pictures that could be many things, with few classes; with many classes prefer Margin."


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """The candidates whose probabilities have the highest entropy; see `base.Query`.

    Shannon 1948; Settles 2009, "Active Learning Literature Survey", section 3.1. Before there is a head, it
    picks at random.
    """
    return surest_last(
        problem, lambda probs, positions: -np.asarray(probs.entropies[positions], np.float32), batch=batch, rng=rng
    )
