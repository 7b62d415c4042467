"""Training runs over REST: start, list, watch, cancel; and the recipes that they follow."""

from __future__ import annotations

import pytest

from annotator.jobs import services as jobs
from annotator.jobs.models import Job
from annotator.modeling.models import Firing, TrainingRun
from annotator.modeling.recipes import SETTINGS
from annotator.projects.models import Role
from tests.annotator.modeling.made import make_model
from tests.annotator.modeling.runs import label_some, make_run, write_attempt
from tests.annotator.snapshots.frozen import make_snapshot
from tests.factories import add_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project()
    label_some(project)
    return project


@pytest.fixture
def lead(client_for, project):
    return client_for(project.created_by)


def test_a_run_is_started_and_watched(project, lead):
    address = f"/api/projects/{project.pk}/runs"

    answer = lead.post(address, {"preset": "quick", "recipe": {"epochs": 4}}, format="json")

    assert answer.status_code == 202
    run = answer.json()["run"]
    assert answer.json()["outcome"] == "started"
    assert (run["number"], run["state"], run["phase"], run["preset"]) == (1, "queued", "freeze", "quick")
    assert (run["cause"], run["reason"], run["model"], run["snapshot"]) == ("person", {}, None, None)
    assert run["created_by"]["id"] == project.created_by_id

    row = TrainingRun.objects.get()
    job = jobs.claim(job_id=row.job_id, worker="gpu@host")
    jobs.report_progress(job=job, done=3, total=20, unit="batches", message="epoch 1 of 4")
    write_attempt(row, 1, lines=[{"kind": "train", "step": 3, "epoch": 0, "loss": 2.0, "lr": 0.1}], log="hello\n")

    detail = lead.get(f"{address}/{row.pk}").json()
    assert (detail["state"], detail["job"]["progress"]["done"], detail["log"]) == ("running", 3, ["hello"])
    assert detail["curves"]["train"] == [{"step": 3, "epoch": 1, "loss": 2.0, "lr": 0.1, "images_per_s": None}]
    assert (detail["recipe"], detail["overrides"], detail["has_balance"]) == ({}, {"epochs": 4}, False)

    assert lead.post(f"{address}/{row.pk}/cancel").json()["cancel_requested"] is True


def test_runs_are_listed_newest_first_with_what_came_of_them(project, lead, client_for):
    version = make_model(project)
    failed = make_run(project)
    failed.job = jobs.enqueue(kind="train", project=project)
    failed.save()
    Job.objects.update(state="failed", error_code="diverged", error_message="No number.", error_hint="Slower.")
    Firing.objects.create(project=project, cause="labels", outcome="started", run=failed, values={"labels": 200})
    Firing.objects.create(project=project, cause="person", outcome="joined", run=failed)

    page = client_for(add_member(project, Role.VIEWER)).get(f"/api/projects/{project.pk}/runs").json()

    newest, oldest = page["results"]
    assert (newest["state"], newest["error"]["hint"]) == ("failed", "Slower.")
    assert (newest["cause"], newest["reason"]) == ("labels", {"labels": 200}), "what asked first"
    assert oldest["model"] == {"id": version.pk, "name": "v2", "state": "candidate"}
    assert oldest["state"] == "succeeded", "though its job is gone"
    assert page["next"] is None
    first = lead.get(f"/api/projects/{project.pk}/runs?limit=1").json()
    assert first["next"] == newest["id"]


def test_a_run_trains_on_a_snapshot_of_the_project_and_no_other(project, lead):
    classes = [{"id": n, "name": str(n), "train": 3, "validation": 0, "test": 0} for n in (1, 2)]
    snapshot = make_snapshot(project, classes=classes)
    other = make_snapshot(make_project(), classes=classes)

    answer = lead.post(f"/api/projects/{project.pk}/runs", {"snapshot": snapshot.pk}, format="json")
    assert answer.json()["run"]["snapshot"] == {"id": snapshot.pk, "number": 1, "name": "frozen"}

    answer = lead.post(f"/api/projects/{project.pk}/runs", {"snapshot": other.pk}, format="json")
    assert answer.status_code == 404


def test_how_to_freeze_can_be_told(project, lead):
    settings = {"min_trust": "human", "splits": {"train": 0.8, "validation": 0.1, "test": 0.1}}

    answer = lead.post(f"/api/projects/{project.pk}/runs", {"snapshot_settings": settings}, format="json")

    detail = lead.get(f"/api/projects/{project.pk}/runs/{answer.json()['run']['id']}").json()
    assert (detail["snapshot_settings"]["min_trust"], detail["preset"]) == ("human", "balanced")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"preset": "fastest"}, "preset"),
        ({"recipe": {"epochs": 10**30}}, "recipe.epochs"),
        ({"recipe": {"epochs": True}}, "recipe.epochs"),
        ({"recipe": {"lr": "nan"}}, "recipe.lr"),
        ({"recipe": {"backbone": "resnet\0"}}, "recipe.backbone"),
        ({"recipe": {"augmentation": []}}, "recipe.recipe"),
        ({"recipe": "fast"}, "recipe.recipe"),
        ({"recipe": {"epochs": 1}}, "recipe.warmup_epochs"),
        ({"snapshot": 10**30}, "snapshot"),
        ({"snapshot_settings": {"min_trust": "none"}}, "snapshot_settings.min_trust"),
        ({"snapshot_settings": {"min_per_class": 9, "max_per_class": 3}}, "min_per_class"),
    ],
)
def test_what_cannot_be_followed_is_named(project, lead, body, field):
    answer = lead.post(f"/api/projects/{project.pk}/runs", body, format="json")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not TrainingRun.objects.exists()


def test_a_run_that_has_ended_cannot_be_cancelled(project, lead):
    run = make_run(project, phase="done")
    assert lead.post(f"/api/projects/{project.pk}/runs/{run.pk}/cancel").status_code == 404
    run.job = jobs.enqueue(kind="train", project=project)
    run.save()
    Job.objects.update(state="succeeded")
    assert lead.post(f"/api/projects/{project.pk}/runs/{run.pk}/cancel").status_code == 409


def test_recipes_tell_what_can_be_set(project, lead):
    told = lead.get(f"/api/projects/{project.pk}/recipes").json()

    assert [preset["name"] for preset in told["presets"]] == ["quick", "balanced", "best"]
    assert all(preset["recipe"]["backbone"] == project.backbone for preset in told["presets"])
    assert [setting["name"] for setting in told["fields"]] == list(SETTINGS)
    rotation = next(setting for setting in told["fields"] if setting["name"] == "augmentation.rotation")
    assert rotation == {
        "name": "augmentation.rotation",
        "type": "number",
        "low": 0,
        "high": 180,
        "choices": [],
        "default": 0,
    }
