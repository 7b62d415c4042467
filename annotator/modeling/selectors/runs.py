"""Reads of training runs: why one was started, and what it tells while it learns."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from annotator.common.arrays import array_path
from annotator.modeling.models import TrainingRun
from annotator.projects.models import Project

METRICS, LOG = "metrics.jsonl", "log.txt"
MAX_POINTS = 400  # of a curve
LOG_LINES = 100
LOG_BYTES = 64 * 1024
_VALUES = {
    "train": ("loss", "lr", "images_per_s"),
    "validation": ("accuracy", "macro_f1", "loss"),
    "notes": ("text",),
}
_KINDS = {"train": "train", "validation": "validation", "note": "notes"}


def runs_of(project: Project) -> QuerySet[TrainingRun]:
    """Return the project's runs with what their pages show."""
    runs = TrainingRun.objects.filter(project=project)
    return runs.select_related("job__project", "snapshot", "model_version", "created_by").prefetch_related("firings")


def folder_of(run: TrainingRun, attempt: int) -> str:
    """Return where an attempt at a run keeps its checkpoint, curves and log, relative to the array store."""
    return f"runs/{run.project_id}/{run.pk}/attempt-{attempt}"


def attempts(run: TrainingRun) -> list[Path]:
    """Return the folders of a run's attempts, the newest first."""
    found = array_path(f"runs/{run.project_id}/{run.pk}").glob("attempt-*")
    numbered = {int(path.name[8:]): path for path in found if path.name[8:].isdecimal()}
    return [numbered[number] for number in sorted(numbered, reverse=True)]


def curves_of(run: TrainingRun) -> dict[str, list[dict[str, Any]]]:
    """Return {train, validation, notes}: points so far, live while the run learns, at most 400 a curve.

    Epochs are counted from 1, as people do.
    """
    lines = run.curves or next((read_lines(folder / METRICS) for folder in attempts(run)), [])
    curves: dict[str, list[dict[str, Any]]] = {name: [] for name in _VALUES}
    for line in lines:
        name = _KINDS.get(line.get("kind", ""))
        if name is not None:
            values = {value: _finite(line.get(value)) for value in _VALUES[name]}
            curves[name].append({"step": line["step"], "epoch": line["epoch"] + 1, **values})
    return {name: thinned(points) for name, points in curves.items()}


def thinned_lines(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines that a run keeps once it has ended: at most 400 of a kind, in their order."""
    kept: list[tuple[int, dict[str, Any]]] = []
    for kind in _KINDS:
        kept += thinned([(number, line) for number, line in enumerate(lines) if line.get("kind") == kind])
    return [line for _, line in sorted(kept, key=lambda each: each[0])]


def _finite(value: Any) -> Any:
    """JSON has no infinity: a loss that overflows is no point of its curve."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def thinned(points: list[Any], most: int = MAX_POINTS) -> list[Any]:
    """Return at most `most` of the points, evenly spread, the first and the last among them."""
    if len(points) <= most:
        return points
    return [points[round(number * (len(points) - 1) / (most - 1))] for number in range(most)]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the whole JSON lines of a file; one that is being written is left for the next time."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return list(_decoded(line for line in text.splitlines(keepends=True) if line.endswith("\n")))


def _decoded(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    for line in lines:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:  # the disk was full
            continue


def log_of(run: TrainingRun) -> list[str]:
    """Return the last lines of a run's log."""
    for folder in attempts(run):
        try:
            with (folder / LOG).open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - LOG_BYTES))
                return file.read().decode("utf-8", "replace").splitlines()[-LOG_LINES:]
        except FileNotFoundError:
            continue
    return []
