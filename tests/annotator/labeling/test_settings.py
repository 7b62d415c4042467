"""The settings of a project that say how its pictures are chosen."""

from __future__ import annotations

import pytest

from annotator.jobs.models import WorkerNode
from annotator.jobs.services import publish_worker
from tests.factories import make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(client_for):
    """A project that labels by margin, its lead's signed-in client and its address."""
    project = make_project(strategy="margin")
    return project, client_for(project.created_by), f"/api/projects/{project.pk}"


def publish(*names: str) -> None:
    strategies = [{"name": name, "title": name.title(), "when": "When it fits."} for name in names]
    publish_worker(name="worker", queue="interactive", pid=1, device={}, presets=[], strategies=strategies)


def test_a_lead_chooses_a_strategy_that_the_workers_know_and_a_control_arm(room):
    publish("auto", "random")
    _, client, url = room

    changed = client.patch(url, {"strategy": "auto", "control_share": 0.1}, format="json")

    assert changed.status_code == 200
    assert (changed.json()["strategy"], changed.json()["control_share"]) == ("auto", 0.1)


def test_a_strategy_that_no_worker_knows_is_refused_with_those_that_there_are(room):
    publish("auto", "random")
    project, client, url = room
    for answer in (
        client.patch(url, {"strategy": "astrology"}, format="json"),
        client.post("/api/projects", {"name": "Fruit", "strategy": "astrology"}, format="json"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_strategy")
        assert "astrology" in answer.json()["message"]
        assert "auto, random" in answer.json()["errors"]["strategy"][0]
    project.refresh_from_db()
    assert project.strategy == "margin"


def test_the_strategy_that_a_project_has_may_stay(room):
    publish("auto", "random")
    _, client, url = room

    assert client.patch(url, {"strategy": "margin", "refresh_every": 8}, format="json").status_code == 200


def test_without_a_worker_to_ask_any_strategy_passes(room):
    publish("auto")
    WorkerNode.objects.update(seen_at="2020-01-01T00:00:00Z")
    _, client, url = room

    assert client.patch(url, {"strategy": "badge"}, format="json").status_code == 200


@pytest.mark.parametrize("share", [-0.1, 0.31, "much", "nan", "inf", None])
def test_a_control_share_is_between_nothing_and_three_tenths(room, share):
    project, client, url = room

    answer = client.patch(url, {"control_share": share}, format="json")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["control_share"])
    project.refresh_from_db()
    assert project.control_share == 0


def test_a_lead_says_how_many_pictures_several_people_label(room):
    project, client, url = room

    answer = client.patch(url, {"overlap_share": 0.1, "overlap_votes": 3}, format="json")

    assert (answer.json()["overlap_share"], answer.json()["overlap_votes"]) == (0.1, 3)
    project.refresh_from_db()
    assert (project.overlap_share, project.overlap_votes) == (0.1, 3)


@pytest.mark.parametrize("setting", ["share", "votes"])
@pytest.mark.parametrize("value", [-0.1, 1.01, 6, "much", "nan", "inf", None])
def test_several_people_are_two_to_five_and_their_share_at_most_everything(room, setting, value):
    _, client, url = room

    answer = client.patch(url, {f"overlap_{setting}": value}, format="json")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [f"overlap_{setting}"])
