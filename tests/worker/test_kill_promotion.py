"""A promotion killed at any moment: the next attempt goes on, and until all is there the former model serves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.conf import settings

from annotator.common.arrays import array_path, publish, write_arrays
from annotator.common.blobs import store_picture
from annotator.events.models import Event
from annotator.images.models import EmbeddingShard, EmbeddingSpace, Image, ScoreSet, Trust
from annotator.images.services import publish_shard
from annotator.jobs.models import Job
from annotator.modeling.models import ModelVersion
from annotator.modeling.services import change_backbone, request_promotion
from annotator.projects.models import Project
from tests.annotator.modeling.made import first_model, make_model
from tests.factories import make_image, make_project, make_user, picture_bytes
from tests.worker.killing import Trial, points
from worker.handlers import embed
from worker.ml.backbones import Backbone
from worker.ml.device import Compute
from worker.runner import run_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]

DIM = 16
PICTURES = 40


def a_promotion() -> Job:
    """A trained model to be promoted."""
    project = an_embedded_project()
    job = request_promotion(version=make_model(project), user=project.created_by)
    assert job is not None
    return job


def a_change_of_backbone() -> Job:
    """A pretrained backbone, not a model yet, that the project is to have."""
    project = an_embedded_project()
    job = change_backbone(project=project, name="resnet50", user=project.created_by)
    assert job is not None
    return job


def an_embedded_project() -> Project:
    """Pictures that the first model has embedded, some labelled, with a head."""
    project = make_project(lead=make_user("lead"), name="pets", lot_key="0" * 32)
    classes = list(project.classes.all())
    for n in range(PICTURES):
        data = picture_bytes(n)
        sha256 = hashlib.sha256(data).hexdigest()
        known = {"label": classes[n % 2], "trust": Trust.HUMAN} if n < 8 else {}
        make_image(project, sha256=sha256, reserve=n % 4 == 3, **known)
        original = settings.SCRATCH_DIR.parent / "original.jpg"
        original.write_bytes(data)
        store_picture(original, sha256, {"thumb": data, "model": data, "preview": data})
    space = first_model(project, dim=DIM).space
    rows = np.random.default_rng(0).normal(size=(PICTURES, DIM))
    draft, folder = settings.SCRATCH_DIR / "draft", f"{project.pk}/embeddings/v1"
    sha256 = write_arrays(draft, {"embeddings": (rows / np.linalg.norm(rows, axis=1)[:, None]).astype(np.float16)})
    publish(draft, folder)
    assert publish_shard(space=space, start=0, stop=PICTURES, folder=folder, sha256=sha256)
    return project


def small_parts() -> None:
    """Embed in shards of eight with a model of one layer."""
    embed.SHARD = 8
    embed.load_backbone = tiny_backbone  # type: ignore[assignment]
    torch.set_num_threads(1)


def tiny_backbone(name: str, *, weights: Path | None = None, **_: Any) -> Backbone:
    """A backbone over pictures of 8 × 8 pixels, whose numbers come from its file of weights."""
    seed = 1 if weights is None else int.from_bytes(weights.read_bytes()[:4], "big")
    layer = torch.nn.Linear(3 * 8 * 8, DIM, bias=False)
    numbers = np.random.default_rng(seed).normal(size=(DIM, 3 * 8 * 8)).astype(np.float32)
    layer.weight = torch.nn.Parameter(torch.from_numpy(numbers), requires_grad=False)
    return Backbone(
        name=name,
        model=torch.nn.Sequential(torch.nn.Flatten(), layer).eval(),
        dim=DIM,
        input_px=8,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        interpolation="bilinear",
        crop_pct=1.0,
        fingerprint="tiny",
        compute=Compute(torch.device("cpu"), torch.float32),
    )


def everything() -> dict[str, Any]:
    """Return rows and files, without clocks, folders and attempt numbers."""
    shards = EmbeddingShard.objects.order_by("space", "start")
    sets = ScoreSet.objects.order_by("id")
    return {
        "backbones": list(Project.objects.values_list("backbone", flat=True)),
        "models": list(ModelVersion.objects.order_by("number").values_list("number", "state", "space__model_name")),
        "spaces": list(EmbeddingSpace.objects.order_by("id").values_list("model_name", "length", "state", "heads")),
        "shards": list(shards.values_list("space__model_name", "start", "stop", "sha256")),
        "sets": list(sets.values_list("name", "length", "labels", "test_size", "test_correct", "active")),
        "arrays": [hashes(folder) for folder in [*shards.values_list("folder", flat=True), *folders_of(sets)]],
        "images": list(Image.objects.order_by("position").values_list("position", "label", "trust")),
        "events": sorted(Event.objects.values_list("kind", flat=True)),
        "jobs": sorted(Job.objects.values_list("kind", "state")),
        "scratch": [path.name for path in settings.SCRATCH_DIR.glob("job-*")],
    }


def folders_of(sets: Any) -> list[str]:
    return list(sets.exclude(folder="").values_list("folder", flat=True))


def hashes(folder: str) -> dict[str, str]:
    """Return the SHA-256 of each file of a stored directory."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in array_path(folder).iterdir()}


def kill(asked: Callable[[], Job], folder: Path, count: int) -> None:
    trial = Trial(asked, folder, prepare=small_parts, everything=everything)
    assert trial.expected["models"] == [(1, "retired", "v1"), (2, "serving", "v2")]
    assert trial.expected["sets"][-1][0] == "v2.1"
    for milestone in points(trial.milestones, count, seed=count):
        trial.kill_at(milestone)


@pytest.mark.parametrize("asked", [a_promotion, a_change_of_backbone])
def test_killed_at_four_points(tmp_path, asked):
    kill(asked, tmp_path, 4)


@pytest.mark.accept
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("asked", [a_promotion, a_change_of_backbone])
def test_killed_at_twenty_points(tmp_path, asked):
    kill(asked, tmp_path, 20)


def test_an_attempt_that_died_leaves_the_former_model_serving(monkeypatch):
    job = a_promotion()
    monkeypatch.setattr(embed, "load_backbone", tiny_backbone)
    monkeypatch.setattr(embed, "SHARD", 8)
    monkeypatch.setattr("worker.handlers.promote.write_scores", lambda *args: 1 / 0)
    embed._loaded.cache_clear()

    run_job(job.pk)

    assert ModelVersion.objects.get(state="serving").name == "v1"
    assert EmbeddingSpace.objects.get(state="active").model_name == "v1"
    assert EmbeddingSpace.objects.get(state="building").length == PICTURES
    embed._loaded.cache_clear()
