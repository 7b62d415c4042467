"""A worker killed while it delivers: each event still has one message, and each message arrives, perhaps twice."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from annotator.events.models import Delivery, Webhook
from annotator.events.services import create_webhook, deliveries, record_event
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from tests.factories import make_project, make_user
from tests.receiver import Receiver, receiving
from tests.worker.killing import Trial

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]

EVENTS = 4


def allow_this_host() -> None:
    """Let the child reach the receiver in the test's own process, and try again only long after the test."""
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]
    deliveries.BACK_OFF = deliveries.REST = (3600,) * 6


class Delivering:
    """Events to be told to two addresses at one receiver; the second of them refuses what it gets."""

    def __init__(self, good: Receiver, bad: Receiver) -> None:
        self.good = good
        self.bad = bad

    def a_job(self) -> Job:
        """Begin anew: what was received before is forgotten."""
        for receiver in (self.good, self.bad):
            receiver.messages.clear()
            receiver.answers.clear()
        self.bad.will_answer(*[500] * 50)
        project = make_project(lead=make_user("lead"), name="pets")
        for receiver in (self.good, self.bad):
            create_webhook(project=project, user=project.created_by, url=receiver.url, kinds=["import_finished"])
        for number in range(EVENTS):
            with transaction.atomic():
                record_event(project_id=project.pk, kind="import_finished", batch=number)
        return enqueue(kind=JobKind.DELIVER_WEBHOOKS, project=project)

    def everything(self) -> dict[str, Any]:
        """Return what is in the tables and what arrived, without clocks and repeats."""
        bodies = {message.body for message in self.good.messages}
        return {
            "deliveries": list(
                Delivery.objects.order_by("pk").values_list("webhook", "event__seq", "state", "attempts", "status")
            ),
            "webhooks": list(Webhook.objects.order_by("pk").values_list("cursor", "failures", "enabled")),
            "arrived": sorted(json.loads(body)["data"]["batch"] for body in bodies),
            "numbers": sorted({message.headers["X-Annotator-Delivery"] for message in self.good.messages}),
            "jobs": list(Job.objects.order_by("pk").values_list("kind", "state")),
        }


@pytest.fixture(autouse=True)
def receivers_may_be_entered(settings) -> None:
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]


def kill(folder: Path, count: int) -> None:
    with receiving() as good, receiving() as bad:
        delivering = Delivering(good, bad)
        trial = Trial(delivering.a_job, folder, prepare=allow_this_host, everything=delivering.everything)
        assert trial.expected["arrived"] == list(range(EVENTS))
        draw = random.Random(count)
        for milestone in draw.sample(range(len(trial.milestones)), min(count, len(trial.milestones))):
            trial.kill_at(milestone)


def test_killed_at_four_points(tmp_path):
    kill(tmp_path, 4)


@pytest.mark.accept
@pytest.mark.timeout(1800)
def test_killed_at_twenty_points(tmp_path):
    kill(tmp_path, 20)
