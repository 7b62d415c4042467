"""Measuring backbones: one after the other, behind whatever else the queue has, published as it goes."""

from __future__ import annotations

import pytest

from annotator.jobs.models import Job, JobKind, WorkerNode
from annotator.jobs.services import enqueue, publish_worker, request_cancel
from annotator.modeling.services import request_measurement
from tests.factories import make_project
from worker.handlers import measure
from worker.ml import rates
from worker.ml.backbones import PRESETS
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def timed(monkeypatch, settings, tmp_path):
    """Replace the clock; return the names that were timed, in order."""
    names: list[str] = []

    def at_once(name):
        if name == "resnet5000":
            raise ValueError("timm has no model named 'resnet5000'")
        names.append(name)
        return 10.0 * len(names)

    monkeypatch.setattr(rates, "measure", at_once)
    settings.RATES_DIR = tmp_path / "rates"
    return names


@pytest.fixture
def project():
    return make_project()


def ask(project, *names) -> Job:
    return request_measurement(project=project, user=project.created_by, names=names)


def run(job: Job) -> Job:
    run_job(job.pk, worker="gpu@here")
    job.refresh_from_db()
    return job


def published() -> dict[str, float]:
    presets = WorkerNode.objects.get(name="gpu@here").presets
    return {row["name"]: row["images_per_second"] for row in presets if row["images_per_second"]}


def test_every_preset_is_measured_and_the_worker_tells_of_it(project, timed):
    publish_worker(name="gpu@here", queue="gpu", pid=1, device={}, presets=[], strategies=[])

    job = run(ask(project))

    assert job.state == Job.State.SUCCEEDED, job.error_message
    assert timed == list(PRESETS)
    assert (job.progress_done, job.progress_unit) <= (len(PRESETS), "backbones")
    assert published() == job.result["images_per_second"]
    assert published()["tf_efficientnet_lite0"] == 10.0


def test_any_timm_name_can_be_measured(project, timed):
    assert run(ask(project, "resnet18")).result == {"images_per_second": {"resnet18": 10.0}}
    assert timed == ["resnet18"]


def test_asked_again_it_measures_again(project, timed):
    run(ask(project, "resnet18"))
    assert run(ask(project, "resnet18")).result == {"images_per_second": {"resnet18": 20.0}}


def test_it_goes_behind_what_waits_after_each_backbone_and_goes_on_from_there(project, timed):
    job = ask(project, "resnet18", "resnet50", "resnet101")
    other = enqueue(kind=JobKind.EMBED, project=project)

    assert run(job).state == Job.State.QUEUED
    assert timed == ["resnet18"]

    Job.objects.filter(pk=other.pk).update(state=Job.State.SUCCEEDED)
    assert run(job).state == Job.State.SUCCEEDED
    assert timed == ["resnet18", "resnet50", "resnet101"]
    assert job.result["images_per_second"] == {"resnet18": 10.0, "resnet50": 20.0, "resnet101": 30.0}


def test_it_gets_on_even_if_the_queue_is_never_empty(project, timed):
    job = ask(project, "resnet18", "resnet50")
    enqueue(kind=JobKind.EMBED, project=project)
    run(job)
    assert run(job).state == Job.State.SUCCEEDED


def test_it_can_be_cancelled_between_two(project, timed, monkeypatch):
    job, real = ask(project), measure.rates.note

    def cancelling(*args):
        request_cancel(job=job)
        monkeypatch.setattr("worker.runner.REPORT_SECONDS", 0.0)
        return real(*args)

    monkeypatch.setattr(measure.rates, "note", cancelling)
    monkeypatch.setattr("worker.runner.REPORT_SECONDS", 0.0)
    assert run(job).state == Job.State.CANCELLED
    assert len(timed) == 1
    assert len(rates.measured(measure.settings.RATES_DIR)) == 1, "what was found stays"


def test_a_name_that_nobody_knows_is_told(project):
    job = run(ask(project, "resnet5000"))
    assert (job.state, job.error_code) == (Job.State.FAILED, "unknown_backbone")
    assert "resnet5000" in job.error_message
