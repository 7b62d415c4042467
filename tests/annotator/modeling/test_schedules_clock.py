"""Schedules by the clock: each tick is answered once, across missed ticks, restarts and changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from annotator.events.models import Event
from annotator.jobs.models import Job
from annotator.modeling.models import Firing, Schedule, TrainingRun
from annotator.modeling.services import (
    change_schedule,
    fire_due_schedules,
    fire_now,
    fire_schedule,
    remove_schedule,
)
from annotator.projects.models import Role
from annotator.projects.services import add_member, change_member, update_project
from tests.annotator.modeling.scheduled import (
    Beat,
    Clock,
    freeze,
    give_labels,
    make_schedule,
    run_job,
    trainable_project,
)
from tests.factories import make_project, make_user

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NIGHT = datetime(2027, 5, 2, 0, 30, tzinfo=UTC)  # 02:30 in Berlin


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """It is the evening before."""
    return Clock(monkeypatch, NIGHT - 6 * HOUR)


@pytest.fixture
def project(clock):
    return trainable_project()


def ticks() -> list[datetime]:
    """The due times of all firings."""
    return list(Firing.objects.exclude(due_at=None).order_by("due_at").values_list("due_at", flat=True))


def test_a_tick_starts_a_run_and_says_why(project, clock):
    schedule = make_schedule(project, preset="quick", recipe={"epochs": 3})
    assert fire_schedule(schedule_id=schedule.pk) is None, "it is not due yet"
    clock.now = NIGHT + timedelta(seconds=1)
    firing = fire_schedule(schedule_id=schedule.pk)
    assert (firing.cause, firing.outcome, firing.due_at) == ("cron", "started", NIGHT)
    assert (firing.schedule, firing.created_by, firing.values) == (schedule, project.created_by, {"name": "nightly"})
    run = firing.run
    assert (run.number, run.preset, run.overrides) == (1, "quick", {"epochs": 3})
    assert (run.job.kind, run.job.state) == ("train", "queued")
    event = Event.objects.get(kind="schedule_fired")
    assert event.data == {"schedule": schedule.pk, "name": "nightly", "outcome": "started", "run": run.pk}


def test_a_tick_that_rings_again_is_answered_once(project, clock):
    schedule = make_schedule(project)
    clock.now = NIGHT
    first = fire_schedule(schedule_id=schedule.pk)
    clock.now += 2 * HOUR
    assert fire_schedule(schedule_id=schedule.pk) is None
    assert fire_due_schedules() == 0
    assert list(Firing.objects.all()) == [first]


def test_ticks_that_were_missed_are_made_up_for_by_one(project, clock):
    schedule = make_schedule(project)
    clock.now = NIGHT + 3 * DAY + 5 * HOUR
    assert fire_due_schedules() == 1
    assert fire_due_schedules() == 0
    assert ticks() == [NIGHT + 3 * DAY]
    assert fire_schedule(schedule_id=schedule.pk) is None


def test_what_was_due_before_a_schedule_was_made_is_none_of_its_business(project, clock):
    clock.now = NIGHT + HOUR
    make_schedule(project)
    assert fire_due_schedules() == 0
    clock.now += DAY
    assert fire_due_schedules() == 1
    assert ticks() == [NIGHT + DAY]


class TestBeat:
    def test_rings_at_the_minute(self, project, clock):
        make_schedule(project)
        beat, rang = Beat(), []
        for _ in range(2 * 24 * 6):
            rang += [clock.now] * beat.look()
            clock.now += 10 * MINUTE
        assert rang == ticks() == [NIGHT, NIGHT + DAY]

    def test_that_was_down_rings_once_for_all_it_missed(self, project, clock):
        make_schedule(project)
        Beat().save()
        clock.now = NIGHT + 3 * DAY + 9 * HOUR  # an hour that is nowhere near
        beat = Beat()
        assert [beat.look(), beat.look()] == [1, 0]
        assert ticks() == [NIGHT + 3 * DAY]

    def test_that_is_killed_forgets_that_it_rang_and_harms_nothing(self, project, clock):
        make_schedule(project)
        clock.now = NIGHT
        assert Beat().look() == 1  # and nothing of it is saved
        clock.now += MINUTE
        assert Beat().look() == 1
        assert ticks() == [NIGHT]

    def test_twice_does_no_harm(self, project, clock):
        make_schedule(project)
        one, other = Beat(), Beat()
        for _ in range(2 * 24 * 6):
            one.look()
            other.look()
            clock.now += 10 * MINUTE
        assert ticks() == [NIGHT, NIGHT + DAY]


@pytest.mark.parametrize(
    ("evening", "expected"),
    [
        # Clocks go from 02:00 to 03:00: half past two is what the old clock would call so, 03:30.
        (datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        # Clocks go from 03:00 back to 02:00: half past two comes twice, and the first counts.
        (datetime(2027, 10, 30, 12, tzinfo=UTC), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
    ],
    ids=["spring", "autumn"],
)
@pytest.mark.parametrize("who", ["beat", "sweep", "both"])
def test_where_clocks_change_it_fires_once_that_day(monkeypatch, evening, expected, who):
    clock = Clock(monkeypatch, evening)
    make_schedule(trainable_project())
    beat, answered = Beat(), []
    for _ in range(2 * 24 * 6):
        known = len(ticks())
        if who != "sweep":
            beat.look()
        if who != "beat":
            fire_due_schedules()
        answered += [clock.now] * (len(ticks()) - known)
        clock.now += 10 * MINUTE
    (next_day,) = [due for due in ticks() if due > expected]
    assert ticks() == [expected, next_day]
    assert next_day.date() == (expected + DAY).date()
    if who != "beat":
        assert answered == ticks(), "at the very minute"


class TestNothingToDo:
    def test_without_two_classes_it_says_so_and_goes_on(self, clock):
        schedule = make_schedule(make_project())
        clock.now = NIGHT
        firing = fire_schedule(schedule_id=schedule.pk)
        assert (firing.outcome, firing.run, firing.values["reason"]) == ("skipped", None, "too_few_classes")
        assert "training needs two" in firing.values["message"]
        assert not Job.objects.filter(kind="train").exists()
        event = Event.objects.get(kind="schedule_fired")
        assert (event.data["outcome"], event.data["reason"]) == ("skipped", "too_few_classes")

    def test_where_no_label_has_changed_since_the_last_snapshot_no_run_starts(self, project, clock):
        schedule = make_schedule(project)
        clock.now = NIGHT
        run = fire_schedule(schedule_id=schedule.pk).run
        freeze(run)
        run_job(run, "succeeded")
        clock.now += DAY
        firing = fire_schedule(schedule_id=schedule.pk)
        assert (firing.outcome, firing.values["reason"], firing.values["run"]) == ("skipped", "nothing_changed", 1)
        assert firing.values["message"] == "No label has changed since run 1."
        give_labels(project, 1)
        clock.now += DAY
        assert fire_schedule(schedule_id=schedule.pk).outcome == "started"

    def test_the_same_reason_again_is_counted_and_told_once(self, clock):
        schedule = make_schedule(make_project(), cron="* * * * *")
        for _ in range(5):
            clock.now += MINUTE
            fire_schedule(schedule_id=schedule.pk)
        (firing,) = Firing.objects.all()
        assert (firing.values["times"], firing.due_at, firing.created_at) == (5, clock.now, clock.now)
        assert firing.values["since"] == (clock.now - 4 * MINUTE).isoformat()
        assert Event.objects.filter(kind="schedule_fired").count() == 1
        assert fire_schedule(schedule_id=schedule.pk) is None

    def test_a_run_that_failed_is_tried_again_with_the_same_labels(self, project, clock):
        schedule = make_schedule(project)
        clock.now = NIGHT
        run = fire_schedule(schedule_id=schedule.pk).run
        freeze(run)
        run_job(run, "failed")
        clock.now += DAY
        assert fire_schedule(schedule_id=schedule.pk).outcome == "started"

    def test_an_archived_project_rests_and_what_it_missed_stays_missed(self, project, clock):
        schedule = make_schedule(project)
        update_project(project=project, actor=project.created_by, archived=True)
        clock.now = NIGHT
        firing = fire_schedule(schedule_id=schedule.pk)
        assert (firing.outcome, firing.values["reason"]) == ("skipped", "archived")
        update_project(project=project, actor=project.created_by, archived=False)
        clock.now += HOUR
        assert fire_due_schedules() == 0
        clock.now += DAY
        assert fire_schedule(schedule_id=schedule.pk).outcome == "started"


class TestOneRunAtATime:
    def test_a_tick_joins_the_run_that_waits(self, project, clock):
        nightly, hourly = make_schedule(project), make_schedule(project, name="hourly", cron="0 * * * *")
        clock.now = NIGHT
        assert fire_due_schedules() == 2
        first, second = Firing.objects.get(schedule=nightly), Firing.objects.get(schedule=hourly)
        assert (first.outcome, second.outcome) == ("started", "joined")
        assert first.run == second.run == TrainingRun.objects.get()

    def test_while_one_runs_one_waits(self, project, clock):
        schedule = make_schedule(project, cron="* * * * *")
        outcomes = []
        for minute in range(4):
            clock.now += MINUTE
            firing = fire_schedule(schedule_id=schedule.pk)
            outcomes.append((firing.outcome, firing.run.number))
            if minute == 0:
                run_job(firing.run)
        assert outcomes == [("started", 1), ("started", 2), ("joined", 2), ("joined", 2)]
        told = [event.data["run"] for event in Event.objects.filter(kind="schedule_fired").order_by("seq")]
        assert told == list(TrainingRun.objects.order_by("number").values_list("pk", flat=True)), "once for each run"


class TestKeeping:
    """Beat's table follows the schedules."""

    def test_a_clock_rings_the_tick_with_the_schedules_number(self, project):
        schedule = make_schedule(project, cron="*/30 2 * * mon-fri")
        (task,) = PeriodicTask.objects.all()
        assert (task.task, task.args, task.queue) == ("schedule.tick", f"[{schedule.pk}]", "interactive")
        times = (task.crontab.minute, task.crontab.hour, task.crontab.day_of_week, str(task.crontab.timezone))
        assert times == ("0,30", "2", "1,2,3,4,5", "Europe/Berlin")

    def test_switched_off_or_removed_it_has_none(self, project):
        kept, schedule = make_schedule(project), make_schedule(project, name="other")
        change_schedule(schedule=schedule, user=project.created_by, enabled=False)
        assert PeriodicTask.objects.count() == CrontabSchedule.objects.count() == 1
        schedule.refresh_from_db()
        assert (schedule.enabled, schedule.periodic_task) == (False, None)
        remove_schedule(schedule=schedule, user=project.created_by)
        remove_schedule(schedule=kept, user=project.created_by)
        assert PeriodicTask.objects.count() == CrontabSchedule.objects.count() == 0

    def test_switched_on_or_given_other_times_it_starts_anew(self, project, clock):
        schedule = make_schedule(project)
        change_schedule(schedule=schedule, user=project.created_by, enabled=False)
        clock.now = NIGHT + HOUR
        change_schedule(schedule=schedule, user=project.created_by, enabled=True)
        assert fire_due_schedules() == 0
        clock.now += 3 * HOUR
        change_schedule(schedule=schedule, user=project.created_by, cron="0 5 * * *")  # 05:00 is over, 06:30 it is
        assert fire_due_schedules() == 0
        assert PeriodicTask.objects.get().crontab.hour == "5"
        clock.now += DAY
        assert fire_due_schedules() == 1

    def test_another_name_leaves_the_clock_as_it_is(self, project, clock):
        schedule = make_schedule(project)
        clock.now = NIGHT + HOUR
        change_schedule(schedule=schedule, user=project.created_by, name="by night", preset="best")
        assert fire_due_schedules() == 1
        assert TrainingRun.objects.get().preset == "best"

    def test_a_clock_whose_schedule_is_gone_with_its_project_ends_itself(self, project, clock):
        gone = make_schedule(project).pk
        Schedule.objects.all().delete()
        assert PeriodicTask.objects.count() == 1
        assert fire_schedule(schedule_id=gone) is None
        assert PeriodicTask.objects.count() == 0

    def test_it_goes_on_when_its_maker_is_no_lead_any_more(self, project, clock):
        schedule = make_schedule(project)
        maker, other = project.created_by, make_user("other")
        add_member(project=project, actor=maker, username="other", role=Role.LEAD)
        change_member(project=project, actor=other, user_id=maker.pk, role=Role.VIEWER)
        clock.now = NIGHT
        assert fire_schedule(schedule_id=schedule.pk).outcome == "started"


def test_a_person_starts_it_whether_anything_has_changed_or_not(project, clock):
    schedule = make_schedule(project, enabled=False)
    first = fire_now(schedule=schedule, user=project.created_by)
    freeze(first.run)
    run_job(first.run, "succeeded")
    second = fire_now(schedule=schedule, user=project.created_by)
    assert [(row.cause, row.outcome, row.run.number) for row in (first, second)] == [
        ("person", "started", 1),
        ("person", "started", 2),
    ]
