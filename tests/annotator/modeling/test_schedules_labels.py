"""Schedules by labels: a run after every so many that were given, changed or taken back."""

from __future__ import annotations

import pytest

from annotator.jobs.models import Job, JobKind
from annotator.labeling.models import QueueState
from annotator.labeling.services import record_import_labels
from annotator.modeling.models import Firing
from annotator.modeling.selectors import labels_left
from annotator.modeling.services import change_schedule, fire_now, remove_schedule
from annotator.projects.services import update_project
from tests.annotator.modeling.scheduled import check_triggers, give_labels, make_schedule, run_job, trainable_project
from tests.factories import make_image, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    """A project of two labels, which came before every schedule."""
    return trainable_project()


def woken(project) -> bool:
    """Say whether the labels have asked for the check."""
    return Job.objects.filter(project=project, kind=JobKind.CHECK_TRIGGERS).exists()


def alarm(project) -> int | None:
    return QueueState.objects.get(project=project).wake_at


def left(schedule) -> int | None:
    schedule.refresh_from_db()
    return labels_left(schedule, QueueState.objects.get(project=schedule.project).changes)


def test_after_so_many_labels_a_run_starts_and_says_why(project):
    schedule = make_schedule(project, every_labels=10)
    give_labels(project, 9)
    assert (woken(project), left(schedule)) == (False, 1)
    give_labels(project, 3)
    assert woken(project)
    (firing,) = check_triggers(project)
    assert (firing.cause, firing.outcome, firing.schedule) == ("labels", "started", schedule)
    assert firing.values == {"name": "every so many", "labels": 12, "every": 10, "changes": 14}
    assert (firing.run.number, left(schedule)) == (1, 10)


def test_labels_are_counted_anew_from_each_run(project):
    schedule = make_schedule(project, every_labels=10)
    for expected in (1, 2, 3):
        give_labels(project, 9)
        assert not woken(project)
        give_labels(project, 1)
        (firing,) = check_triggers(project)
        assert firing.run.number == expected
        run_job(firing.run, "succeeded")
    assert left(schedule) == 10


def test_labels_for_several_runs_that_come_at_once_start_one(project):
    make_schedule(project, every_labels=10)
    give_labels(project, 35)
    assert len(check_triggers(project)) == 1
    assert check_triggers(project) == []
    assert alarm(project) == 2 + 35 + 10


def test_imported_labels_count(project):
    make_schedule(project, every_labels=2)
    cat = project.classes.first()
    pairs = [(make_image(project).pk, cat.pk) for _ in range(2)]
    record_import_labels(project=project, user=project.created_by, pairs=pairs, batch_id=99)
    assert woken(project)


def test_the_next_to_be_due_is_the_one_that_labels_wake_for(project):
    often, seldom = make_schedule(project, every_labels=10), make_schedule(project, every_labels=25, name="seldom")
    assert alarm(project) == 12
    give_labels(project, 10)
    assert [firing.schedule for firing in check_triggers(project)] == [often]
    assert alarm(project) == 22
    give_labels(project, 15)
    fired = check_triggers(project)
    assert [(firing.schedule, firing.outcome) for firing in fired] == [(often, "joined"), (seldom, "joined")]


def test_while_a_run_goes_on_one_waits_and_takes_the_labels_of_all(project):
    make_schedule(project, every_labels=5)
    give_labels(project, 5)
    (first,) = check_triggers(project)
    run_job(first.run)
    outcomes = []
    for _ in range(3):
        give_labels(project, 5)
        outcomes += [(firing.outcome, firing.run.number) for firing in check_triggers(project)]
    assert outcomes == [("started", 2), ("joined", 2), ("joined", 2)]


def test_with_nothing_to_train_on_it_says_so_and_waits_for_as_many_again():
    project = make_project()
    schedule = make_schedule(project, every_labels=5)
    give_labels(project, 5)
    (firing,) = check_triggers(project)
    assert (firing.outcome, firing.values["reason"], firing.values["labels"]) == ("skipped", "too_few_classes", 5)
    assert (left(schedule), woken(project)) == (5, False)


def test_an_archived_project_rests(project):
    make_schedule(project, every_labels=5)
    give_labels(project, 5)
    update_project(project=project, actor=project.created_by, archived=True)
    (firing,) = check_triggers(project)
    assert (firing.outcome, firing.values["reason"]) == ("skipped", "archived")


class TestChanges:
    def test_a_smaller_number_that_was_reached_already_wakes_at_once(self, project):
        schedule = make_schedule(project, every_labels=100)
        give_labels(project, 60)
        change_schedule(schedule=schedule, user=project.created_by, every_labels=50)
        assert woken(project)
        (firing,) = check_triggers(project)
        assert firing.values["labels"] == 60

    def test_switched_off_nobody_is_woken_and_switched_on_it_counts_anew(self, project):
        schedule = make_schedule(project, every_labels=10)
        change_schedule(schedule=schedule, user=project.created_by, enabled=False)
        give_labels(project, 50)
        assert (woken(project), alarm(project), left(schedule)) == (False, None, None)
        change_schedule(schedule=schedule, user=project.created_by, enabled=True)
        assert (woken(project), left(schedule)) == (False, 10)

    def test_removed_nobody_is_woken(self, project):
        schedule = make_schedule(project, every_labels=10)
        remove_schedule(schedule=schedule, user=project.created_by)
        give_labels(project, 10)
        assert not woken(project)

    def test_a_check_that_comes_too_late_finds_nothing(self, project):
        schedule = make_schedule(project, every_labels=10)
        give_labels(project, 10)
        change_schedule(schedule=schedule, user=project.created_by, enabled=False)
        assert woken(project)
        assert check_triggers(project) == []
        assert not Firing.objects.exists()

    def test_a_run_that_a_person_starts_through_it_begins_the_count_anew(self, project):
        schedule = make_schedule(project, every_labels=10)
        give_labels(project, 7)
        fire_now(schedule=schedule, user=project.created_by)
        assert left(schedule) == 10
