"""A worker killed while it checks triggers: the next attempt starts each run once, with the labels counted once."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from annotator.events.models import Event
from annotator.jobs.models import Job, JobKind
from annotator.labeling.models import QueueState
from annotator.modeling.models import Firing, Schedule, TrainingRun
from tests.annotator.modeling.scheduled import give_labels, make_schedule, trainable_project
from tests.factories import make_user
from tests.worker.killing import Trial

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]


def a_check() -> Job:
    """Three schedules, two of which are due."""
    project = trainable_project(lead=make_user("lead"), name="pets")
    for every in (5, 10, 100):
        make_schedule(project, name=f"every {every}", every_labels=every)
    give_labels(project, 12)
    return Job.objects.get(kind=JobKind.CHECK_TRIGGERS)


def nothing() -> None:
    """The child is ready as it is."""


def everything() -> dict[str, Any]:
    """Return the rows, without clocks and attempt numbers."""
    return {
        "firings": list(Firing.objects.order_by("pk").values_list("schedule__name", "outcome", "values", "key")),
        "runs": list(TrainingRun.objects.order_by("pk").values_list("number", "job__kind", "job__state")),
        "schedules": list(Schedule.objects.order_by("pk").values_list("name", "counted_from")),
        "alarm": list(QueueState.objects.values_list("changes", "wake_at")),
        "events": sorted(Event.objects.values_list("kind", flat=True)),
        "jobs": sorted(Job.objects.values_list("kind", "state")),
        "scratch": [path.name for path in settings.SCRATCH_DIR.glob("job-*")],
    }


def test_killed_at_every_point(tmp_path):
    trial = Trial(a_check, tmp_path, prepare=nothing, everything=everything)
    assert [outcome for _, outcome, *_ in trial.expected["firings"]] == ["started", "joined"]
    assert len(trial.milestones) >= 4
    for milestone in range(len(trial.milestones)):
        trial.kill_at(milestone)
