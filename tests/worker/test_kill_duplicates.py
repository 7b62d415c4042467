"""A search for duplicates killed at any moment keeps what it had; the next attempt ends where one run would have."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from annotator.common.arrays import array_path
from annotator.curation.models import DuplicateSearch, Finding
from annotator.curation.services import request_duplicates
from annotator.events.models import Event
from annotator.images.models import Image
from annotator.jobs.models import Job
from tests.copies import COPIES, texture
from tests.factories import make_project, make_user
from tests.worker.handlers.finding import add_pictures
from tests.worker.killing import Trial, points
from worker.handlers import find_duplicates
from worker.runner import run_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]


def a_search() -> Job:
    """Four originals that were compared before, and copies of every kind that were not."""
    project = make_project(lead=make_user("lead"), name="pets", lot_key="0" * 32)
    rng = np.random.default_rng(0)
    originals = [texture(seed) for seed in range(4)]
    add_pictures(project, originals)
    run_job(request_duplicates(project=project).pk)
    add_pictures(project, [copy(picture, rng) for picture in originals for copy in COPIES.values()])
    return request_duplicates(project=project)


def small_parts() -> None:
    """Compare in blocks of eight."""
    find_duplicates.BLOCK = 8


def everything() -> dict[str, Any]:
    """Return rows and files, without clocks and attempt numbers."""
    findings = Finding.objects.order_by("other__position", "image__position")
    signatures = sorted(path for path in array_path("signatures").rglob(f"{find_duplicates.BLOCK}-*/*.npy"))
    return {
        "findings": list(findings.values_list("kind", "other__position", "image__position", "score", "reason")),
        "groups": list(Image.objects.order_by("position").values_list("group", flat=True)),
        "search": list(DuplicateSearch.objects.values_list("length", "version")),
        "signatures": [hashlib.sha256(path.read_bytes()).hexdigest() for path in signatures],
        "events": sorted(Event.objects.values_list("kind", flat=True)),
        "jobs": list(Job.objects.order_by("id").values_list("kind", "state")),
        "scratch": [path.name for path in settings.SCRATCH_DIR.glob("job-*")],
    }


def kill(folder: Path, count: int) -> None:
    trial = Trial(a_search, folder, prepare=small_parts, everything=everything)
    assert trial.expected["groups"] == [0, 1, 2, 3, *(number for number in range(4) for _ in COPIES)]
    for milestone in points(trial.milestones, count, seed=count):
        trial.kill_at(milestone)


def test_killed_at_four_points(tmp_path):
    kill(tmp_path, 4)


@pytest.mark.accept
@pytest.mark.timeout(1800)
def test_killed_at_twenty_points(tmp_path):
    kill(tmp_path, 20)
