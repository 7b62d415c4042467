"""A project that a tiny model can be trained on in seconds: striped pictures, labelled, with a blind test set."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from django.conf import settings
from PIL import Image as Picture
from safetensors.torch import save_file

from annotator.common.arrays import publish, write_arrays
from annotator.common.blobs import store_picture
from annotator.images.models import EmbeddingSpace, Image, Trust
from annotator.images.services import ensure_space, publish_shard
from annotator.jobs.models import Job
from annotator.modeling.models import Firing, ModelVersion, TrainingRun
from annotator.modeling.services import ensure_first_model
from annotator.modeling.services.runs import request_training
from annotator.projects.models import Project
from tests.factories import make_image, make_project, make_user
from tests.worker.ml.photographs import stripes
from worker.runner import run_job

TINY = "test_efficientnet"
CLASSES = ("upright", "level", "slanted")
QUICK = {"epochs": 2, "batch_size": 8, "precision": "fp32", "freeze": "last_stage", "dropout": 0.1}
# Lots whose draws are .75, .2 and .06 of 1: by the default shares train, validation and test.
TRAIN_LOT, VALIDATION_LOT, TEST_LOT = (int((draw - 0.5) * 2**64) for draw in (0.75, 0.2, 0.06))


def tiny_weights(folder: Path) -> Path:
    """Write weights for the tiny backbone into a folder, as a site would have them; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.random.get_rng_state()
    torch.manual_seed(0)
    save_file(timm.create_model(TINY).state_dict(), folder / f"{TINY}.safetensors")
    torch.random.set_rng_state(generator)
    return folder


def striped_project(
    *, train: int = 24, validation: int = 6, test: int = 12, classes: tuple[str, ...] = CLASSES
) -> Project:
    """Labelled pictures whose lots put them into these splits; the test pictures are the answered reserve."""
    project = make_project(lead=make_user("lead"), name="stripes", classes=classes, backbone=TINY, lot_key="0" * 32)
    lots = [TRAIN_LOT] * train + [VALIDATION_LOT] * validation + [TEST_LOT] * test
    labels = np.arange(len(lots)) % len(classes)
    rows = list(project.classes.order_by("index"))
    for number, (pixels, label) in enumerate(zip(stripes(np.random.default_rng(0), labels), labels, strict=True)):
        fields = {"label": rows[label], "trust": Trust.HUMAN, "label_version": 1, "lot": lots[number] + number}
        add_picture(project, pixels, reserve=lots[number] == TEST_LOT, **fields)
    return project


def add_picture(project: Project, pixels: np.ndarray, **fields: Any) -> Image:
    """Add a picture with its files."""
    stream = io.BytesIO()
    Picture.fromarray(pixels).save(stream, format="PNG")
    data = stream.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    original = Path(settings.SCRATCH_DIR).parent / "original.png"
    original.write_bytes(data)
    store_picture(original, sha256, dict.fromkeys(("thumb", "model", "preview"), data))
    return make_image(project, sha256=sha256, **fields)


def embedded(project: Project, rows: np.ndarray | None = None) -> ModelVersion:
    """Give the project embeddings (noise, unless told otherwise) and so its first model."""
    project.refresh_from_db()
    if rows is None:
        rows = np.random.default_rng(1).normal(size=(project.next_position, 8))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    space = ensure_space(project=project, dim=rows.shape[1])
    draft = Path(settings.SCRATCH_DIR) / f"shard-{project.pk}"
    sha256 = write_arrays(draft, {"embeddings": rows})
    folder = f"{project.pk}/embeddings/v1-0"
    publish(draft, folder)
    publish_shard(space=space, start=0, stop=len(rows), folder=folder, sha256=sha256)
    return ensure_first_model(project=project, space=EmbeddingSpace.objects.get(pk=space.pk))


def asked(project: Project, **given: Any) -> TrainingRun:
    """Ask for a run of a few steps."""
    overrides = QUICK | given.pop("overrides", {})
    firing: Firing = request_training(
        project=project, user=project.created_by, preset="quick", overrides=overrides, **given
    )
    assert firing.run is not None
    return firing.run


def ran(run: TrainingRun) -> Job:
    """Run the job as a worker does."""
    assert run.job is not None
    run_job(run.job.pk)
    job = Job.objects.get(pk=run.job.pk)
    run.refresh_from_db()
    return job


def finished(run: TrainingRun) -> ModelVersion:
    """Run the job to its model."""
    job = ran(run)
    assert job.state == Job.State.SUCCEEDED, f"{job.error_message} {job.error_hint}"
    return ModelVersion.objects.get(run=run)
