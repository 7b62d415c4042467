"""Margin: label what the head cannot decide between two classes."""

from __future__ import annotations

import numpy as np

from worker.ml.strategies.base import Pick, Problem
from worker.ml.strategies.ranking import surest_last

NAME = "margin"
TITLE = "Margin"
WHEN = "To sharpen the borders between classes once each has a dozen labels or more; fast at any size of pool."


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """The candidates with the smallest lead p1 - p2 of the likeliest class over the next; see `base.Query`.

    Scheffer, Decomain and Wrobel 2001, "Active Hidden Markov Models for Information Extraction"; Settles
    2009, section 3.1. Before there is a head, it picks at random.
    """
    return surest_last(problem, lambda probs, positions: probs.margins[positions], batch=batch, rng=rng)
