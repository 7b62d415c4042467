"""How far a project is beyond labelling: models, snapshots, exports, failures."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.insights.selectors import loop, overview
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.modeling.models import ModelVersion, TrainingRun
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot
from tests.annotator.snapshots.frozen import make_export, make_snapshot
from tests.factories import make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


def blind(accuracy: float) -> dict:
    return {"blind": {"evaluation": {"accuracy": accuracy, "low": accuracy - 0.1, "high": 1.0, "count": 40}}}


def test_a_project_with_models_and_a_snapshot(project):
    ModelVersion.objects.create(project=project, number=1, state="serving", backbone="tiny", metrics=blind(0.8))
    ModelVersion.objects.create(
        project=project, number=2, state="rejected", backbone="tiny", metrics=blind(0.7), gate={"missing": 60}
    )
    TrainingRun.objects.create(project=project, number=1)
    snapshot = make_snapshot(project)
    make_export(snapshot)

    found = loop(project)

    serving, newest = found["serving"], found["newest_model"]
    assert (serving["name"], serving["accuracy"], serving["low"], serving["test_size"]) == ("v1", 0.8, 0.8 - 0.1, 40)
    assert (newest["name"], newest["state"], newest["missing"]) == ("v2", "rejected", 60)
    assert (found["runs"], found["snapshots"], found["exports"]) == (1, 1, 1)
    assert found["newest_snapshot"] == {"id": snapshot.pk, "name": "frozen", "rows": 1}
    assert overview(project, project.created_by)["loop"] == found


def test_a_backbone_whose_embedding_was_broken_off_asks_for_no_decision(project):
    ModelVersion.objects.create(project=project, number=1, state="serving", backbone="tiny")
    ModelVersion.objects.create(project=project, number=2, state="candidate", backbone="resnet50")
    assert loop(project)["newest_model"]["name"] == "v1"

    ModelVersion.objects.filter(number=2).update(folder="models/1/run-1-1")
    assert loop(project)["newest_model"]["name"] == "v2", "a trained one does"


def test_a_new_project_has_none_of_it(project):
    assert loop(project) == {
        "serving": None,
        "newest_model": None,
        "runs": 0,
        "snapshots": 0,
        "newest_snapshot": None,
        "exports": 0,
        "failed": None,
    }


def test_a_model_that_was_never_measured_has_no_accuracy(project):
    ModelVersion.objects.create(project=project, number=1, state="serving", backbone="tiny", metrics={"blind": None})

    serving = loop(project)["serving"]

    assert (serving["accuracy"], serving["test_size"], serving["missing"]) == (None, 0, 0)


def test_an_archived_snapshot_does_not_count(project):
    make_snapshot(project)
    Snapshot.objects.update(archived_at=timezone.now())

    assert (loop(project)["snapshots"], loop(project)["newest_snapshot"]) == (0, None)


def fail(job: Job, **fields) -> None:
    """End a job as a worker that gave up does."""
    ended = {"state": Job.State.FAILED, "finished_at": timezone.now()} | fields
    Job.objects.filter(pk=job.pk).update(**ended)


def test_a_failure_is_told_with_its_remedy_until_the_same_is_asked_for_again(project):
    job = enqueue(kind=JobKind.EXPORT, project=project, title="Export pets")
    fail(job, error_message="The disk is full.", error_hint="Free some space.")
    enqueue(kind=JobKind.EMBED, project=project)

    assert loop(project)["failed"] == {
        "id": job.pk,
        "kind": "export",
        "title": "Export pets",
        "message": "The disk is full.",
        "hint": "Free some space.",
    }

    enqueue(kind=JobKind.EXPORT, project=project)
    assert loop(project)["failed"] is None


def test_an_old_failure_is_no_news(project):
    fail(enqueue(kind=JobKind.EXPORT, project=project), finished_at=timezone.now() - timedelta(days=2))

    assert loop(project)["failed"] is None


def test_what_a_person_only_tried_out_is_not_told_to_everybody(project):
    fail(enqueue(kind=JobKind.PREDICT, project=project))

    assert loop(project)["failed"] is None


def test_other_projects_do_not_mix_in(project):
    other = make_project()
    make_export(make_snapshot(other))
    ModelVersion.objects.create(project=other, number=1, state="serving", backbone="tiny")
    fail(enqueue(kind=JobKind.EMBED, project=other))

    found = loop(project)

    assert (found["serving"], found["snapshots"], found["exports"], found["failed"]) == (None, 0, 0, None)
