"""Looking for something to send: found by its cursor or its time, one job a project, and no job for nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from annotator.celery import app
from annotator.events.models import Delivery, Webhook
from annotator.events.services import create_webhook, open_deliveries, record_event, send_test, update_webhook
from annotator.jobs.models import Job, JobKind
from annotator.jobs.selectors import active_jobs
from annotator.projects.models import Project
from tests.factories import make_project
from worker import tasks
from worker.deliveries import enqueue_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook() -> Webhook:
    project = make_project()
    return create_webhook(
        project=project, user=project.created_by, url="https://example.org/", kinds=["import_finished"]
    )[0]


def happen(webhook: Webhook, kind: str = "import_finished") -> None:
    record_event(project_id=webhook.project_id, kind=kind)


def end_jobs(state: str = "succeeded") -> None:
    Job.objects.update(state=state, finished_at=timezone.now())


def test_an_event_that_is_wanted_makes_one_job(webhook):
    happen(webhook)

    assert [enqueue_due(), enqueue_due()] == [1, 0]
    job = Job.objects.get()
    assert (job.kind, job.project, job.state) == (JobKind.DELIVER_WEBHOOKS, webhook.project, "queued")


def test_nothing_happened_or_nothing_that_is_wanted(webhook):
    happen(webhook, "labelled")

    assert enqueue_due() == 0


def test_a_webhook_that_is_off_wants_nothing(webhook):
    update_webhook(webhook=webhook, user=webhook.project.created_by, enabled=False)
    happen(webhook)

    assert enqueue_due() == 0
    send_test(webhook=webhook)
    assert enqueue_due() == 1


def test_a_second_try_is_found_when_it_is_due(webhook):
    happen(webhook)
    open_deliveries(webhook=webhook)
    Delivery.objects.update(next_at=timezone.now() + timedelta(seconds=30))
    assert enqueue_due() == 0

    Delivery.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    assert enqueue_due() == 1


def test_a_project_that_is_being_deleted_sends_nothing(webhook):
    happen(webhook)
    Project.objects.update(deleted_at=timezone.now())

    assert enqueue_due() == 0


def test_each_project_has_its_own_job(webhook):
    other = make_project()
    create_webhook(project=other, user=other.created_by, url="https://example.org/", kinds=["import_finished"])
    happen(webhook)
    record_event(project_id=other.pk, kind="import_finished")

    assert enqueue_due() == 2


def test_jobs_that_ended_well_leave_no_trace(webhook):
    for _ in range(3):
        happen(webhook)
        enqueue_due()
        end_jobs()

    assert Job.objects.count() == 1


def test_a_job_that_fails_is_not_tried_at_once(webhook):
    happen(webhook)
    enqueue_due()
    end_jobs("failed")
    assert enqueue_due() == 0

    Job.objects.update(finished_at=timezone.now() - timedelta(minutes=6))
    assert enqueue_due() == 1


def test_nobody_sees_it_among_the_jobs_that_people_wait_for(webhook):
    happen(webhook)
    enqueue_due()

    assert not active_jobs(webhook.project_id).exists()


@pytest.mark.django_db(transaction=True)
def test_beat_rings_for_it_and_the_worker_answers():
    project = make_project()
    with transaction.atomic():
        webhook, _ = create_webhook(
            project=project, user=project.created_by, url="https://example.org/", kinds=["import_finished"]
        )
        happen(webhook)

    assert app.conf.beat_schedule["webhooks"]["task"] == tasks.look_for_deliveries.name
    tasks.look_for_deliveries()

    assert Job.objects.exists()
