"""A worker killed anywhere on the way from labels to a model: the next attempt makes the very model, and one of it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
import torch
from django.conf import settings

from annotator.common.arrays import array_path, read_array
from annotator.events.models import Event
from annotator.jobs.models import Job
from annotator.modeling.models import ModelVersion, TrainingRun
from annotator.modeling.selectors.runs import attempts
from annotator.modeling.services import collect_runs
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot
from tests.worker.handlers.trainable import asked, embedded, striped_project, tiny_weights
from tests.worker.killing import Trial, points
from worker.handlers import train as handler

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]

CLOCKS = {"seconds", "images_per_s", "made_at"}
ARRAYS = ("position", "label", "predicted", "confidence", "champion_predicted", "blind")


def a_run() -> Job:
    """Labelled and embedded pictures, and a run of six steps on them."""
    tiny_weights(weights_folder())
    project = striped_project(train=12, validation=6, test=6)
    embedded(project)
    job = asked(project, overrides={"batch_size": 4, "epochs": 2}).job
    assert job is not None
    return job


def weights_folder() -> Path:
    return Path(settings.SCRATCH_DIR).parent / "weights"


def frequent_checkpoints() -> None:
    """Have the tiny weights at hand, and a checkpoint at every second step."""
    settings.WEIGHTS_DIR = weights_folder()
    torch.set_num_threads(1)
    handler.Host = functools.partial(handler.Host, checkpoint_steps=2)  # type: ignore[misc]


def everything() -> dict[str, Any]:
    """Return rows and files, without clocks, folders and attempt numbers, once the next collection has cleared up."""
    for project in Project.objects.all():
        collect_runs(project.pk)
    runs, models = TrainingRun.objects.order_by("id"), ModelVersion.objects.exclude(run=None)
    return {
        "snapshots": list(Snapshot.objects.order_by("id").values_list("number", "name", "hash", "rows")),
        "runs": [_timeless([run.phase, run.recipe, run.curves, run.summary, run.balance]) for run in runs],
        "folders": [sorted(path.name for path in folder.iterdir()) for run in runs for folder in attempts(run)],
        "models": [[row.name, row.state, row.classes, row.temperature, row.metrics, row.gate] for row in models],
        "weights": [(array_path(row.folder) / "model.safetensors").read_bytes() for row in models],
        "arrays": [read_array(row.folder, name).tolist() for row in models for name in ARRAYS],
        "events": sorted(Event.objects.values_list("kind", flat=True)),
        "jobs": list(Job.objects.order_by("id").values_list("kind", "state")),
        "scratch": [path.name for path in settings.SCRATCH_DIR.glob("job-*")],
    }


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(inner) for name, inner in value.items() if name not in CLOCKS}
    return [_timeless(inner) for inner in value] if isinstance(value, list) else value


def kill(folder: Path, count: int) -> None:
    trial = Trial(a_run, folder, prepare=frequent_checkpoints, everything=everything)
    assert len(trial.expected["models"]) == 1
    assert len(trial.expected["folders"]) == 1
    for milestone in points(trial.milestones, count, seed=count):
        trial.kill_at(milestone)


def test_killed_at_four_points(tmp_path):
    kill(tmp_path, 4)


@pytest.mark.accept
@pytest.mark.timeout(1800)
def test_killed_at_twenty_points(tmp_path):
    kill(tmp_path, 20)
