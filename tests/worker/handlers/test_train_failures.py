"""What can go wrong in a training run, and how the person who asked for it is told."""

from __future__ import annotations

import errno

import pytest
import torch
from django.conf import settings as django_settings

from annotator.common.blobs import blob_key
from annotator.events.models import Event
from annotator.images.models import Image, Trust
from annotator.jobs.models import Job
from annotator.jobs.services import retry
from annotator.modeling.models import ModelVersion, TrainingRun
from annotator.modeling.selectors.runs import log_of
from tests.worker.handlers.trainable import asked, finished, ran
from worker.ml.classifier import PictureUnreadable
from worker.ml.learner import TrainingDiverged

pytestmark = pytest.mark.django_db(transaction=True)


def failed(run: TrainingRun) -> tuple[str, str]:
    job = ran(run)
    assert job.state == Job.State.FAILED
    assert job.error_hint, "it says what to do"
    assert Event.objects.get(kind="run_failed").data["message"] == job.error_message
    assert not ModelVersion.objects.exists()
    return job.error_code, job.error_message


def test_labels_that_were_taken_back_meanwhile(stripes):
    run = asked(stripes)
    Image.objects.update(label=None, trust=Trust.NONE)
    assert failed(run)[0] == "nothing_to_freeze"


def test_a_single_class_that_can_be_read_until_the_storage_is_back(stripes):
    paths = [
        django_settings.BLOB_DIR / blob_key(image.sha256, "model")
        for image in Image.objects.exclude(label__name="level")
    ]
    for path in paths:
        path.rename(path.with_suffix(".away"))
    run = asked(stripes)
    code, message = failed(run)
    assert code == "too_few_classes"
    assert "of 1 class (level)" in message
    assert "28 pictures cannot be read" in message

    for path in paths:
        path.with_suffix(".away").rename(path)
    retry(job=run.job)
    assert finished(run).name == "v2"
    assert run.summary["left_out"]["unreadable"] == 0


def test_a_backbone_without_weights(stripes):
    code, message = failed(asked(stripes, overrides={"backbone": "resnet18"}))
    assert (code, message) == ("weights_unavailable", "No weights for resnet18 on this host.")


def test_a_backbone_that_nobody_knows(stripes):
    code, message = failed(asked(stripes, overrides={"backbone": "resnet1"}))
    assert code == "invalid_recipe"
    assert "timm has no model named 'resnet1'" in message


def test_a_precision_that_the_device_lacks(stripes):
    assert failed(asked(stripes, overrides={"precision": "fp16"}))[0] == "invalid_recipe"


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (TrainingDiverged("The loss became nan at step 3."), "diverged"),
        (torch.OutOfMemoryError("CUDA out of memory"), "out_of_memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "out_of_memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (ZeroDivisionError(), "internal_error"),
    ],
)
def test_what_can_go_wrong_while_it_learns(stripes, monkeypatch, raised, code):
    def broken(*args, **kwargs):
        raise raised

    monkeypatch.setattr("worker.ml.learner.Learner.learn", broken)
    run = asked(stripes)

    assert failed(run)[0] == code
    assert log_of(run)[-1].split("Failed: ")[1]


def test_a_picture_that_vanishes_while_it_learns(stripes, monkeypatch):
    def vanished(*args, **kwargs):
        raise PictureUnreadable("/blobs/ab/cd cannot be read as a picture.")

    monkeypatch.setattr("worker.ml.learner.Learner.learn", vanished)
    assert failed(asked(stripes))[0] == "picture_unreadable"
