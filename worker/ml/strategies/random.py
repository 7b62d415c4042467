"""Uniform random selection: the yardstick for every other strategy."""

from __future__ import annotations

import numpy as np

from worker.ml.strategies.base import Pick, Problem
from worker.ml.strategies.explain import explain

NAME = "random"
TITLE = "Random"
WHEN = "To measure what another strategy gains, or when the labels should follow the pool's own class shares."


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """Candidates of which every one is as likely as any other; see `base.Query`."""
    chosen = rng.permutation(problem.candidates)[:batch]
    return explain(problem, chosen, codes=["random"] * len(chosen))
