"""Messages to webhooks, sent to a real receiver that checks their signature."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from annotator.common import outgoing
from annotator.common.secrets import signature
from annotator.events.models import Delivery, Event, Webhook
from annotator.events.services import create_webhook, record_event, retry_delivery, send_test
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from tests.factories import make_project, make_user
from tests.receiver import Message, Receiver, receiving
from worker.handlers import deliver_webhooks
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def this_host_may_be_reached(settings) -> None:
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def project():
    return make_project(lead=make_user("lead"), name="Häuser")


def hook(project, url: str, kinds: tuple[str, ...] = ("import_finished", "model_made")) -> tuple[Webhook, str]:
    return create_webhook(project=project, user=project.created_by, url=url, kinds=kinds)


def happen(project, kind: str, **more: Any) -> Event:
    """Record an event of the project."""
    with transaction.atomic():
        return record_event(project_id=project.pk, kind=kind, **more)


def deliver(project) -> dict[str, Any]:
    """Run the job as a worker would; return its result."""
    job = enqueue(kind=JobKind.DELIVER_WEBHOOKS, project=project)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error_message
    return job.result


def be_due() -> None:
    """Let what waits for another try be due."""
    Delivery.objects.filter(state="pending").update(next_at=timezone.now())
    Webhook.objects.update(rests_until=None)


def numbers(receiver: Receiver) -> list[str]:
    return [message.headers["X-Annotator-Delivery"] for message in receiver.messages]


def is_signed(message: Message, secret: str) -> bool:
    given = message.headers["X-Annotator-Signature"]
    moment = int(given.split(",")[0].removeprefix("t="))
    return given == signature(secret, message.body, moment) and abs(time.time() - moment) < 60


def test_what_happens_reaches_the_receiver_signed(project, receiver):
    _, secret = hook(project, receiver.url)
    event = happen(project, "model_made", actor=project.created_by, model=7, name="v3")
    happen(project, "labelled")

    assert deliver(project) == {"opened": 1, "delivered": 1, "failed": 0}

    (message,) = receiver.messages
    delivery = Delivery.objects.get()
    assert is_signed(message, secret)
    assert not is_signed(message, "whsec_guessed")
    assert json.loads(message.body) == {
        "id": delivery.pk,
        "kind": "model_made",
        "project": {"id": project.pk, "name": "Häuser"},
        "seq": event.seq,
        "data": {"model": 7, "name": "v3"},
        "actor": {"id": project.created_by.pk, "name": "lead"},
        "created_at": event.created_at.isoformat(),
    }
    assert message.headers["X-Annotator-Event"] == "model_made"
    assert message.headers["X-Annotator-Delivery"] == str(delivery.pk)
    assert message.headers["Content-Type"] == "application/json"
    assert (delivery.state, delivery.status, delivery.excerpt) == ("delivered", 200, "thank you")


def test_what_fails_is_sent_again_under_the_same_number_until_it_is_taken(project, receiver):
    _, secret = hook(project, receiver.url)
    happen(project, "import_finished")
    receiver.will_answer(500, 503, body=b"no disk")

    waits = []
    for _ in range(3):
        deliver(project)
        delivery = Delivery.objects.get()
        if delivery.next_at is not None:
            waits.append(round((delivery.next_at - delivery.last_at).total_seconds()))
            assert (delivery.state, delivery.excerpt) == ("pending", "no disk")
        deliver(project)  # nothing is due yet
        be_due()

    assert waits == [10, 60]
    assert (delivery.state, delivery.attempts, delivery.status, delivery.error) == ("delivered", 3, 200, "")
    assert numbers(receiver) == [str(delivery.pk)] * 3
    assert len({message.body for message in receiver.messages}) == 1
    assert all(is_signed(message, secret) for message in receiver.messages)


def test_several_events_come_in_their_order_and_once(project, receiver):
    hook(project, receiver.url)
    seqs = [happen(project, "import_finished", batch=n).seq for n in range(5)]

    deliver(project)
    deliver(project)

    assert [json.loads(message.body)["seq"] for message in receiver.messages] == seqs


def test_a_receiver_that_hangs_holds_up_no_other(project, receiver, monkeypatch):
    monkeypatch.setattr(outgoing, "SECONDS", 1.0)
    never = threading.Event()
    with receiving() as stuck:
        stuck.answers.extend([never] * 9)
        hook(project, stuck.url)
        hook(project, receiver.url)
        for _ in range(3):
            happen(project, "import_finished")

        result = deliver(project)
        never.set()

    assert result == {"opened": 6, "delivered": 3, "failed": 1}
    hung = Delivery.objects.exclude(last_at=None).get(webhook__url=stuck.url)
    assert (hung.state, hung.status, hung.error) == ("pending", None, "It took too long to answer.")
    done = Delivery.objects.filter(webhook__url=receiver.url)
    assert all(delivery.last_at < hung.last_at for delivery in done)


def test_a_redirect_is_not_followed(project, receiver):
    hook(project, receiver.url)
    happen(project, "import_finished")
    with receiving() as elsewhere:
        receiver.will_answer(307, Location=elsewhere.url)
        deliver(project)

    assert elsewhere.messages == []
    assert "redirect" in Delivery.objects.get().error


def test_an_address_inside_the_network_gets_nothing(project, receiver, settings):
    settings.OUTGOING_ALLOW = []
    webhook, _ = hook(project, "https://example.org/")
    Webhook.objects.filter(pk=webhook.pk).update(url=receiver.url)  # as if its name led there by now
    happen(project, "import_finished")

    deliver(project)

    assert receiver.messages == []
    assert "private network" in Delivery.objects.get().error


def test_a_secret_that_cannot_be_read_is_a_reason_in_the_log(project, receiver, settings):
    hook(project, receiver.url)
    happen(project, "import_finished")
    settings.SECRET_KEY = "another"

    deliver(project)

    assert receiver.messages == []
    assert "Make a new secret" in Delivery.objects.get().error


def test_a_test_and_another_try_by_hand_are_sent(project, receiver):
    webhook, secret = hook(project, receiver.url)
    send_test(webhook=webhook)
    deliver(project)
    retry_delivery(delivery=Delivery.objects.get())
    deliver(project)

    first, second = receiver.messages
    assert (json.loads(first.body)["kind"], json.loads(first.body)["seq"]) == ("ping", None)
    assert first.body == second.body
    assert is_signed(second, secret)


def test_a_long_job_ends_and_leaves_the_rest_to_the_next(project, receiver, monkeypatch):
    hook(project, receiver.url)
    for _ in range(2):
        happen(project, "import_finished")
    monkeypatch.setattr(deliver_webhooks, "BUDGET", 0)

    assert deliver(project) == {"opened": 2, "delivered": 0, "failed": 0}

    monkeypatch.undo()
    assert deliver(project)["delivered"] == 2


def test_the_job_itself_is_no_event(project, receiver):
    hook(project, receiver.url, kinds=("job_finished", "job_failed"))
    deliver(project)

    assert deliver(project) == {"opened": 0, "delivered": 0, "failed": 0}
