"""Builders for training runs as requests and workers leave them."""

from __future__ import annotations

import json
from typing import Any

from annotator.common.arrays import array_path
from annotator.images.models import Image, Trust
from annotator.modeling.models import TrainingRun
from annotator.modeling.selectors.runs import folder_of
from annotator.projects.models import Project
from tests.factories import make_image


def make_run(project: Project, **fields: Any) -> TrainingRun:
    """A run, asked for and nothing more."""
    number = TrainingRun.objects.filter(project=project).count() + 1
    return TrainingRun.objects.create(project=project, **({"number": number} | fields))


def label_some(project: Project, classes: int = 2, **fields: Any) -> list[Image]:
    """One picture of each of the first classes, labelled by a person."""
    rows = project.classes.order_by("index")[:classes]
    return [make_image(project, **({"label": row, "trust": Trust.HUMAN} | fields)) for row in rows]


def write_attempt(run: TrainingRun, attempt: int, *, lines: list[dict[str, Any]], log: str = "") -> None:
    """What an attempt leaves in its folder while it learns."""
    folder = array_path(folder_of(run, attempt))
    folder.mkdir(parents=True)
    (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (folder / "log.txt").write_text(log)
    (folder / "checkpoint.safetensors").write_bytes(b"weights")
