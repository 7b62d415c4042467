"""The backbones that a project can be given, put together from what each worker has published of its machine."""

from __future__ import annotations

from typing import Any

from annotator.jobs.models import Queue, WorkerNode
from annotator.jobs.selectors import is_alive, workers
from annotator.projects.models import DEFAULT_BACKBONE

# What every installation can do, listed before any worker has reported.
BACKBONE: dict[str, Any] = {
    "name": DEFAULT_BACKBONE,
    "family": "EfficientNet",
    "title": "EfficientNet-Lite0",
    "params_m": 3.4,
    "input_px": 224,
    "dim": 1280,
    "hardware": "cpu",
    "weights": "at_hand",
    "available": True,
    "note": "",
    "hub": "timm/tf_efficientnet_lite0.in1k",
    "license": "apache-2.0",
}


def backbones() -> list[dict[str, Any]]:
    """Return each backbone once, with `rates`: [{device, images_per_second}], the fastest machine first.

    Of workers that embed the living count, or all where none lives. Weights are at hand if every one of them has
    them, since nobody knows which one will get the job.
    """
    nodes = [node for node in workers() if node.queue == Queue.GPU and node.presets]
    merged = {DEFAULT_BACKBONE: BACKBONE | {"rates": []}}
    known = set()
    for node in [node for node in nodes if is_alive(node)] or nodes:
        for entry in node.presets:
            name = entry["name"]
            before = merged.get(name, BACKBONE | {"rates": []})
            worse = name in known and not before["available"]
            merged[name] = before | ({} if worse else _without_rate(entry))
            merged[name]["rates"] = _with_rate(before["rates"], node, entry.get("images_per_second"))
            known.add(name)
    return list(merged.values())


def _without_rate(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "images_per_second"}


def _with_rate(rates: list[dict[str, Any]], node: WorkerNode, rate: float | None) -> list[dict[str, Any]]:
    """Return the rates with one more; of workers on the same kind of machine the best counts."""
    best = {each["device"]: each["images_per_second"] for each in rates}
    device = node.device.get("name", "")
    if rate is not None:
        best[device] = max(rate, best.get(device, rate))
    fastest_first = sorted(best.items(), key=lambda each: -each[1])
    return [{"device": device, "images_per_second": rate} for device, rate in fastest_first]
