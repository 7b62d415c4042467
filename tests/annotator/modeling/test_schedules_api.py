"""The API of schedules, of why runs were started, and of time zones."""

from __future__ import annotations

import pytest
from django_celery_beat.models import PeriodicTask

from annotator.events.models import Event
from annotator.modeling.models import Firing
from annotator.modeling.services import fire_now
from annotator.projects.services import update_project
from tests.annotator.modeling.scheduled import (
    check_triggers,
    freeze,
    give_labels,
    make_schedule,
    run_job,
    trainable_project,
)
from tests.factories import make_project, make_user

pytestmark = pytest.mark.django_db

NIGHTLY = {"name": "Nightly", "kind": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin"}
OFTEN = {"name": "Often", "kind": "labels", "every_labels": 200}


@pytest.fixture
def project():
    return trainable_project()


@pytest.fixture
def lead(client_for, project):
    return client_for(project.created_by)


@pytest.fixture
def address(project) -> str:
    return f"/api/projects/{project.pk}/schedules"


def test_a_schedule_is_made_listed_changed_and_removed(lead, address, project):
    answer = lead.post(address, NIGHTLY | {"preset": "quick", "recipe": {"epochs": 3}}, format="json")
    assert answer.status_code == 201
    made = answer.json()
    assert made["next_due"].endswith(":30:00Z")
    assert made == NIGHTLY | {
        "id": made["id"],
        "every_labels": None,
        "preset": "quick",
        "recipe": {"epochs": 3},
        "enabled": True,
        "next_due": made["next_due"],
        "labels_left": None,
        "last": None,
        "created_by": {"id": project.created_by.pk, "name": project.created_by.shown_name},
        "created_at": made["created_at"],
    }
    assert lead.get(address).json() == [made]
    own = f"{address}/{made['id']}"
    assert lead.get(own).json() == made
    changed = lead.patch(own, {"enabled": False, "name": " By  night "}, format="json").json()
    assert changed == made | {"enabled": False, "name": "By night", "next_due": None}
    assert lead.delete(own).status_code == 204
    assert lead.get(own).status_code == 404
    told = Event.objects.filter(kind="schedule_changed").order_by("seq")
    assert [event.data["change"] for event in told] == ["made", "changed", "removed"]
    assert not PeriodicTask.objects.exists()


def test_a_schedule_by_labels_says_how_many_are_missing(lead, address, project):
    made = lead.post(address, OFTEN, format="json").json()
    assert (made["labels_left"], made["next_due"], made["cron"]) == (200, None, "")
    give_labels(project, 30)
    assert lead.get(address).json()[0]["labels_left"] == 170


def test_what_came_of_a_schedule_is_told_with_it_and_in_the_list_of_firings(lead, address, project):
    schedule = make_schedule(project, every_labels=5)
    give_labels(project, 6)
    (firing,) = check_triggers(project)
    shown = lead.get(address).json()[0]["last"]
    assert shown == {
        "id": firing.pk,
        "cause": "labels",
        "outcome": "started",
        "schedule": {"id": schedule.pk, "name": "every so many"},
        "due_at": None,
        "values": {"name": "every so many", "labels": 6, "every": 5, "changes": 8},
        "run": {"id": firing.run.pk, "number": 1},
        "created_by": {"id": project.created_by.pk, "name": project.created_by.shown_name},
        "created_at": shown["created_at"],
    }
    assert lead.get(f"/api/projects/{project.pk}/firings").json() == {"results": [shown], "next": None}


def test_a_lead_starts_it_at_once(lead, address, project):
    schedule = make_schedule(project, every_labels=5, enabled=False)
    answer = lead.post(f"{address}/{schedule.pk}/fire")
    assert answer.status_code == 202
    assert (answer.json()["cause"], answer.json()["outcome"], answer.json()["run"]["number"]) == (
        "person",
        "started",
        1,
    )
    again = lead.post(f"{address}/{schedule.pk}/fire").json()
    assert (again["outcome"], again["run"]["number"]) == ("joined", 1)


def test_with_nothing_to_train_on_that_is_said_and_nothing_is_written(client_for):
    project = make_project()
    schedule = make_schedule(project)
    answer = client_for(project.created_by).post(f"/api/projects/{project.pk}/schedules/{schedule.pk}/fire")
    assert (answer.status_code, answer.json()["code"]) == (400, "too_few_classes")
    assert not Firing.objects.exists()


def test_in_an_archived_project_nothing_is_started_or_changed(lead, address, project):
    schedule = make_schedule(project)
    update_project(project=project, actor=project.created_by, archived=True)
    for answer in (
        lead.post(f"{address}/{schedule.pk}/fire"),
        lead.post(address, OFTEN, format="json"),
        lead.patch(f"{address}/{schedule.pk}", {"enabled": False}, format="json"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "archived")


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        (NIGHTLY | {"cron": "30 25 * * *"}, "cron", "The hour “25”"),
        (NIGHTLY | {"cron": "0 0 30 2 *"}, "cron", "so it would never be due"),
        (NIGHTLY | {"cron": "soon"}, "cron", "five fields"),
        (NIGHTLY | {"cron": ""}, "cron", "five fields"),
        (NIGHTLY | {"cron": "\x00 * * * *"}, "cron", "Null characters"),
        (NIGHTLY | {"cron": "1" * 201}, "cron", "200 characters"),
        (NIGHTLY | {"cron": None}, "cron", "null"),
        (NIGHTLY | {"timezone": "Europe/Bielefeld"}, "timezone", "no time zone “Europe/Bielefeld”"),
        (NIGHTLY | {"timezone": "../../etc/passwd"}, "timezone", "no time zone"),
        (NIGHTLY | {"timezone": "localtime"}, "timezone", "no time zone"),
        (NIGHTLY | {"timezone": 7}, "timezone", "no time zone"),
        (NIGHTLY | {"every_labels": 5}, "every_labels", "counts no labels"),
        (NIGHTLY | {"name": "  "}, "name", "blank"),
        (NIGHTLY | {"name": "x" * 201}, "name", "200 characters"),
        (NIGHTLY | {"kind": "moon"}, "kind", "not a valid choice"),
        (NIGHTLY | {"preset": "perfect"}, "preset", "not a valid choice"),
        (NIGHTLY | {"recipe": {"epochs": 0}}, "recipe.epochs", "between 1 and 1000"),
        (NIGHTLY | {"recipe": {"epochs": 1}}, "recipe.warmup_epochs", "shorter than the training"),
        (NIGHTLY | {"recipe": [1]}, "recipe.recipe", "an object of settings"),
        (OFTEN | {"every_labels": 0}, "every_labels", "greater than or equal to 1"),
        (OFTEN | {"every_labels": 10**30}, "every_labels", "less than or equal"),
        (OFTEN | {"every_labels": "many"}, "every_labels", "valid integer"),
        (OFTEN | {"every_labels": None}, "every_labels", "after how many"),
        (OFTEN | {"cron": "* * * * *"}, "cron", "has no times"),
        ({"name": "Empty"}, "kind", "required"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(lead, address, body, field, message):
    answer = lead.post(address, body, format="json")
    assert answer.status_code == 400
    assert message in answer.json()["errors"][field][0]
    assert lead.get(address).json() == []


def test_a_change_that_is_wrong_changes_nothing(lead, address):
    made = lead.post(address, NIGHTLY, format="json").json()
    for wrong in ({"cron": "* * 32 * *"}, {"every_labels": 3}, {"timezone": "Mars"}, {"name": ""}):
        assert lead.patch(f"{address}/{made['id']}", {"enabled": False} | wrong, format="json").status_code == 400
    assert lead.get(address).json() == [made]


def test_there_is_an_end_to_the_number_of_schedules(lead, address, monkeypatch):
    monkeypatch.setattr("annotator.modeling.services.schedules.MOST", 2)
    statuses = [lead.post(address, OFTEN, format="json").status_code for _ in range(3)]
    assert statuses == [201, 201, 409]


def test_firings_page_from_the_newest_and_by_schedule(lead, project):
    first, second = make_schedule(project), make_schedule(project, every_labels=5)
    for schedule in (first, second, first):
        firing = fire_now(schedule=schedule, user=project.created_by)
        freeze(firing.run)
        run_job(firing.run, "succeeded")
    address = f"/api/projects/{project.pk}/firings"
    page = lead.get(address, {"limit": 2}).json()
    assert [row["schedule"]["id"] for row in page["results"]] == [first.pk, second.pk]
    rest = lead.get(address, {"limit": 2, "after": page["next"]}).json()
    assert ([row["run"]["number"] for row in rest["results"]], rest["next"]) == ([1], None)
    own = lead.get(address, {"schedule": first.pk}).json()["results"]
    assert [row["run"]["number"] for row in own] == [3, 1]
    assert lead.get(address, {"schedule": "first"}).status_code == 400


def test_a_removed_schedule_leaves_its_firings_with_its_name(lead, address, project):
    schedule = make_schedule(project)
    lead.post(f"{address}/{schedule.pk}/fire")
    lead.delete(f"{address}/{schedule.pk}")
    (row,) = lead.get(f"/api/projects/{project.pk}/firings").json()["results"]
    assert (row["schedule"], row["values"]["name"]) == (None, "nightly")


def test_schedules_of_another_project_are_not_there(lead, address, client_for):
    other = make_schedule(make_project())
    assert lead.get(f"{address}/{other.pk}").status_code == 404
    assert lead.patch(f"{address}/{other.pk}", {"enabled": False}, format="json").status_code == 404
    assert lead.get(address.replace("schedules", "firings"), {"schedule": other.pk}).json()["results"] == []


def test_time_zones_are_listed_for_everybody_who_is_signed_in(client_for):
    zones = client_for(make_user()).get("/api/timezones").json()
    assert zones[0] == "UTC"
    assert {"Europe/Berlin", "Asia/Shanghai", "America/New_York"} <= set(zones)
    assert "Factory" not in zones
