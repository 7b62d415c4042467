"""Trying a model: an upload in, the likeliest classes out, and nothing is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from django.db import transaction
from PIL import Image as Picture
from safetensors.torch import save_file
from scipy.special import softmax

from annotator.common.arrays import array_path, publish, write_arrays
from annotator.common.blobs import local_path, store_picture
from annotator.images.models import EmbeddingSpace, ScoreSet
from annotator.images.services import publish_scores
from annotator.jobs.models import Job
from annotator.modeling.models import ModelVersion
from annotator.modeling.services import request_prediction, tries_folder
from annotator.projects.models import LabelClass
from tests.annotator.modeling.made import first_model, make_model
from tests.factories import make_project, picture_bytes
from worker.handlers import predict as handler
from worker.ml.artifacts import Classifier, export
from worker.ml.backbones import load_backbone
from worker.ml.classifier import Frame, predict
from worker.ml.embed import embed_images
from worker.ml.head import train_head
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)

TINY = "test_efficientnet"
FRAME = Frame(160, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "bicubic", 0.95)


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> tuple[Classifier, dict[str, bytes]]:
    """A small classifier of two classes, and the files of its folder."""
    folder = tmp_path_factory.mktemp("exported")
    torch.manual_seed(0)
    save_file(timm.create_model(TINY, num_classes=2).state_dict(), folder / "weights.safetensors")
    classifier = Classifier(TINY, FRAME, ("cat", "dog"), 0.5, folder / "weights.safetensors")
    made = export(classifier, folder / "model", name="v2", facts={}).folder
    return classifier, {path.name: path.read_bytes() for path in made.iterdir()}


@pytest.fixture(autouse=True)
def nothing_loaded():
    handler._loaded.cache_clear()


@pytest.fixture
def project(transactional_db):
    return make_project()


@pytest.fixture
def version(project, exported) -> ModelVersion:
    return make_model(project, backbone=TINY, files=exported[1])


def try_on(version: ModelVersion, data: bytes) -> Job:
    """Upload a picture and run the job."""
    job = request_prediction(version=version, user=version.project.created_by, picture=[data])
    run_job(job.pk)
    job.refresh_from_db()
    return job


def test_a_trained_model_says_what_its_classifier_says(project, version, exported, tmp_path):
    data = picture_bytes(3, size=(400, 300), encoding="PNG")

    job = try_on(version, data)

    assert job.state == Job.State.SUCCEEDED, job.error_message
    (tmp_path / "picture.png").write_bytes(data)
    classifier = exported[0]
    logits = predict(classifier.model(), FRAME, [tmp_path / "picture.png"], [0], compute=handler.CPU)
    expected = softmax(logits[0] / 0.5)
    top = job.result["top"]
    assert [row["name"] for row in top] == [("cat", "dog")[n] for n in np.argsort(-expected)]
    assert [row["class"] for row in top] == [project.classes.get(name=row["name"]).pk for row in top]
    # an upload is read as imports are: by way of a JPEG of 320 pixels
    assert [row["confidence"] for row in top] == pytest.approx(sorted(expected, reverse=True), abs=0.02)
    assert sum(row["confidence"] for row in top) == pytest.approx(1, abs=1e-3)
    assert job.result["ms"] > 0
    assert not list(tries_folder().iterdir())


def test_classes_are_called_as_they_are_called_now(project, version):
    LabelClass.objects.filter(project=project, name="dog").update(name="hound")
    assert {row["name"] for row in try_on(version, picture_bytes()).result["top"]} == {"cat", "hound"}


def test_the_model_stays_loaded(version):
    first, second = try_on(version, picture_bytes(1)), try_on(version, picture_bytes(1))
    assert first.result["top"] == second.result["top"]
    assert handler._loaded.cache_info().misses == 1


def test_the_first_model_answers_by_its_newest_head(project, tmp_path):
    version = first_model(project, dim=1280)
    data = [picture_bytes(seed, size=(300, 300)) for seed in range(2)]
    for number, content in enumerate(data):
        (tmp_path / f"{number}.jpg").write_bytes(content)
    rows, _ = embed_images([tmp_path / f"{number}.jpg" for number in range(2)], load_backbone(version.backbone))
    classes = [row.pk for row in project.classes.all()]
    publish_head(version, train_head(rows, classes, classes), tmp_path)

    top = [try_on(version, content).result["top"] for content in data]

    assert [row[0]["class"] for row in top] == classes
    assert all(row[0]["confidence"] > 0.5 for row in top)


def publish_head(version: ModelVersion, head, folder: Path) -> None:
    project = version.project
    write_arrays(folder / "draft", {"margin": np.zeros(0, np.float16)})
    head.save(folder / "draft" / "head.safetensors")
    publish(folder / "draft", f"{project.pk}/scores/test")
    with transaction.atomic():
        publish_scores(
            project_id=project.pk,
            kind=ScoreSet.Kind.HEAD,
            space=version.space,
            folder=f"{project.pk}/scores/test",
            length=0,
            classes=head.classes.tolist(),
        )


def test_without_a_head_it_says_what_to_do(project):
    job = try_on(first_model(project), picture_bytes())
    assert (job.state, job.error_code) == (Job.State.FAILED, "no_head")
    assert "Label some pictures" in job.error_hint
    EmbeddingSpace.objects.all().delete()
    assert try_on(ModelVersion.objects.get(), picture_bytes()).error_code == "no_head"


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"GIF89a but not really", "truncated"), (b"just words", "not_an_image"), (picture_bytes()[:300], "truncated")],
)
def test_what_is_not_a_picture_is_refused_and_not_kept(version, data, code):
    job = try_on(version, data)
    assert job.state == Job.State.FAILED
    assert job.error_code in {code, "corrupt"}
    assert job.error_message
    assert not list(tries_folder().iterdir())


def test_a_hidden_bomb_is_turned_away_by_its_number_of_pixels(version, tmp_path):
    Picture.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    assert try_on(version, (tmp_path / "bomb.png").read_bytes()).error_code == "too_many_pixels"


def test_an_upload_that_is_gone_is_told_of(version):
    job = request_prediction(version=version, user=version.project.created_by, picture=[b"x"])
    (tries_folder() / job.params["upload"]).unlink()
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (Job.State.FAILED, "upload_gone")


def test_a_model_whose_files_are_gone_is_told_of(version):
    for path in array_path(version.folder).iterdir():
        path.unlink()
    assert try_on(version, picture_bytes()).error_code == "weights_missing"


def test_what_the_project_has_is_not_touched(project, version, tmp_path):
    data = picture_bytes(1)
    sha256 = hashlib.sha256(data).hexdigest()
    (tmp_path / "original").write_bytes(data)
    store_picture(tmp_path / "original", sha256, {"thumb": data, "model": data, "preview": data})
    try_on(version, data)
    assert local_path(sha256, "original").read_bytes() == data
    assert not project.images.exists()
