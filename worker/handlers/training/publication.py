"""Writes a trained model's folder: the download, and what it said of the test pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from annotator.common.arrays import publish, write_arrays
from annotator.modeling.models import TrainingRun
from worker.handlers.training.data import Material
from worker.handlers.training.evaluation import Verdict
from worker.ml.artifacts import Classifier, Exported, export
from worker.runner import JobContext


def store_model(
    ctx: JobContext, run: TrainingRun, classifier: Classifier, material: Material, verdict: Verdict
) -> tuple[str, Exported]:
    """Write the model into the array store; return its folder there, and what was exported.

    Raises:
        OnnxDiffers: the ONNX file is not faithful.
    """
    draft = ctx.attempt_dir / "model"
    facts = _facts(run, material)
    measured = verdict.blind
    if measured is not None:  # the card tells of the classes that the model knows
        measured = replace(measured, classes=measured.classes[: len(classifier.classes)])
    exported = export(classifier, draft, name=f"{ctx.project.name}, run {run.number}", facts=facts, assessment=measured)
    write_arrays(draft, verdict.arrays)
    folder = f"models/{run.project_id}/run-{run.pk}-{ctx.attempt}"
    publish(draft, folder)
    return folder, exported


def files_of(folder: Path, exported: Exported) -> list[dict[str, Any]]:
    """Return [{name, bytes, sha256}] of the files that are downloaded."""
    return [
        {"name": name, "bytes": (folder / name).stat().st_size, "sha256": sha256}
        for name, sha256 in sorted(exported.sha256.items())
    ]


def _facts(run: TrainingRun, material: Material) -> dict[str, str]:
    """Lines of the model's card."""
    data, snapshot = material.train, run.snapshot
    assert snapshot is not None
    return {
        "Trained": f"in run {run.number}, asked for on {run.created_at:%Y-%m-%d}, by the preset “{run.preset}”",
        "Snapshot": f"{snapshot.name} (number {snapshot.number}, SHA-256 {snapshot.hash})",
        "Pictures": f"{len(data.train)} to train, {len(data.validation)} to validate, {len(material.test)} to test",
        "Seed": str(run.recipe["seed"]),
    }
