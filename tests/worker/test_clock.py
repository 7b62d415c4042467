"""What beat runs on: fixed entries from the settings, schedules from the database, and no tick forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import Celery
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from annotator.celery import QUEUES
from annotator.celery import app as product
from worker.clock import Clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rung(monkeypatch) -> list[str]:
    """Collect what is sent instead of reaching for a broker."""
    sent: list[str] = []
    monkeypatch.setattr(Celery, "send_task", lambda app, name, *args, **options: sent.append(name))
    return sent


@pytest.fixture
def clock(rung) -> Clock:
    return a_clock()


def a_clock(**entries: float) -> Clock:
    """Make a clock with fixed entries that ring every so many seconds."""
    app = Celery("tests", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {name: {"task": name, "schedule": seconds} for name, seconds in entries.items()}
    app.conf.timezone = "UTC"
    clock = Clock(app=app)
    clock.__dict__["producer"] = None
    return clock


def add_row(name: str, *, last_run: timedelta, **times: str) -> PeriodicTask:
    """Add a crontab to the database that rang some time ago."""
    crontab = CrontabSchedule.objects.create(timezone="UTC", **times)
    ran_at = timezone.now() - last_run
    return PeriodicTask.objects.create(name=name, task=name, crontab=crontab, last_run_at=ran_at)


def turn(clock: Clock, looks: int = 10) -> None:
    for _ in range(looks):
        clock.tick()


def test_fixed_entries_ring_and_leave_nothing_in_the_database(rung):
    clock = a_clock(sweep=0.01, yearly=3e7)
    while rung.count("sweep") < 3:
        clock.tick()
    clock.sync()
    assert set(rung) == {"sweep"}
    assert not PeriodicTask.objects.exists()


def test_a_tick_that_was_missed_rings_once_even_at_another_hour(rung):
    distant = (timezone.now() + timedelta(hours=12)).hour
    add_row("nightly", last_run=timedelta(days=3), hour=str(distant), minute="0")
    clock = a_clock()
    turn(clock)
    assert rung == ["nightly"]
    clock.sync()
    turn(a_clock())
    assert rung == ["nightly"], "the next clock knows that it has rung"


def test_the_first_row_of_all_is_noticed_while_the_clock_runs(clock, rung):
    turn(clock)
    add_row("nightly", last_run=timedelta(days=3), minute="0")
    turn(clock)
    assert rung == ["nightly"]


def test_a_row_that_is_switched_off_rings_no_more(clock, rung):
    row = add_row("nightly", last_run=timedelta(days=3), minute="0")
    row.enabled = False
    row.save()
    turn(clock)
    assert rung == []


def test_a_change_of_the_rows_does_not_make_fixed_entries_ring_again(rung):
    clock = a_clock(sweep=3600)
    clock._fixed["sweep"].last_run_at -= timedelta(hours=2)
    turn(clock)
    assert rung == ["sweep"]
    add_row("nightly", last_run=timedelta(0), minute="0", hour="0")
    turn(clock)
    assert rung == ["sweep"]


def test_every_queue_has_its_sweep_and_beat_runs_on_this_clock():
    entries = product.conf.beat_schedule
    assert {entries[f"sweep by {queue}"]["options"]["queue"] for queue in QUEUES} == set(QUEUES)
    assert product.conf.beat_scheduler == f"{Clock.__module__}.{Clock.__name__}"
