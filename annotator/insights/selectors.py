"""Numbers over a project: counts, progress, class balance, and what the workers offer."""

from __future__ import annotations

from typing import Any

from annotator.jobs.models import WorkerNode
from annotator.projects.models import DEFAULT_BACKBONE, DEFAULT_STRATEGY

# What every installation can do, listed before any worker has reported.
BACKBONE = {
    "name": DEFAULT_BACKBONE,
    "family": "EfficientNet-Lite",
    "title": "EfficientNet-Lite0 (ImageNet, included)",
    "params_m": 4.7,
    "input_px": 224,
    "dim": 1280,
    "hardware": "CPU or GPU",
    "available": True,
    "note": "Its weights are installed with the product; nothing is downloaded.",
}
STRATEGIES = [
    {
        "name": DEFAULT_STRATEGY,
        "title": "Uncertainty herding",
        "when": "The default: typical pictures first, then the doubtful ones, never many alike.",
    },
    {
        "name": "random",
        "title": "Random",
        "when": "A plain sample, to compare a strategy with.",
    },
]


def _by_name(defaults: list[dict[str, Any]], published: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Merge lists of named entries: a worker's entry replaces the default of the same name."""
    merged = {entry["name"]: entry for entry in defaults}
    for entries in published:
        for entry in entries:
            merged[entry["name"]] = merged.get(entry["name"], {}) | entry
    return list(merged.values())


def presets() -> dict[str, list[dict[str, Any]]]:
    """Return the backbones and strategies that a project can be given."""
    nodes = list(WorkerNode.objects.order_by("seen_at", "pk"))
    return {
        "backbones": _by_name([BACKBONE], [node.presets for node in nodes]),
        "strategies": _by_name(STRATEGIES, [node.strategies for node in nodes]),
    }
