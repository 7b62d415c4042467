"""Deleting a project for ever: nothing of it is left, nothing of others is touched, and nobody sees it meanwhile."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django_celery_beat.models import PeriodicTask

from annotator.common.arrays import array_path
from annotator.images.models import Image
from annotator.jobs import services
from annotator.jobs.models import Job, JobKind
from annotator.jobs.site.services import request_deletion
from annotator.projects.models import Project
from tests.factories import make_project
from tests.worker.handlers.upkeep import blob_folder, furnish
from worker.handlers import delete_project
from worker.handlers.delete_project import tables
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch) -> None:
    monkeypatch.setattr(delete_project, "CHUNK", 2)
    monkeypatch.setattr(delete_project, "PICTURES", 2)
    monkeypatch.setattr(delete_project, "LOOK_SECONDS", 0.05)


def delete(project: Project) -> Job:
    job = request_deletion(project=project, user=project.created_by, name=project.name)
    run_job(job.pk)
    job.refresh_from_db()
    return job


def rows() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables but jobs without a project."""
    shown = [model for model in apps.get_models(include_auto_created=True) if model is not Job]
    found = {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in shown}
    return found | {"jobs": list(Job.objects.exclude(project=None).order_by("pk").values())}


def files() -> set[str]:
    """All files that projects have."""
    folders = (settings.ARRAY_DIR, settings.BLOB_DIR, settings.INBOX_DIR)
    return {str(path) for folder in folders for path in folder.rglob("*") if path.is_file()}


def test_everything_goes_and_another_project_stays_as_it_was():
    other = furnish("garden", seeds=(2, 3))
    shared = Image.objects.get(project=other, position=0).sha256
    before, stored = rows(), files()
    project = furnish("pets", seeds=(1, 2))
    assert _missing(project) == [], "the test's project has rows in every table"

    job = delete(project)

    assert (job.state, job.error_message) == (Job.State.SUCCEEDED, "")
    assert job.result == {"project": project.pk, "name": "pets", "pictures": 1}
    found = rows()
    for name in set(before) - {"accounts.User", "django_celery_beat.PeriodicTasks"}:  # people stay; the clock is told
        assert found[name] == before[name], name
    assert files() == stored
    assert blob_folder(shared).exists()
    assert PeriodicTask.objects.filter(name=f"schedule of {other.pk}").exists()


def _missing(project: Project) -> list[str]:
    """Tables of what belongs to projects that this project has no rows in."""
    ways = tables()
    return [
        model._meta.label for model, way in ways.items() if not model._base_manager.filter(**{way: project}).exists()
    ]


def test_every_table_that_would_lose_rows_with_a_project_is_emptied_before_it():
    order = list(tables())
    for model in order:
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model in order and field.related_model is not model:
                assert order.index(model) < order.index(field.related_model), f"{field} refers to what is gone"
    lost = {relation.related_model for relation in Project._meta.related_objects}
    assert lost <= set(order)
    cascades = {
        relation.related_model
        for model in order
        for relation in model._meta.related_objects
        if relation.on_delete is models.CASCADE
    }
    assert cascades <= set(order)


def test_its_jobs_are_stopped_first(monkeypatch):
    project = furnish("pets")
    waiting = Job.objects.get(project=project, state=Job.State.QUEUED)
    running = services.enqueue(kind=JobKind.FIND_DUPLICATES, project=project)
    attempt = services.claim(job_id=running.pk, worker="elsewhere")
    assert attempt is not None
    asked = threading.Event()
    states: list[str] = []

    def let_go() -> None:
        asked.wait(20)
        states.extend(Job.objects.filter(pk=waiting.pk).values_list("state", flat=True))
        assert Image.objects.filter(project=project).exists(), "nothing goes while somebody works with it"
        services.end_cancelled(job=attempt)
        connection.close()

    request = services.request_cancel

    def watched(*, job: Job) -> Job:
        found = request(job=job)
        if job.pk == running.pk:
            asked.set()
        return found

    monkeypatch.setattr(delete_project, "request_cancel", watched)
    elsewhere = threading.Thread(target=let_go)
    elsewhere.start()
    job = delete(project)
    elsewhere.join()

    assert states == [Job.State.CANCELLED]
    assert job.state == Job.State.SUCCEEDED
    assert not Project.objects.filter(pk=project.pk).exists()


def test_a_picture_that_an_import_elsewhere_may_be_about_to_name_is_left_to_garbage_collection():
    project = furnish("pets", seeds=(1, 2))
    sha256 = Image.objects.get(project=project, position=0).sha256
    running = services.enqueue(kind=JobKind.IMPORT, project=make_project())
    services.claim(job_id=running.pk, worker="elsewhere")
    (blob_folder(sha256) / "original").touch()  # as the import does with what is there already

    assert delete(project).result["pictures"] == 1

    assert blob_folder(sha256).exists()


def test_an_empty_project_goes_too():
    project = make_project(classes=())
    Project.objects.filter(pk=project.pk).update(archived_at="2026-01-01T00:00:00Z")

    assert delete(project).state == Job.State.SUCCEEDED
    assert not Project.objects.exists()


def test_a_project_that_nobody_asked_to_delete_is_not_touched():
    project = furnish("pets")
    job = services.enqueue(kind=JobKind.DELETE_PROJECT, project=None, params={"project": project.pk, "name": "pets"})

    run_job(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (Job.State.FAILED, "not_deleted")
    assert array_path(f"models/{project.pk}").exists()
    assert _missing(project) == []
