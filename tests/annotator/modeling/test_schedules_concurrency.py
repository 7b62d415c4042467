"""Several clocks, sweeps and people at once, on the real database."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotator.jobs.models import Job, JobKind
from annotator.labeling.selectors import changes_so_far
from annotator.modeling.models import Firing, Schedule, TrainingRun
from annotator.modeling.services import change_schedule, fire_due_schedules, fire_now, fire_schedule
from tests import processes
from tests.annotator.jobs.test_concurrency import at_once
from tests.annotator.modeling.scheduled import check_triggers, give_labels, make_schedule, trainable_project

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 6


def test_of_many_rings_one_is_answered():
    schedule = make_schedule(trainable_project())
    for day in range(1, 4):
        now = timezone.now() + timedelta(days=day)
        rings = [lambda now=now: fire_schedule(schedule_id=schedule.pk, now=now)] * THREADS
        assert sum(firing is not None for firing in at_once(*rings)) == 1
    assert Firing.objects.count() == 3
    assert TrainingRun.objects.count() == 1, "the second and the third joined the first, which waits"


def test_rings_and_sweeps_that_meet_answer_a_tick_once():
    schedules = [make_schedule(trainable_project()) for _ in range(3)]
    now = timezone.now() + timedelta(days=1)
    rings = [lambda pk=schedule.pk: fire_schedule(schedule_id=pk, now=now) for schedule in schedules]
    at_once(*rings, *[lambda: fire_due_schedules(now=now)] * 3)
    assert sorted(Firing.objects.values_list("schedule", flat=True)) == [schedule.pk for schedule in schedules]


def test_a_clock_and_a_person_that_meet_start_one_run():
    project = trainable_project()
    schedule = make_schedule(project)
    now = timezone.now() + timedelta(days=1)
    at_once(
        lambda: fire_schedule(schedule_id=schedule.pk, now=now),
        lambda: fire_now(schedule=schedule, user=project.created_by),
    )
    assert sorted(Firing.objects.values_list("outcome", flat=True)) == ["joined", "started"]
    assert TrainingRun.objects.count() == Job.objects.filter(kind=JobKind.TRAIN).count() == 1


def test_labels_that_come_while_triggers_are_checked_are_not_lost():
    project = trainable_project()
    schedule = make_schedule(project, every_labels=10)
    give_labels(project, 10)

    def label() -> None:
        for _ in range(10):
            give_labels(project, 1)

    at_once(lambda: check_triggers(project), label, label)
    while Job.objects.filter(kind=JobKind.CHECK_TRIGGERS).exists():
        check_triggers(project)
    schedule.refresh_from_db()
    counted = sum(firing.values["labels"] for firing in Firing.objects.all())
    assert changes_so_far(project) == 2 + 30
    assert counted == schedule.counted_from - 2
    assert changes_so_far(project) - schedule.counted_from < 10


def test_people_who_change_schedules_at_once_leave_each_its_own_clock():
    project = trainable_project()
    schedules = [make_schedule(project, name=f"number {number}") for number in range(3)]

    def change(schedule: Schedule) -> None:
        for hour in ("1", "2", "3"):
            change_schedule(schedule=schedule, user=project.created_by, cron=f"0 {hour} * * *")
            change_schedule(schedule=schedule, user=project.created_by, enabled=hour != "2")

    at_once(*[lambda schedule=schedule: change(schedule) for schedule in schedules])
    clocks = [schedule.periodic_task for schedule in Schedule.objects.select_related("periodic_task__crontab")]
    assert len({clock.pk for clock in clocks}) == len({clock.crontab_id for clock in clocks}) == 3
    assert {clock.crontab.hour for clock in clocks} == {"3"}


def test_two_processes_that_ring_answer_each_tick_once(tmp_path):
    schedules = [make_schedule(trainable_project(), cron="0 * * * *", timezone="UTC") for _ in range(3)]
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    moments = [first + timedelta(hours=number) for number in range(8)]
    connection.close()
    ringers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.annotator.modeling.ringer", *(moment.isoformat() for moment in moments)],
            cwd=processes.ROOT,
            env=processes.environment(tmp_path, DJANGO_SETTINGS_MODULE="annotator.settings"),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answered = [line for ringer in ringers for line in ringer.communicate(timeout=120)[0].split()]
    assert [ringer.returncode for ringer in ringers] == [0, 0]
    assert len(answered) == len(set(answered)) == Firing.objects.exclude(key=None).count()
    for schedule in schedules:  # the two were not at the same hour all the time, and none went back
        dues = list(Firing.objects.filter(schedule=schedule).order_by("pk").values_list("due_at", flat=True))
        assert dues == sorted(set(dues))
        assert dues[-1] == moments[-1]
