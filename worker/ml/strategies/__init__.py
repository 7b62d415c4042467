"""The ways to choose what a person should see next, one module each."""

from __future__ import annotations

from worker.ml.strategies import (
    auto,
    badge,
    bait,
    class_balanced,
    cluster_margin,
    dropquery,
    entropy,
    k_center,
    least_confidence,
    margin,
    probcover,
    random,
    rare_class,
    typiclust,
    uncertainty_herding,
)
from worker.ml.strategies.base import InMemory, Pick, Problem, Probs, Strategy

DEFAULT_STRATEGY = auto.NAME

REGISTRY: dict[str, Strategy] = {
    module.NAME: Strategy(module.NAME, module.TITLE, module.WHEN, module.query)
    for module in (
        auto,
        uncertainty_herding,
        typiclust,
        probcover,
        bait,
        class_balanced,
        rare_class,
        least_confidence,
        margin,
        entropy,
        k_center,
        badge,
        cluster_margin,
        dropquery,
        random,
    )
}

__all__ = ["DEFAULT_STRATEGY", "REGISTRY", "InMemory", "Pick", "Problem", "Probs", "Strategy"]
