"""Projects, classes and members over HTTP."""

from __future__ import annotations

import pytest

from annotator.projects.models import Project, Role
from tests.factories import add_member, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return make_user("lead")


def test_create_a_project_and_change_it(client_for, lead):
    client = client_for(lead)

    made = client.post("/api/projects", {"name": "Clothes", "classes": ["shirt", "shoe"]}, format="json")

    assert made.status_code == 201
    project = made.json()
    assert (project["name"], project["role"], project["label_mode"]) == ("Clothes", "lead", "single")
    address = f"/api/projects/{project['id']}"
    changed = client.patch(address, {"refresh_every": 16, "strategy": "random"}, format="json").json()
    assert changed == project | {"refresh_every": 16, "strategy": "random"}
    assert client.get(address).json() == changed


def test_classes_are_names_or_objects(client_for, lead):
    client = client_for(lead)
    classes = ["shirt", {"name": "shoe", "description": "pairs too"}]

    project = client.post("/api/projects", {"name": "Clothes", "classes": classes}, format="json").json()

    rows = client.get(f"/api/projects/{project['id']}/classes").json()
    assert [(row["name"], row["description"], row["hotkey"], row["color"]) for row in rows] == [
        ("shirt", "", "h", 0),
        ("shoe", "pairs too", "o", 1),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "Clothes", "classes": ["a", "a"]}, "classes"),
        ({"name": "Clothes", "classes": [7, None]}, "classes.1"),
        ({"name": "Clothes", "target_per_class": 0}, "target_per_class"),
        ({"name": "Clothes", "reserve_share": "much"}, "reserve_share"),
        ({"name": "Clothes", "round_size": 5}, "round_size"),
    ],
)
def test_what_is_wrong_with_a_new_project_is_said_field_by_field(client_for, lead, body, field):
    response = client_for(lead).post("/api/projects", body, format="json")

    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert field in response.json()["errors"]
    assert not Project.objects.exists()


def test_delete_archives_and_a_patch_restores(client_for, lead):
    project, client = make_project(lead=lead), client_for(lead)
    address = f"/api/projects/{project.pk}"

    assert client.delete(address).status_code == 204
    assert client.get("/api/projects").json() == []
    assert [row["archived"] for row in client.get("/api/projects?archived=1").json()] == [True]

    client.patch(address, {"archived": False}, format="json")
    assert [row["id"] for row in client.get("/api/projects").json()] == [project.pk]


def test_add_rename_and_archive_classes(client_for, lead):
    project, client = make_project(lead=lead, classes=()), client_for(lead)
    address = f"/api/projects/{project.pk}/classes"

    cat, dog = client.post(address, {"names": ["cat", "dog"]}, format="json").json()
    (cow,) = client.post(address, {"name": "cow", "hotkey": "w", "description": "or bull"}, format="json").json()
    client.patch(f"{address}/{cat['id']}", {"name": "tom cat", "color": 7}, format="json")
    client.patch(f"{address}/{dog['id']}", {"archived": True}, format="json")

    assert client.get(address).json() == [
        cat | {"name": "tom cat", "color": 7},
        dog | {"archived": True},
        cow | {"hotkey": "w", "description": "or bull"},
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"names": []}, "names"),
        ({"names": ["bird", ""]}, "names"),
        ({"names": "bird"}, "names"),
        ({}, "name"),
        ([], "non_field_errors"),
        ({"name": "cat"}, "name"),
        ({"name": "bird", "hotkey": "s"}, "hotkey"),
    ],
)
def test_what_is_wrong_with_new_classes_is_said_field_by_field(client_for, lead, body, field):
    project = make_project(lead=lead)

    response = client_for(lead).post(f"/api/projects/{project.pk}/classes", body, format="json")

    assert (response.status_code, list(response.json()["errors"])) == (400, [field])
    assert project.classes.count() == 2


def test_people_join_by_user_name_and_leave_by_themselves(client_for, lead):
    project, noa = make_project(lead=lead), make_user("noa")
    address = f"/api/projects/{project.pk}/members"

    joined = client_for(lead).post(address, {"username": "noa", "role": "annotator"}, format="json")

    assert joined.json() == {
        "user": {"id": noa.pk, "username": "noa", "name": "noa", "is_admin": False, "initials": "N"},
        "role": "annotator",
    }
    assert [row["role"] for row in client_for(noa).get(address).json()] == ["lead", "annotator"]
    assert client_for(noa).get(f"/api/projects/{project.pk}").json()["role"] == "annotator"
    assert client_for(noa).delete(f"{address}/{lead.pk}").status_code == 403
    assert client_for(noa).delete(f"{address}/{noa.pk}").status_code == 204
    assert client_for(noa).get(address).status_code == 404


def test_the_last_lead_is_told_why_leaving_is_refused(client_for, lead):
    project = make_project(lead=lead)

    response = client_for(lead).delete(f"/api/projects/{project.pk}/members/{lead.pk}")

    assert (response.status_code, response.json()["code"]) == (409, "last_lead")


def test_a_role_that_is_too_low_is_told_which_is_needed(client_for):
    project = make_project()
    viewer = add_member(project, Role.VIEWER)

    response = client_for(viewer).patch(f"/api/projects/{project.pk}", {"name": "mine"}, format="json")

    assert response.status_code == 403
    assert "needs the role lead; yours here is viewer" in response.json()["message"]


@pytest.mark.django_db
def test_an_archived_project_is_read_only_until_it_is_brought_back(client_for):
    project = make_project()
    client, url = client_for(project.created_by), f"/api/projects/{project.pk}"
    assert client.delete(url).status_code == 204
    assert client.get(url).json()["archived"] is True
    refused = client.post(f"{url}/lease", {"count": 1}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "archived")
    assert client.patch(url, {"archived": False}, format="json").status_code == 200
    assert client.post(f"{url}/lease", {"count": 1}, format="json").status_code == 200
