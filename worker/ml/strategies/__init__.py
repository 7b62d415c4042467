"""The ways to choose what a person should see next, one module each."""

from __future__ import annotations

from worker.ml.strategies import random, uncertainty_herding
from worker.ml.strategies.base import InMemory, Pick, Problem, Probs, Strategy

DEFAULT_STRATEGY = uncertainty_herding.NAME

REGISTRY: dict[str, Strategy] = {
    module.NAME: Strategy(module.NAME, module.TITLE, module.WHEN, module.query)
    for module in (uncertainty_herding, random)
}

__all__ = ["DEFAULT_STRATEGY", "REGISTRY", "InMemory", "Pick", "Problem", "Probs", "Strategy"]
