"""`annotator schedule` lists, adds and removes what starts runs by itself."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from annotator.modeling.models import Schedule
from annotator.modeling.services import fire_label_schedules
from tests.annotator.modeling.scheduled import give_labels
from tests.factories import make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project(name="coats")


def test_a_schedule_is_added_listed_and_removed(project, capsys):
    call_command("schedule", "add", "coats", "nightly", "--cron", "30 2 * * *", "--timezone", "Europe/Berlin")
    schedule = Schedule.objects.get()
    assert (schedule.name, schedule.cron, str(schedule.timezone)) == ("nightly", "30 2 * * *", "Europe/Berlin")
    assert schedule.created_by == project.created_by
    capsys.readouterr()
    call_command("schedule", "list", "coats")
    shown = capsys.readouterr().out
    assert shown.startswith(f"{schedule.pk}  nightly: 30 2 * * * Europe/Berlin, balanced; next: 20")
    call_command("schedule", "remove", "coats", str(schedule.pk))
    assert not Schedule.objects.exists()


def test_what_came_of_a_schedule_is_told(project, capsys):
    call_command("schedule", "add", "coats", "often", "--every-labels", "5", "--preset", "quick")
    assert capsys.readouterr().out.endswith("often: every 5 labels, quick; next: 5 labels left\n")
    give_labels(project, 5)
    fire_label_schedules(project=project)
    call_command("schedule", "list", "coats")
    assert capsys.readouterr().out.rstrip().endswith("skipped too_few_classes")
    call_command("schedule", "list", "coats", "--json")
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["labels_left"], row["last"]["outcome"]) == (5, "skipped")


def test_it_is_made_in_somebodys_name(project):
    make_user("ann")
    call_command("schedule", "add", "coats", "often", "--every-labels", "5", "--user", "ann")
    assert Schedule.objects.get().created_by.username == "ann"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "hats"], "There is no project 'hats'"),
        (["add", "coats", "soon", "--cron", "61 * * * *"], "The minute “61”"),
        (["add", "coats", "soon", "--cron", "0 2 * * *", "--timezone", "Mars"], "no time zone “Mars”"),
        (["add", "coats", "soon", "--every-labels", "0"], "after how many"),
        (["add", "coats", "soon"], "one of the arguments --cron --every-labels is required"),
        (["add", "coats", "soon", "--every-labels", "5", "--user", "nobody"], "There is no user 'nobody'"),
        (["remove", "coats", "7"], "coats has no schedule 7"),
    ],
)
def test_wrong_input_is_told_in_one_line_and_writes_nothing(project, arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("schedule", *arguments)
    assert not Schedule.objects.exists()
