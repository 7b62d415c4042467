"""Look-alikes over the API: nearest first, from the graph or by comparing, and never what is not to be seen."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
import pytest
from django.db import transaction
from django.utils import timezone

from annotator.common.arrays import publish, write_arrays
from annotator.images.models import Image, Trust
from annotator.images.selectors import active_space, similar
from annotator.images.services import publish_graph, set_holdout
from annotator.projects.models import Project, Role
from tests.factories import add_member, make_image, make_project, make_user
from tests.worker.handlers.finding import DIM, embed

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(reserve_share=0)


@pytest.fixture
def client(client_for, project):
    return client_for(project.created_by)


def add(project: Project, angles: list[float]) -> list[Image]:
    """Add embedded pictures: how much two look alike is the cosine of the difference of their angles."""
    images = []
    for _ in angles:
        project.refresh_from_db()
        images.append(make_image(project))
    rows = np.zeros((len(angles), DIM), np.float16)
    rows[:, 0], rows[:, 1] = np.cos(angles), np.sin(angles)
    embed(project, rows)
    return images


def connect(project: Project, near: list[list[int]], settings) -> None:
    """Store a graph with these neighbours."""
    lists = np.full((len(near), 3), -1, np.int32)
    for position, row in enumerate(near):
        lists[position, : len(row)] = row
    token = uuid.uuid4().hex
    draft, folder = Path(settings.SCRATCH_DIR) / token, f"{project.pk}/neighbours/{token}"
    write_arrays(draft, {"neighbours": lists, "cosines": np.ones(lists.shape, np.float16)})
    publish(draft, folder)
    with transaction.atomic():
        assert publish_graph(space=active_space(project.pk), folder=folder, length=len(near), k=3)


def ask(client, image: Image, **query) -> dict:
    response = client.get(f"/api/projects/{image.project_id}/images/{image.pk}/similar", query)
    assert response.status_code == 200, response.json()
    return response.json()


def ids(answer: dict) -> list[int]:
    return [row["id"] for row in answer["results"]]


def test_look_alikes_come_nearest_first_with_label_and_trust(client, project):
    images = add(project, [0.0, 0.5, 0.1, 1.0])
    cat = project.classes.first()
    Image.objects.filter(pk=images[2].pk).update(label=cat, trust=Trust.HUMAN)

    answer = ask(client, images[0])

    assert answer["reason"] is None
    assert ids(answer) == [images[2].pk, images[1].pk, images[3].pk]
    assert [row["cosine"] for row in answer["results"]] == pytest.approx(np.cos([0.1, 0.5, 1.0]), abs=2e-3)
    assert (answer["results"][0]["label"], answer["results"][0]["trust"]) == (cat.pk, Trust.HUMAN)
    assert ids(ask(client, images[0], count=1)) == [images[2].pk]


def test_the_graph_answers_for_those_it_knows(client, project, settings):
    images = add(project, [0.0, 0.1, 0.2, 0.3, 0.4])
    connect(project, [[1], [2], [], []], settings)

    assert ids(ask(client, images[0])) == [images[1].pk, images[2].pk], "its neighbours and theirs"
    assert len(ids(ask(client, images[4]))) == 4, "not in the graph yet: compared with all"


def test_what_is_not_to_be_seen_is_left_out(client, project):
    images = add(project, [0.0, 0.1, 0.2, 0.3, 0.4])
    seq = project.change_seq
    Image.objects.filter(pk=images[1].pk).update(archived_at=timezone.now(), change_seq=seq + 1)
    set_holdout(project=project, name="exam", image_ids=[images[2].pk], user=project.created_by)
    Image.objects.filter(pk=images[3].pk).update(reserve=True)

    assert ids(ask(client, images[0])) == [images[4].pk]


def test_a_picture_that_is_still_to_be_answered_blind_gives_no_hints(client, project):
    images = add(project, [0.0, 0.1])
    Image.objects.filter(pk=images[0].pk).update(reserve=True)
    assert ask(client, images[0]) == {"results": [], "reason": "blind"}
    project.refresh_from_db()

    Image.objects.filter(pk=images[0].pk).update(trust=Trust.HUMAN)
    Project.objects.filter(pk=project.pk).update(change_seq=project.change_seq + 1)
    Image.objects.filter(pk=images[0].pk).update(change_seq=project.change_seq + 1)

    assert ids(ask(client, images[0])) == [images[1].pk]


def test_why_there_are_none(client, project, monkeypatch):
    early = make_image(project)
    assert ask(client, early) == {"results": [], "reason": "embedding"}
    embed(project, np.zeros((1, DIM), np.float16))
    assert ask(client, early) == {"results": [], "reason": "unreadable"}
    image = add(project, [0.0])[0]
    assert ask(client, image) == {"results": [], "reason": None}
    monkeypatch.setattr(similar, "COMPARED_BELOW", 1)
    assert ask(client, image) == {"results": [], "reason": "computing"}


@pytest.mark.parametrize("count", ["0", "101", "x", "9" * 40, "-1"])
def test_a_wrong_count_is_named(client, project, count):
    image = add(project, [0.0])[0]

    response = client.get(f"/api/projects/{project.pk}/images/{image.pk}/similar", {"count": count})

    assert (response.status_code, set(response.json()["errors"])) == (400, {"count"})


def test_a_picture_of_another_project_is_not_found(client, client_for, project):
    other = make_project(lead=make_user("another"), name="other")
    image = make_image(other)

    assert client.get(f"/api/projects/{project.pk}/images/{image.pk}/similar").status_code == 404
    assert client.get(f"/api/projects/{other.pk}/images/{image.pk}/similar").status_code == 404


def test_a_viewer_may_ask(client_for, project):
    viewer = make_user("viewer")
    add_member(project, Role.VIEWER, viewer)
    images = add(project, [0.0, 0.1])

    assert ids(ask(client_for(viewer), images[0])) == [images[1].pk]
