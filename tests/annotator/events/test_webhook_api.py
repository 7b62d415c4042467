"""Webhooks over HTTP: for leads, without ever showing a secret again, and never another project's."""

from __future__ import annotations

import pytest

from annotator.events.models import Delivery, Webhook
from annotator.events.services import create_webhook, open_deliveries, record_event, send_test
from tests.factories import make_project, make_user

pytestmark = pytest.mark.django_db

NEW = {"url": "https://example.org/hook", "kinds": ["import_finished", "model_made"]}


@pytest.fixture
def project():
    return make_project(lead=make_user("lead"))


@pytest.fixture
def client(project, client_for):
    return client_for(project.created_by)


@pytest.fixture
def address(project) -> str:
    return f"/api/projects/{project.pk}/webhooks"


def test_a_lead_adds_a_webhook_and_sees_its_secret_once(client, address):
    made = client.post(address, NEW, format="json")
    listed = client.get(address).json()

    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    assert listed["results"] == [made.json()["webhook"]]
    assert "model_made" in listed["kinds"]
    changed = client.patch(f"{address}/{listed['results'][0]['id']}", {"enabled": False}, format="json")
    for answer in (client.get(address), changed):
        assert secret not in answer.content.decode()
        assert Webhook.objects.get().secret not in answer.content.decode()


def test_it_is_changed_gets_a_new_secret_and_is_removed(client, address):
    made = client.post(address, NEW, format="json").json()
    one = f"{address}/{made['webhook']['id']}"

    changed = client.patch(one, {"kinds": ["job_failed"], "url": "https://example.org/other"}, format="json").json()
    renewed = client.post(f"{one}/secret").json()

    assert (changed["kinds"], changed["url"]) == (["job_failed"], "https://example.org/other")
    assert renewed["secret"] != made["secret"]
    assert client.delete(one).status_code == 204
    assert client.get(address).json()["results"] == []


def test_the_log_shows_how_each_message_went(client, address, project):
    webhook, _ = create_webhook(project=project, user=project.created_by, **NEW)
    event = record_event(project_id=project.pk, kind="model_made", actor=project.created_by, model=1)
    open_deliveries(webhook=webhook)
    test = client.post(f"{address}/{webhook.pk}/test")

    rows = client.get(f"{address}/{webhook.pk}/deliveries").json()["results"]

    assert test.status_code == 202
    assert [(row["kind"], row["seq"], row["state"]) for row in rows] == [
        ("ping", None, "pending"),
        ("model_made", event.seq, "pending"),
    ]
    assert set(rows[0]) == {
        *("id", "kind", "seq", "state", "attempts", "next_at", "last_at"),
        *("status", "error", "excerpt", "duration_ms", "created_at"),
    }


def test_a_message_is_sent_again(client, project):
    webhook, _ = create_webhook(project=project, user=project.created_by, **NEW)
    delivery = send_test(webhook=webhook)
    Delivery.objects.update(state="given_up", next_at=None, attempts=1)

    again = client.post(f"/api/projects/{project.pk}/deliveries/{delivery.pk}/retry")

    assert (again.status_code, again.json()["state"], again.json()["attempts"]) == (202, "pending", 0)


def test_another_projects_webhooks_do_not_exist(client, project, address):
    other = make_project(lead=project.created_by)
    webhook, _ = create_webhook(project=other, user=project.created_by, **NEW)
    delivery = send_test(webhook=webhook)
    strange = f"{address}/{webhook.pk}"

    answers = [
        client.patch(strange, {"enabled": False}, format="json"),
        client.delete(strange),
        client.post(f"{strange}/secret"),
        client.post(f"{strange}/test"),
        client.get(f"{strange}/deliveries"),
        client.post(f"/api/projects/{project.pk}/deliveries/{delivery.pk}/retry"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert Webhook.objects.get().enabled


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "https://example.org/"}, "kinds"),
        (NEW | {"url": "http://169.254.169.254/latest"}, "url"),
        (NEW | {"url": "http://10.0.0.1/"}, "url"),
        (NEW | {"url": "javascript:alert(1)"}, "url"),
        (NEW | {"url": "https://example.org/\0"}, "url"),
        (NEW | {"url": "https://" + "a" * 2000}, "url"),
        (NEW | {"url": 5.5e300}, "url"),
        (NEW | {"kinds": "all"}, "kinds"),
        (NEW | {"kinds": ["moon_landed"]}, "kinds"),
        (NEW | {"kinds": [["model_made"]]}, "kinds.0"),
        (NEW | {"kinds": []}, "kinds"),
    ],
)
def test_what_cannot_be_used_is_named(body, field, client, address):
    answer = client.post(address, body, format="json")

    assert answer.status_code == 400
    assert field in answer.json()["errors"]
