"""Neighbours: every embedded picture gets its nearest; new ones extend what is there; nothing half done is seen."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.common.arrays import array_path
from annotator.images.models import EmbeddingSpace, NeighbourGraph
from annotator.images.selectors import active_space, graph_length, neighbours
from annotator.images.services import begin_space, request_neighbours
from annotator.jobs.models import Job
from annotator.projects.models import Project
from tests.factories import make_image, make_project, make_user
from tests.worker.handlers.finding import DIM, embed
from worker.handlers import neighbours as handler
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project() -> Project:
    return make_project(lead=make_user("lead"))


def add(project: Project, count: int, seed: int = 0) -> None:
    """Add pictures to the catalogue, and their embeddings."""
    for _ in range(count):
        project.refresh_from_db()
        make_image(project)
    rows = np.random.default_rng(seed).normal(size=(count, DIM))
    embed(project, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16))


def find(project: Project) -> Job:
    job = request_neighbours(project=project)
    run_job(job.pk)
    job.refresh_from_db()
    return job


def test_every_embedded_picture_gets_its_neighbours(project):
    add(project, 30)

    job = find(project)

    assert (job.state, job.queue) == ("succeeded", "cpu")
    assert job.result == {"pictures": 30, "new": 30}
    reader = neighbours(active_space(project.pk))
    near, cosines = reader.of(np.array([0, 29, 30, -1]))
    assert (near.shape, near.dtype, cosines.dtype) == ((4, 20), np.int32, np.float16)
    assert (near[:2] >= 0).all()
    assert (near[2:] == -1).all()
    assert (np.diff(cosines[0]) <= 0).all()


def test_new_pictures_extend_the_graph(project, monkeypatch):
    add(project, 60)
    find(project)
    built = []
    monkeypatch.setattr(handler, "build", lambda *args, **kwargs: built.append(args))
    add(project, 2, seed=1)

    job = find(project)

    assert job.result == {"pictures": 62, "new": 2}
    assert built == []
    near, _ = neighbours(active_space(project.pk)).of(np.arange(62))
    assert (near >= 0).all()
    assert (near >= 60).any(axis=1).sum() > 2, "old pictures know the new ones"


def test_nothing_new_is_nothing_to_do(project):
    assert find(project).result == {"skipped": "all neighbours are known"}
    add(project, 5)
    find(project)

    assert find(project).result == {"skipped": "all neighbours are known"}
    assert NeighbourGraph.objects.count() == 1


def test_a_graph_that_was_replaced_is_cleared_away_but_stays_readable(project):
    add(project, 20)
    find(project)
    space = active_space(project.pk)
    reader = neighbours(space)
    first = NeighbourGraph.objects.get()

    for seed in (1, 2):
        add(project, 20, seed)
        find(project)

    assert graph_length(space) == 60
    assert [graph.length for graph in NeighbourGraph.objects.order_by("length")] == [40, 60]
    assert not array_path(first.folder).exists()
    assert (reader.of(np.array([3]))[0] >= 0).sum() == 19


def test_another_space_has_neighbours_of_its_own(project):
    add(project, 10)
    find(project)
    former = active_space(project.pk)
    other = begin_space(project=project, model_name="v2", backbone="b", weights="", dim=DIM)
    EmbeddingSpace.objects.filter(pk=former.pk).update(state="retired")
    EmbeddingSpace.objects.filter(pk=other.pk).update(state="active")
    assert neighbours(active_space(project.pk)) is None
    rows = np.eye(10, DIM, dtype=np.float16)
    embed(project, rows)

    find(project)

    assert graph_length(former) == graph_length(other) == 10


def test_a_cancelled_search_leaves_what_was_there(project, monkeypatch):
    add(project, 20)
    find(project)
    add(project, 20, seed=1)
    job = request_neighbours(project=project)

    def cancel(ctx, done, total):
        Job.objects.filter(pk=job.pk).update(cancel_requested=True)
        ctx._next_report = 0
        ctx.check()

    monkeypatch.setattr(handler, "_report", cancel)
    run_job(job.pk)

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert graph_length(active_space(project.pk)) == 20
    assert len(list(array_path(f"{project.pk}/neighbours").iterdir())) == 1
