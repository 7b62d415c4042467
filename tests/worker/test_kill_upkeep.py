"""A worker killed while it collects garbage or deletes a project: the next attempt finishes, and nobody else loses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings

from annotator.jobs.models import Job
from annotator.jobs.site.services import request_collection, request_deletion
from annotator.projects.models import Project
from tests.worker.handlers.upkeep import ended, fill, furnish, store
from tests.worker.killing import Trial, points
from worker.handlers import delete_project
from worker.handlers.delete_project import tables

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]


def a_collection() -> Job:
    """Garbage beside what two projects need."""
    for name, seeds in (("pets", (1, 2)), ("garden", (2, 3))):
        ended(furnish(name, seeds=seeds))
    for number in range(3):
        fill(f"1/scores/left-{number}")
        fill(f"exports/99/left-{number}")
        store(50 + number)
    return request_collection(user=None, dry_run=False)


def a_deletion() -> Job:
    """A project to be deleted beside one that stays."""
    project = furnish("pets", seeds=(1, 2))
    furnish("garden", seeds=(2, 3))
    return request_deletion(project=project, user=project.created_by, name=project.name)


def small_parts() -> None:
    """Delete a few rows at a time."""
    delete_project.CHUNK = 2


def everything() -> dict[str, Any]:
    """Return how many rows each table has, who has them, and all files."""
    folders = (settings.ARRAY_DIR, settings.BLOB_DIR, settings.INBOX_DIR)
    stored = [path for folder in folders for path in Path(folder).rglob("*") if path.is_file()]
    return {
        "rows": {
            model._meta.label: sorted(model._base_manager.exclude(**{way: None}).values_list(way, flat=True))
            for model, way in tables().items()
        },
        "projects": list(Project.objects.order_by("pk").values_list("name", flat=True)),
        "clocks": apps.get_model("django_celery_beat.PeriodicTask").objects.count(),
        "contents": sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in stored),
        "jobs": list(Job.objects.filter(project=None).values_list("kind", "state")),
        "scratch": [path.name for path in settings.SCRATCH_DIR.glob("job-*")],
    }


KINDS = pytest.mark.parametrize("scenario", [a_collection, a_deletion], ids=lambda scenario: scenario.__name__)


def kill(scenario: Callable[[], Job], folder: Path, count: int) -> None:
    trial = Trial(scenario, folder, prepare=small_parts, everything=everything)
    for milestone in points(trial.milestones, count, seed=count):
        trial.kill_at(milestone)


@KINDS
def test_killed_at_four_points(scenario, tmp_path):
    kill(scenario, tmp_path, 4)


@KINDS
@pytest.mark.accept
@pytest.mark.timeout(1800)
def test_killed_at_twenty_points(scenario, tmp_path):
    kill(scenario, tmp_path, 20)


@KINDS
def test_killed_right_after_a_picture_was_moved_aside(scenario, tmp_path):
    trial = Trial(scenario, tmp_path, prepare=small_parts, everything=everything)

    trial.kill_at(trial.milestones.index("after rename"))
