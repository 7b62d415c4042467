"""The job that labels wake: it starts what is due, once, and asks to be woken again."""

from __future__ import annotations

import uuid

import pytest

from annotator.jobs.models import Job, JobKind
from annotator.labeling.models import QueueState
from annotator.labeling.services import Item, submit_annotations
from annotator.modeling.models import Firing, TrainingRun
from annotator.modeling.services import change_schedule
from tests.annotator.modeling.scheduled import give_labels, make_schedule, trainable_project
from tests.factories import make_image, make_project
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


def label(project, label_class) -> None:
    """Label one more picture by hand."""
    project.refresh_from_db()
    item = Item(uuid.uuid4(), image=make_image(project).pk, labels=[label_class.pk], seen_version=0)
    assert submit_annotations(project=project, user=project.created_by, items=[item])[0].status == "created"


def check(project) -> Job:
    """Run the check that waits, and only it."""
    job = Job.objects.get(project=project, kind=JobKind.CHECK_TRIGGERS, state=Job.State.QUEUED)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error_message
    return job


def test_labels_wake_it_and_it_starts_a_run():
    project = trainable_project()
    cat = project.classes.first()
    schedule = make_schedule(project, every_labels=3, preset="quick")
    for _ in range(3):
        label(project, cat)
    job = check(project)
    firing = Firing.objects.get()
    assert job.result == {"fired": [firing.pk]}
    assert (firing.schedule, firing.outcome, firing.values["labels"]) == (schedule, "started", 3)
    train = Job.objects.get(kind=JobKind.TRAIN)
    assert (train.state, train.slot) == ("queued", f"train:{project.pk}")
    assert TrainingRun.objects.get(job=train).preset == "quick"
    for _ in range(3):
        label(project, cat)
    check(project)
    assert list(Firing.objects.order_by("pk").values_list("outcome", flat=True)) == ["started", "joined"]


def test_a_check_that_finds_nothing_due_asks_to_be_woken_when_something_is():
    project = trainable_project()
    schedule = make_schedule(project, every_labels=3)
    give_labels(project, 3)
    change_schedule(schedule=schedule, user=project.created_by, every_labels=10)
    assert check(project).result == {"fired": []}
    assert QueueState.objects.get(project=project).wake_at == 2 + 10


def test_where_there_is_nothing_to_train_on_it_ends_well_and_says_so():
    project = make_project()
    make_schedule(project, every_labels=3)
    give_labels(project, 3)
    check(project)
    assert Firing.objects.get().outcome == "skipped"
    assert not Job.objects.filter(state=Job.State.QUEUED).exists()
