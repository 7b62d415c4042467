"""The API of duplicates: groups with their reasons, a search, a group taken apart."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotator.images.models import Image
from tests.annotator.curation.findings import REASON, a_project, find, groups
from tests.factories import make_project

pytestmark = pytest.mark.django_db


def test_groups_are_listed_with_members_and_reasons(client_for):
    project, images = a_project(5)
    find(project, 5, (images[0], images[2]), (images[2], images[4]))
    client = client_for(project.created_by)

    answer = client.get(f"/api/projects/{project.pk}/duplicates").json()

    assert (answer["next"], answer["searched"]) == (None, 5)
    (group,) = answer["results"]
    assert group["group"] == 0
    assert [member["id"] for member in group["members"]] == [images[0].pk, images[2].pk, images[4].pk]
    assert group["members"][0]["urls"]["thumb"].endswith(f"{images[0].sha256}/thumb")
    assert group["pairs"][0] == {"first": images[0].pk, "second": images[2].pk, "score": 0.97, **REASON}


def test_groups_page_by_their_first_position(client_for):
    project, images = a_project(6)
    find(project, 6, (images[0], images[1]), (images[2], images[3]), (images[4], images[5]))
    client, address = client_for(project.created_by), f"/api/projects/{project.pk}/duplicates"

    first = client.get(address, {"limit": 2}).json()
    second = client.get(address, {"limit": 2, "after": first["next"]}).json()

    assert [row["group"] for row in first["results"]] == [0, 2]
    assert ([row["group"] for row in second["results"]], second["next"]) == ([4], None)


def test_archived_pictures_and_other_projects_are_not_shown(client_for):
    project, images = a_project(2)
    find(project, 2, (images[0], images[1]))
    other = make_project(lead=project.created_by)
    client = client_for(project.created_by)

    assert client.get(f"/api/projects/{other.pk}/duplicates").json()["results"] == []
    Image.objects.filter(pk=images[1].pk).update(archived_at=timezone.now())
    assert client.get(f"/api/projects/{project.pk}/duplicates").json()["results"] == []


def test_a_lead_starts_a_search(client_for):
    project, _ = a_project(1)
    response = client_for(project.created_by).post(f"/api/projects/{project.pk}/duplicates/find")

    assert (response.status_code, response.json()["kind"]) == (202, "find_duplicates")


def test_a_group_is_taken_apart(client_for):
    project, images = a_project(3)
    find(project, 3, (images[0], images[1]), (images[1], images[2]), (images[0], images[2]))
    client, address = client_for(project.created_by), f"/api/projects/{project.pk}/duplicates/0/split"

    some = client.post(address, {"images": [images[1].pk]}, format="json")
    assert (some.status_code, some.json()["parts"]) == (200, [[0, 2], [1]])
    assert groups(project) == [0, 1, 0]

    rest = client.post(address, {}, format="json")
    assert (rest.status_code, rest.json()["parts"]) == (200, [[0], [2]])
    assert groups(project) == [0, 1, 2]
    assert client.post(address, {}, format="json").status_code == 404
    assert client.get(f"/api/projects/{project.pk}/duplicates").json()["results"] == []


def test_pictures_that_are_not_in_the_group_are_named_as_the_mistake(client_for):
    project, images = a_project(3)
    find(project, 3, (images[0], images[1]))
    address = f"/api/projects/{project.pk}/duplicates/0/split"

    response = client_for(project.created_by).post(address, {"images": [images[2].pk]}, format="json")

    assert response.status_code == 400
    assert "images" in response.json()["errors"]
