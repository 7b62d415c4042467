"""Labelled pictures that look like one: only what people said, nearest first, and no hint where none is wanted."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.images.models import Image, Trust
from annotator.images.selectors import similar
from annotator.labeling.models import Purpose, Task
from annotator.projects.models import Project, Role
from tests.annotator.images.test_similar_api import add, connect
from tests.factories import add_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(reserve_share=0)


@pytest.fixture
def client(client_for, project):
    return client_for(add_member(project, Role.ANNOTATOR))


def give(project: Project, image: Image, trust: Trust = Trust.HUMAN, **fields) -> None:
    project.refresh_from_db()
    seq = project.change_seq + 1
    cat = project.classes.get(name="cat")
    Image.objects.filter(pk=image.pk).update(label=cat, trust=trust, change_seq=seq, **fields)
    Project.objects.filter(pk=project.pk).update(change_seq=seq)


def ask(client, image: Image, **query) -> dict:
    response = client.get(f"/api/projects/{image.project_id}/images/{image.pk}/neighbours", query)
    assert response.status_code == 200
    return response.json()


def ids(answer: dict) -> list[int]:
    return [row["image"]["id"] for row in answer["results"]]


def test_the_nearest_labelled_pictures_come_with_their_labels(project, client):
    mine, near, unlabelled, far, farther = add(project, [0, 0.1, 0.2, 0.5, 1.0])
    for image in (near, far, farther):
        give(project, image)

    answer = ask(client, mine, count=2)

    assert ids(answer) == [near.pk, far.pk]
    first = answer["results"][0]
    cat = project.classes.get(name="cat").pk
    assert (first["label"], first["trust"], first["cosine"]) == (cat, Trust.HUMAN, pytest.approx(np.cos(0.1), abs=2e-3))
    assert answer["reason"] is None
    assert ids(ask(client, unlabelled))[0] in (near.pk, far.pk)


@pytest.mark.parametrize(
    ("trust", "shown"), [(Trust.NONE, False), (Trust.IMPORTED, True), (Trust.CERTIFIED, False), (Trust.GOLD, True)]
)
def test_only_what_people_said_is_shown(project, client, trust, shown):
    mine, other = add(project, [0, 0.1])
    give(project, other, trust)

    assert ids(ask(client, mine)) == ([other.pk] if shown else [])


def test_a_picture_that_is_to_be_answered_blind_gets_no_hint(project, client):
    mine, other, drawn = add(project, [0, 0.1, 0.2])
    give(project, other)
    Task.objects.create(project=project, image=mine, purpose=Purpose.TEST, blind=True)
    Image.objects.filter(pk=drawn.pk).update(reserve=True, change_seq=10**6)
    Project.objects.filter(pk=project.pk).update(change_seq=10**6)

    assert ask(client, mine) == {"results": [], "reason": "blind"}
    assert ask(client, drawn) == {"results": [], "reason": "blind"}
    Task.objects.update(state=Task.State.DONE)
    assert ids(ask(client, mine)) == [other.pk]


def test_of_many_labelled_pictures_those_near_in_the_graph_are_compared(project, client, monkeypatch, settings):
    images = add(project, [0, 0.1, 0.2, 0.3])
    for image in images[1:]:
        give(project, image)
    monkeypatch.setattr(similar, "COMPARED_AT_ONCE", 2)

    assert ids(ask(client, images[0])) == [images[1].pk, images[3].pk]  # an even spread, before there is a graph
    connect(project, [[2], [0], [3], [2]], settings)
    assert ids(ask(client, images[0])) == [images[2].pk, images[3].pk]


def test_without_embeddings_it_says_so(project, client):
    from_elsewhere = make_project()
    (theirs,) = add(from_elsewhere, [0])
    mine, _ = add(project, [0, 0.1])
    Image.objects.filter(pk=mine.pk).update(position=7)
    Project.objects.filter(pk=project.pk).update(next_position=8, change_seq=10**6)

    assert ask(client, mine)["reason"] == "embedding"
    response = client.get(f"/api/projects/{project.pk}/images/{theirs.pk}/neighbours")
    assert response.status_code == 404
    assert client.get(f"/api/projects/{project.pk}/images/{mine.pk}/neighbours?count=99").status_code == 400
