"""`annotator train` starts a run, follows it, and prints the model, what it is worth, and what the gate said."""

from __future__ import annotations

import json

import pytest
import torch
from django.core.management import CommandError, call_command

from annotator.jobs.models import Job
from annotator.modeling.models import ModelVersion, TrainingRun
from tests.annotator.modeling.runs import label_some
from tests.factories import make_project
from tests.worker.handlers.trainable import embedded, striped_project, tiny_weights
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)

QUICK = ("--preset", "quick", "--set", "epochs=2", "--set", "batch_size=8", "--set", "precision=fp32")


@pytest.fixture
def stripes(settings, tmp_path):
    """A project on which a tiny model is trained in seconds."""
    settings.SCRATCH_DIR.mkdir()
    settings.WEIGHTS_DIR = tiny_weights(tmp_path / "weights")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    project = striped_project(train=15, validation=3, test=6)
    embedded(project)
    yield project
    torch.set_num_threads(threads)


@pytest.fixture
def worker(monkeypatch):
    """Let a worker do the newest job while the command sleeps."""
    monkeypatch.setattr("worker.management.following.time.sleep", lambda _: run_job(Job.objects.latest("pk").pk))


@pytest.fixture
def pets():
    project = make_project(name="pets")
    label_some(project)
    return project


def test_a_model_is_trained_and_told_of(stripes, worker, capsys):
    call_command("train", "stripes", *QUICK)

    first, blind, test, reason, *_ = capsys.readouterr().out.splitlines()
    version = ModelVersion.objects.get(number=2)
    assert first.startswith(f"v2, a {version.state}, by run 1: 15 pictures to learn from, best epoch")
    assert blind.startswith("  blind: accuracy 0.")
    assert "of 6, macro-F1" in test
    assert "blind answers" in reason


def test_a_run_in_json(stripes, worker, capsys):
    call_command("train", "stripes", *QUICK, "--json")

    shown = json.loads(capsys.readouterr().out)
    assert (shown["run"], shown["state"], shown["summary"]["train"]) == (1, "succeeded", 15)
    assert shown["model"]["name"] == "v2"
    assert shown["model"]["blind"]["test_size"] == 6


def test_without_waiting_the_run_stays_queued_with_its_settings(pets, capsys):
    settings = ("--set", "augmentation.rotation=5", "--set", "loss=focal", "--set", "lr=0.01")

    call_command("train", "pets", *settings, "--no-wait")

    run = TrainingRun.objects.get()
    assert capsys.readouterr().out == f"Run 1 is queued as job {run.job_id}.\n"
    assert run.overrides == {"augmentation": {"rotation": 5}, "loss": "focal", "lr": 0.01}
    assert run.created_by == pets.created_by


def test_a_run_that_waits_already_is_joined(pets, capsys):
    call_command("train", "pets", "--no-wait")
    call_command("train", "pets", "--no-wait")

    assert TrainingRun.objects.count() == 1
    assert "Run 1 waits already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--set", "speed=3"), "--set takes one of backbone, freeze"),
        (("--set", "epochs"), "not 'epochs'"),
        (("--set", "epochs=many"), "epochs must be a whole number"),
        (("--set", "epochs=1"), "warmup_epochs must be shorter than the training"),
        (("--snapshot", "7"), "pets has no snapshot 7"),
        (("--user", "nobody"), "There is no user 'nobody'"),
    ],
)
def test_bad_input_is_one_clear_line(pets, arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("train", "pets", *arguments)


def test_a_run_that_fails_fails_the_command(stripes, worker):
    with pytest.raises(CommandError, match=r"The training run failed\. No weights for resnet18 on this host\."):
        call_command("train", "stripes", *QUICK, "--set", "backbone=resnet18")
