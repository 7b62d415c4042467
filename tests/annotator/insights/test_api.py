"""Project cards, home, pulse, balance and health over HTTP."""

from __future__ import annotations

import csv
import io

import pytest

from annotator.images.models import Trust
from annotator.jobs.models import JobKind
from annotator.jobs.services import enqueue
from annotator.projects.models import Role
from tests.annotator.insights.heads import publish_head
from tests.factories import add_member, make_image, make_project, make_user

pytestmark = pytest.mark.django_db


def test_the_project_list_shows_ones_own_projects_with_their_numbers(client_for):
    project = make_project(name="Pets")
    image = make_image(project, label=project.classes.get(name="cat"), trust=Trust.HUMAN)
    publish_head(project, [None], test=(9, 10))
    make_project(name="somebody else's")

    (card,) = client_for(project.created_by).get("/api/projects").json()

    assert (card["name"], card["role"], card["counts"]["labelled"]) == ("Pets", "lead", 1)
    assert (card["head"]["name"], card["head"]["accuracy"]) == ("v1.1", 0.9)
    assert card["thumbs"][0] == f"/api/projects/{project.pk}/blobs/{image.sha256}/thumb"


def test_a_site_admin_sees_every_project_and_leads_it(client_for):
    make_project(name="Pets")
    make_project(name="Fruit")

    cards = client_for(make_user(admin=True)).get("/api/projects").json()

    assert [(card["name"], card["role"]) for card in cards] == [("Fruit", "lead"), ("Pets", "lead")]


def test_the_list_costs_the_same_number_of_queries_a_project_however_many_pictures(
    client_for, django_assert_max_num_queries
):
    lead = make_user()
    for _ in range(3):
        project = make_project(lead=lead)
        for _ in range(5):
            make_image(project)
    client = client_for(lead)

    with django_assert_max_num_queries(40):
        assert len(client.get("/api/projects").json()) == 3


def test_the_home_of_a_new_project_is_empty(client_for):
    project = make_project()

    home = client_for(project.created_by).get(f"/api/projects/{project.pk}/overview").json()

    assert (home["stage"], home["head"], home["heads"], home["round"], home["jobs"]) == ("empty", None, [], None, [])
    assert (home["next_refresh_in"], home["refresh_every"]) == (32, 32)
    assert home["today"] == {"mine": 0, "all": 0}


def test_running_jobs_are_on_the_home_and_in_the_pulse(client_for):
    project = make_project()
    job = enqueue(kind=JobKind.EMBED, project=project, title="Embed 10 pictures")
    client = client_for(project.created_by)

    home = client.get(f"/api/projects/{project.pk}/overview").json()
    pulse = client.get(f"/api/projects/{project.pk}/pulse").json()

    assert [row["id"] for row in home["jobs"]] == [job.pk]
    assert [row["title"] for row in pulse["jobs"]] == ["Embed 10 pictures"]


def test_a_pulse_carries_what_others_did(client_for):
    project = make_project()
    viewer = client_for(add_member(project, Role.VIEWER))
    before = viewer.get(f"/api/projects/{project.pk}/pulse").json()
    client_for(project.created_by).post(f"/api/projects/{project.pk}/classes", {"names": ["bird"]}, format="json")

    after = viewer.get(f"/api/projects/{project.pk}/pulse?after={before['seq']}").json()

    assert [event["kind"] for event in after["events"]] == ["classes_changed"]
    assert after["events"][0]["actor"]["name"] == project.created_by.username
    assert after["seq"] > before["seq"]


def test_heads_are_listed_for_the_curve(client_for):
    project = make_project()
    publish_head(project, [], test=(5, 10))
    publish_head(project, [], test=(8, 10))

    rows = client_for(project.created_by).get(f"/api/projects/{project.pk}/heads").json()

    assert [(row["name"], row["accuracy"]) for row in rows] == [("v1.1", 0.5), ("v1.2", 0.8)]


def test_balance_as_a_table_is_safe_to_open_in_a_spreadsheet(client_for):
    project = make_project(name="Pets", classes=("=cmd|' /C calc'!A1", "cat"), target_per_class=10)
    make_image(project, label=project.classes.get(name="cat"), trust=Trust.HUMAN)

    response = client_for(project.created_by).get(f"/api/projects/{project.pk}/balance?format=csv")

    assert response.headers["Content-Type"].startswith("text/csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="Pets class balance.csv"'
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert rows == [
        ["class", "labelled", "suggested", "total", "share", "target", "gap"],
        ["'=cmd|' /C calc'!A1", "0", "0", "0", "0.0", "10", "10"],
        ["cat", "1", "0", "1", "1.0", "10", "9"],
    ]


def test_balance_as_json_names_the_classes_by_id(client_for):
    project = make_project()

    found = client_for(project.created_by).get(f"/api/projects/{project.pk}/balance").json()

    assert [row["class"] for row in found["classes"]] == list(project.classes.values_list("pk", flat=True))


def test_presets_are_there_for_the_create_dialog(client_for):
    found = client_for(make_user()).get("/api/presets").json()

    assert found["backbones"][0]["available"] is True
    assert {row["name"] for row in found["strategies"]} == {"auto", "random"}


@pytest.mark.parametrize(("alive", "status", "word"), [(True, 200, "ok"), (False, 503, "down")])
def test_a_load_balancer_learns_whether_the_broker_answers(client_for, monkeypatch, alive, status, word):
    monkeypatch.setattr("annotator.insights.api.numbers.broker_alive", lambda: alive)

    response = client_for().get("/healthz")

    assert response.status_code == status
    assert response.json() == {"status": word, "database": "ok", "broker": word}
    assert "no-store" in response.headers["Cache-Control"]
