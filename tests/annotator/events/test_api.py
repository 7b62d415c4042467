"""The activity list over HTTP."""

from __future__ import annotations

from annotator.events.services import record_event
from tests.factories import make_project


def test_activity_comes_newest_first_in_pages(client_for, db):
    project = make_project()
    for count in range(5):
        record_event(project_id=project.pk, kind="labelled", actor=project.created_by, count=count)
    client = client_for(project.created_by)
    address = f"/api/projects/{project.pk}/events?limit=2"

    first = client.get(address).json()
    second = client.get(f"{address}&after={first['next']}").json()
    third = client.get(f"{address}&after={second['next']}").json()

    assert [row["data"]["count"] for page in (first, second, third) for row in page["results"]] == [4, 3, 2, 1, 0]
    assert third["next"] is None
    newest = first["results"][0]
    assert set(newest) == {"seq", "kind", "actor", "data", "created_at"}
    assert newest["actor"] == {"id": project.created_by.pk, "name": project.created_by.username}


def test_what_the_machine_did_has_no_actor(client_for, db):
    project = make_project()
    record_event(project_id=project.pk, kind="refreshed", head="v1.2")

    (row,) = client_for(project.created_by).get(f"/api/projects/{project.pk}/events").json()["results"]

    assert (row["kind"], row["actor"]) == ("refreshed", None)


def test_a_limit_out_of_range_is_named(client_for, db):
    project = make_project()

    response = client_for(project.created_by).get(f"/api/projects/{project.pk}/events?limit=0")

    assert (response.status_code, list(response.json()["errors"])) == (400, ["limit"])
