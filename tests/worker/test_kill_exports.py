"""A worker killed while it freezes or exports: the next attempt makes the very file that one run would have made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from annotator.common.arrays import array_path
from annotator.common.blobs import store_picture
from annotator.events.models import Event
from annotator.images.models import Image, Trust
from annotator.jobs.models import Job
from annotator.projects.models import Project
from annotator.snapshots import selectors
from annotator.snapshots.models import Export, Snapshot
from annotator.snapshots.services import request_export, request_snapshot
from tests.annotator.snapshots.frozen import make_row, make_snapshot
from tests.factories import make_image, make_project, make_user, picture_bytes
from tests.worker.killing import Trial, points
from worker.handlers import snapshot as snapshot_handler

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]

PICTURES = 12


def a_project() -> Project:
    """Labelled pictures whose files are there."""
    project = make_project(lead=make_user("lead"), name="pets", lot_key="0" * 32)
    classes = list(project.classes.all())
    for n in range(PICTURES):
        data = picture_bytes(n)
        sha256 = hashlib.sha256(data).hexdigest()
        make_image(project, sha256=sha256, lot=n * 2**60 - 2**63, label=classes[n % 2], trust=Trust.HUMAN)
        original = settings.SCRATCH_DIR.parent / "original.jpg"
        original.write_bytes(data)
        store_picture(original, sha256, {"thumb": data, "model": data, "preview": data})
    return project


def a_snapshot() -> Job:
    """Labels to be frozen."""
    project = a_project()
    return request_snapshot(project=project, user=project.created_by, name="May")


def an_export() -> Job:
    """A snapshot to be exported with its pictures."""
    project = a_project()
    shas = list(Image.objects.order_by("position").values_list("sha256", flat=True))
    with transaction.atomic():
        snapshot = make_snapshot(project, [make_row(n, sha256=sha256) for n, sha256 in enumerate(shas)])
        Snapshot.objects.update(created_at="2026-05-01T12:00:00Z")
    return request_export(snapshot=snapshot, user=project.created_by, format="hugging_face")


def small_parts() -> None:
    """Freeze and export in batches of four."""
    selectors.BATCH = snapshot_handler.BATCH = 4


def everything() -> dict[str, Any]:
    """Return rows and files, without clocks, folders and attempt numbers."""
    snapshots, exports = Snapshot.objects.order_by("id"), Export.objects.order_by("id")
    return {
        "snapshots": list(snapshots.values_list("number", "name", "hash", "rows", "classes", "report")),
        "content": [selectors.content_path(row).read_bytes() for row in snapshots],
        "exports": list(exports.values_list("filename", "bytes", "sha256", "format")),
        "files": [hashlib.sha256((array_path(row.folder) / row.filename).read_bytes()).hexdigest() for row in exports],
        "events": sorted(Event.objects.values_list("kind", flat=True)),
        "jobs": list(Job.objects.order_by("id").values_list("kind", "state")),
        "scratch": [path.name for path in settings.SCRATCH_DIR.glob("job-*")],
    }


KINDS = pytest.mark.parametrize("scenario", [a_snapshot, an_export], ids=lambda scenario: scenario.__name__)


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
