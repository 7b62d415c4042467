"""Counting labels: every label given, changed or taken back counts once, and a number that is reached wakes once."""

from __future__ import annotations

import uuid

import pytest
from django.db import transaction

from annotator.images.models import ImportBatch
from annotator.jobs.models import Job, JobKind
from annotator.labeling.models import Annotation, QueueState
from annotator.labeling.selectors import changes_so_far
from annotator.labeling.services import (
    Item,
    count_changes,
    lease_tasks,
    record_import_labels,
    submit_annotations,
    undo_import,
    wake_at,
)
from annotator.projects.models import Role
from tests.annotator.jobs.test_concurrency import at_once
from tests.annotator.labeling.test_leasing import project_with_queue
from tests.factories import add_member, make_image, make_project


def say(project, user, **fields):
    """Submit one item; return its result."""
    fields.setdefault("client_id", uuid.uuid4())
    return submit_annotations(project=project, user=user, items=[Item(**fields)])[0]


def checks(project) -> int:
    """How many times somebody was to be woken."""
    return Job.objects.filter(project=project, kind=JobKind.CHECK_TRIGGERS).count()


@pytest.fixture
def room(db):
    """A project with a queue, its lead, its two classes and three tasks in the lead's hands."""
    project, lead = project_with_queue(pictures=6, reserve=1)
    cat, dog = project.classes.all()
    return project, lead, cat, dog, lease_tasks(project=project, user=lead, count=3)


def test_labels_given_changed_and_taken_back_are_counted(room):
    project, lead, cat, dog, tasks = room
    assert changes_so_far(project) == 0
    said = say(project, lead, task=tasks[0].pk, labels=[cat.pk])
    assert changes_so_far(project) == 1
    changed = say(project, lead, image=tasks[0].image_id, labels=[dog.pk], seen_version=said.image.label_version)
    assert changes_so_far(project) == 2
    say(project, lead, undoes=changed.client_id)
    assert changes_so_far(project) == 3


def test_what_leaves_the_labels_as_they_are_is_not_counted(room):
    project, lead, cat, dog, tasks = room
    first = say(project, lead, task=tasks[0].pk, labels=[cat.pk])
    say(project, lead, client_id=first.client_id, task=tasks[0].pk, labels=[cat.pk])
    say(project, lead, task=tasks[1].pk, verdict="skip")
    say(project, lead, task=tasks[2].pk, labels=[10**9])
    conflict = say(project, lead, image=tasks[0].image_id, labels=[dog.pk], seen_version=0)
    assert conflict.status == "conflict"
    say(project, lead, undoes=conflict.client_id)
    assert changes_so_far(project) == 1


def test_imported_labels_count_and_so_does_taking_their_import_back(db):
    project = make_project()
    cat = project.classes.first()
    batch = ImportBatch.objects.create(project=project, name="photos", created_by=project.created_by, state="done")
    images = [make_image(project) for _ in range(3)]
    for image in images:
        image.sources.create(batch=batch, path=f"cat/{image.pk}.jpg")
    pairs = [(image.pk, cat.pk) for image in images]
    for _ in range(2):  # the second time finds all done
        record_import_labels(project=project, user=project.created_by, pairs=pairs, batch_id=batch.pk)
    assert changes_so_far(project) == 3
    undo_import(batch=batch, user=project.created_by)
    assert Annotation.objects.filter(verdict="undo").count() == 3
    assert changes_so_far(project) == 6


def test_the_label_that_reaches_the_number_wakes_once(room):
    project, lead, cat, _, tasks = room
    wake_at(project=project, changes=2)
    say(project, lead, task=tasks[0].pk, labels=[cat.pk])
    assert checks(project) == 0
    say(project, lead, task=tasks[1].pk, labels=[cat.pk])
    say(project, lead, task=tasks[2].pk, labels=[cat.pk])
    job = Job.objects.get(kind=JobKind.CHECK_TRIGGERS)
    assert (job.slot, job.queue) == (f"triggers:{project.pk}", "cpu")
    assert QueueState.objects.get(project=project).wake_at is None


def test_a_number_that_was_reached_already_wakes_at_once(db):
    project = make_project()
    with transaction.atomic():
        count_changes(project=project, count=5)
    wake_at(project=project, changes=6)
    assert checks(project) == 0
    wake_at(project=project, changes=None)
    with transaction.atomic():
        count_changes(project=project, count=5)
    assert checks(project) == 0
    wake_at(project=project, changes=10)
    assert checks(project) == 1


def test_a_label_that_is_rolled_back_is_not_counted(db):
    project = make_project()
    with transaction.atomic():
        count_changes(project=project, count=3)
        transaction.set_rollback(True)
    assert changes_so_far(project) == 0


@pytest.mark.django_db(transaction=True)
def test_people_answering_at_once_are_all_counted_and_wake_once():
    project, lead = project_with_queue(pictures=40, reserve=10)
    cat = project.classes.first()
    people = [lead, *(add_member(project, Role.ANNOTATOR) for _ in range(3))]
    wake_at(project=project, changes=20)

    def work(user) -> int:
        given = 0
        for _ in range(4):
            for task in lease_tasks(project=project, user=user, count=2):
                given += say(project, user, task=task.pk, labels=[cat.pk]).status == "created"
        return given

    given = sum(at_once(*[lambda user=user: work(user) for user in people]))
    assert given == 32
    assert changes_so_far(project) == given
    assert checks(project) == 1
