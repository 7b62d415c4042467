"""Builders for models as training runs leave them."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction

from annotator.common.arrays import publish, write_arrays
from annotator.images.models import EmbeddingSpace
from annotator.images.services import ensure_space
from annotator.modeling.models import ModelVersion, TrainingRun
from annotator.modeling.services import ensure_first_model, publish_version
from annotator.projects.models import Project

FILES = {"model.safetensors": b"weights", "classes.txt": b"cat\ndog\n", "README.md": b"# v2\n\nA classifier of pets.\n"}
REASON = {"code": "better", "message": "The challenger is better on 40 blind answers.", "values": {"count": 40}}


def assessment(confusion: list[list[int]]) -> dict[str, Any]:
    """Return an assessment of two classes as it is stored."""
    table = np.array(confusion)
    count, correct = int(table.sum()), int(np.trace(table))
    return {
        "evaluation": {
            "count": count,
            "correct": correct,
            "accuracy": correct / count if count else None,
            "low": 0.1,
            "high": 0.9,
            "macro_f1": 0.5 if count else None,
            "confusion": confusion,
        },
        "classes": [],
        "reliability": {"counts": [], "confidence": [], "accuracy": [], "ece": None},
        "ece_before": None,
        "temperature": 1.0,
        "log_loss": None,
    }


def gate(decision: str, **fields: Any) -> dict[str, Any]:
    """Return a gate's result as it is stored."""
    paired = {"count": 40, "wins": 3, "losses": 1, "difference": 0.05, "lower": 0.01, "upper": 0.1}
    rules = {"margin": 0.01, "class_drop": 0.2, "confidence": 0.9, "power": 0.8}
    given = {"decision": decision, "overall": paired, "classes": [], "reasons": [REASON], "missing": 0, "rules": rules}
    return given | fields


def first_model(project: Project, *, dim: int = 4) -> ModelVersion:
    """Give the project its first space and model."""
    return ensure_first_model(project=project, space=ensure_space(project=project, dim=dim))


def store_model(project: Project, files: dict[str, bytes], arrays: dict[str, np.ndarray] | None = None) -> str:
    """Put a model's files into the array store; return the folder."""
    draft = Path(settings.SCRATCH_DIR) / uuid.uuid4().hex
    write_arrays(draft, arrays or {})
    for name, content in files.items():
        (draft / name).write_bytes(content)
    folder = f"models/{project.pk}/run-{uuid.uuid4().hex[:8]}-1"
    publish(draft, folder)
    return folder


def make_run(project: Project) -> TrainingRun:
    """Return a finished run without a model."""
    last = TrainingRun.objects.filter(project=project).count()
    return TrainingRun.objects.create(project=project, number=last + 1, phase=TrainingRun.Phase.DONE)


def make_model(
    project: Project,
    *,
    run: TrainingRun | None = None,
    decision: str = "promoted",
    files: dict[str, bytes] = FILES,
    arrays: dict[str, np.ndarray] | None = None,
    **fields: Any,
) -> ModelVersion:
    """Publish a model of a finished run, judged as `decision`."""
    given = {
        "backbone": project.backbone,
        "folder": store_model(project, files, arrays),
        "classes": [{"id": row.pk, "name": row.name} for row in project.classes.all()],
        "temperature": 1.0,
        "metrics": {
            "blind": assessment([[20, 5], [5, 10]]),
            "test": assessment([[40, 5], [5, 30]]),
            "validation": None,
        },
        "gate": gate(decision),
        "champion": "v1",
        "files": [
            {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        ],
        "onnx_difference": 1e-5,
    }
    with transaction.atomic():
        return publish_version(run=run or make_run(project), **(given | fields))


def make_retired(project: Project, version: ModelVersion, *, length: int = 1) -> EmbeddingSpace:
    """Give a model a space that it has served from before."""
    space = EmbeddingSpace.objects.create(
        project=project,
        model_name=version.name,
        backbone=version.backbone,
        weights=version.folder,
        dim=4,
        length=length,
        state=EmbeddingSpace.State.RETIRED,
        retired_at=version.created_at,
    )
    ModelVersion.objects.filter(pk=version.pk).update(space=space, state=ModelVersion.State.RETIRED)
    return space
