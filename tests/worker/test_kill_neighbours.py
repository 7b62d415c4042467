"""A search for neighbours killed at any moment leaves the graph that was there; the next attempt makes the new one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from annotator.common.arrays import array_path
from annotator.images.models import NeighbourGraph
from annotator.images.services import request_neighbours
from annotator.jobs.models import Job
from tests.factories import make_image, make_project, make_user
from tests.worker.handlers.finding import DIM, embed
from tests.worker.killing import Trial, points
from worker.runner import run_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]


def a_search() -> Job:
    """Forty pictures whose neighbours are known, and two that were embedded since."""
    project = make_project(lead=make_user("lead"), name="pets", lot_key="0" * 32)
    rng = np.random.default_rng(0)
    for count in (40, 2):
        for _ in range(count):
            project.refresh_from_db()
            make_image(project)
        rows = rng.normal(size=(count, DIM))
        embed(project, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16))
        job = request_neighbours(project=project)
        if count == 40:
            run_job(job.pk)
    return job


def as_ever() -> None:
    """Run the job as it is."""


def everything() -> dict[str, Any]:
    """Return rows and files, without clocks and attempt numbers."""
    graphs = NeighbourGraph.objects.order_by("length")
    files = [sorted(array_path(graph.folder).glob("*.npy")) for graph in graphs]
    return {
        "graphs": list(graphs.values_list("space__model_name", "length", "k")),
        "files": [[hashlib.sha256(path.read_bytes()).hexdigest() for path in paths] for paths in files],
        "jobs": list(Job.objects.order_by("id").values_list("kind", "state", "result")),
        "scratch": [path.name for path in settings.SCRATCH_DIR.glob("job-*")],
    }


def kill(folder: Path, count: int) -> None:
    trial = Trial(a_search, folder, prepare=as_ever, everything=everything)
    assert [length for _, length, _ in trial.expected["graphs"]] == [40, 42]
    for milestone in points(trial.milestones, count, seed=count):
        trial.kill_at(milestone)


def test_killed_at_four_points(tmp_path):
    kill(tmp_path, 4)


@pytest.mark.accept
@pytest.mark.timeout(1800)
def test_killed_at_twenty_points(tmp_path):
    kill(tmp_path, 20)
