"""A training run, from the request to a published model: what it freezes, learns, judges, and what goes wrong."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import torch
from django.conf import settings as django_settings

from annotator.common.arrays import array_path, read_array
from annotator.common.blobs import blob_key
from annotator.events.models import Event
from annotator.images.models import Image, Trust
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import request_cancel, retry
from annotator.modeling.models import ModelingSettings, ModelVersion, TrainingRun
from annotator.modeling.selectors.runs import attempts, curves_of, log_of
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot
from tests.worker.handlers.trainable import CLASSES, TINY, asked, embedded, striped_project, tiny_weights
from worker import runner
from worker.handlers import train as handler
from worker.handlers.training import data as training_data
from worker.ml.artifacts import load
from worker.ml.learner import TrainingDiverged
from worker.ml.losses import BalancedSoftmax
from worker.runner import JobContext, run_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(autouse=True)
def host(settings, weights):
    """Tiny weights at hand, and one thread: what waits for each other on a busy machine costs more than it brings."""
    settings.WEIGHTS_DIR = weights
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def project(data_dir) -> Project:
    data_dir.joinpath("scratch").mkdir()
    return striped_project()


def ran(run: TrainingRun) -> Job:
    """Run the job as a worker does."""
    assert run.job is not None
    run_job(run.job.pk)
    job = Job.objects.get(pk=run.job.pk)
    run.refresh_from_db()
    return job


def finished(run: TrainingRun) -> ModelVersion:
    job = ran(run)
    assert job.state == Job.State.SUCCEEDED, f"{job.error_message} {job.error_hint}"
    return ModelVersion.objects.get(run=run)


def test_labels_become_a_model_that_is_judged_beside_the_serving_one(project):
    serving = embedded(project)
    run = asked(project, overrides={"epochs": 4})

    version = finished(run)

    assert (run.phase, run.snapshot.name, run.snapshot.rows) == ("done", "Training run 1", 42)
    assert run.recipe["backbone"] == TINY, "the project's own"
    assert run.balance["classes"], "stored with the run"
    assert (version.name, version.champion, version.snapshot) == ("v2", serving.name, run.snapshot)
    assert [row["name"] for row in version.classes] == list(CLASSES)
    blind, test = version.metrics["blind"], version.metrics["test"]
    assert blind["class_ids"] == [row["id"] for row in version.classes]
    assert (blind["evaluation"]["count"], test["evaluation"]["count"]) == (12, 12)
    assert blind["temperature"] == version.temperature
    assert version.gate["overall"]["count"] == 12
    assert version.state == ("rejected" if version.gate["decision"] == "rejected" else "candidate")
    assert version.onnx_difference < 1e-3
    assert run.summary["train"] == 24
    assert (run.summary["validation"], run.summary["test"], run.summary["blind"]) == (6, 12, 12)
    assert 1 <= run.summary["best_epoch"] <= run.summary["epochs"] == 4
    assert run.summary["images_per_s"] > 0
    kinds = list(Event.objects.order_by("seq").values_list("kind", flat=True))
    assert [kind for kind in kinds if kind != "job_finished"] == [
        "run_requested",
        "snapshot_made",
        "balance_reported",
        "model_made",
        "run_finished",
    ]


def test_the_models_folder_is_the_download_and_what_it_said_of_the_test_pictures(project):
    embedded(project)
    run = asked(project)

    version = finished(run)

    folder = array_path(version.folder)
    for file in version.files:
        assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]
        assert (folder / file["name"]).stat().st_size == file["bytes"]
    assert {"model.safetensors", "config.json", "classes.txt", "predict.py", "README.md", "model.onnx"} == {
        file["name"] for file in version.files
    }
    assert load(folder).classes == CLASSES
    arrays = {
        name: read_array(version.folder, name)
        for name in ("position", "label", "predicted", "confidence", "champion_predicted", "blind")
    }
    assert arrays["position"].tolist() == list(range(30, 42))
    assert arrays["blind"].all()
    truth = dict(Image.objects.values_list("position", "label_id"))
    assert arrays["label"].tolist() == [truth[position] for position in arrays["position"].tolist()]
    right = int((arrays["predicted"] == arrays["label"]).sum())
    assert right == version.metrics["blind"]["evaluation"]["correct"]
    theirs = int((arrays["champion_predicted"] == arrays["label"]).sum())
    paired = version.gate["overall"]
    assert paired["wins"] - paired["losses"] == right - theirs
    assert ((arrays["confidence"] > 0.3) & (arrays["confidence"] <= 1)).all()
    assert "Snapshot: Training run 1" in (folder / "README.md").read_text()


def test_curves_and_log_are_kept_and_checkpoints_are_not(project):
    run = asked(project)

    finished(run)

    curves = curves_of(run)
    assert [point["epoch"] for point in curves["validation"]] == [1, 2]
    assert [point["step"] for point in curves["train"]] == [1, 2, 3, 4, 5, 6]
    assert any("24 to learn from, 6 to validate, 12 to test, 12 of them blind" in line for line in log_of(run))
    assert any("Epoch 2 validated" in line for line in log_of(run))
    (folder,) = attempts(run)
    assert {path.name for path in folder.iterdir()} == {"metrics.jsonl", "log.txt", "tensorboard"}
