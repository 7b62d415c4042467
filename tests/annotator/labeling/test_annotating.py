"""Annotations: what is kept, what becomes the label, and what an undo restores."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from annotator.events.models import Event
from annotator.images.models import Image, Trust
from annotator.jobs.models import Job, JobKind
from annotator.labeling.models import Annotation, ImageLabel, Task
from annotator.labeling.services import Item, lease_tasks, record_import_labels, submit_annotations
from annotator.labeling.services.rounds import count_towards_refresh
from annotator.projects.models import Role
from tests.annotator.labeling.test_leasing import project_with_queue
from tests.factories import add_member, make_image, make_project


def say(project, user, **fields):
    """Submit one item; return its result."""
    fields.setdefault("client_id", uuid.uuid4())
    return submit_annotations(project=project, user=user, items=[Item(**fields)])[0]


@pytest.fixture
def room(db):
    """A project with a queue, its lead, its two classes and three tasks in the lead's hands."""
    project, lead = project_with_queue(pictures=6, reserve=1)
    cat, dog = project.classes.all()
    return project, lead, cat, dog, lease_tasks(project=project, user=lead, count=3)


def test_an_answer_becomes_the_label_and_remembers_what_was_on_the_screen(room):
    project, lead, cat, dog, tasks = room
    result = say(project, lead, task=tasks[0].pk, labels=[dog.pk], lead_time_ms=700)
    assert result.status == "created"
    image = Image.objects.get(pk=tasks[0].image_id)
    assert (image.label, image.trust, image.label_version) == (dog, Trust.HUMAN, 1)
    row = result.annotation
    assert (row.suggestion_model, row.suggestion_class_id, row.suggestion_confidence) == ("v1.1", cat.pk, 0.6)
    assert [(label.label_class, label.present, label.version) for label in image.labels.all()] == [(dog, True, 1)]
    assert Task.objects.get(pk=tasks[0].pk).state == Task.State.DONE
    assert Event.objects.filter(project=project, kind="labelled", data={"count": 1}).count() == 1


def test_sending_the_same_answer_again_writes_nothing(room):
    project, lead, cat, _, tasks = room
    client_id = uuid.uuid4()
    first = say(project, lead, client_id=client_id, task=tasks[0].pk, labels=[cat.pk])
    second = say(project, lead, client_id=client_id, task=tasks[0].pk, labels=[cat.pk])
    assert (first.status, second.status) == ("created", "duplicate")
    assert second.annotation == first.annotation
    assert Annotation.objects.count() == 1


def test_a_late_answer_sets_the_label_only_if_nobody_else_did(room):
    project, lead, cat, dog, tasks = room
    Task.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    other = add_member(project, Role.ANNOTATOR)
    theirs = lease_tasks(project=project, user=other, count=1)[0]
    assert theirs.image_id == tasks[0].image_id
    assert say(project, other, task=theirs.pk, labels=[dog.pk]).status == "created"
    late = say(project, lead, task=tasks[0].pk, labels=[cat.pk])
    assert late.status == "conflict"
    assert (late.annotation.applied, late.image.label_id) == (False, dog.pk)
    alone = say(project, lead, task=tasks[1].pk, labels=[cat.pk])
    assert (alone.status, alone.image.label_id) == ("created", cat.pk)


def test_changing_a_label_needs_the_version_that_was_seen(room):
    project, lead, cat, dog, tasks = room
    image = say(project, lead, task=tasks[0].pk, labels=[cat.pk]).image
    stale = say(project, lead, image=image.pk, labels=[dog.pk], seen_version=0)
    assert (stale.status, stale.image.label_id, stale.image.label_version) == ("conflict", cat.pk, 1)
    fresh = say(project, lead, image=image.pk, labels=[dog.pk], seen_version=1)
    assert (fresh.status, fresh.image.label_id, fresh.image.label_version) == ("created", dog.pk, 2)


@pytest.mark.parametrize("verdict", ["skip", "unsure", "flag"])
def test_setting_a_picture_aside_leaves_it_unlabelled(room, verdict):
    project, lead, _, _, tasks = room
    result = say(project, lead, task=tasks[0].pk, verdict=verdict, comment="two animals")
    assert (result.status, result.image.trust, result.annotation.comment) == ("created", Trust.NONE, "two animals")
    assert Task.objects.get(pk=tasks[0].pk).state == Task.State.DONE


def test_bad_items_are_refused_one_by_one_and_the_good_ones_are_kept(room):
    project, lead, cat, dog, tasks = room
    foreign = make_project().classes.first()
    reserve = project.images.get(reserve=True)
    items = [
        Item(uuid.uuid4(), task=tasks[0].pk, labels=[foreign.pk]),
        Item(uuid.uuid4(), task=tasks[0].pk, labels=[cat.pk, dog.pk]),
        Item(uuid.uuid4(), task=tasks[0].pk, labels=[]),
        Item(uuid.uuid4(), task=999_999, labels=[cat.pk]),
        Item(uuid.uuid4(), image=999_999, labels=[cat.pk]),
        Item(uuid.uuid4(), image=reserve.pk, labels=[cat.pk]),
        Item(uuid.uuid4(), undoes=uuid.uuid4()),
        Item(uuid.uuid4(), task=tasks[0].pk, labels=[cat.pk]),
    ]
    results = submit_annotations(project=project, user=lead, items=items)
    assert [result.status for result in results] == ["invalid"] * 7 + ["created"]
    assert all(result.message for result in results[:7])
    assert Annotation.objects.count() == 1


def test_undo_takes_the_label_back_and_brings_the_picture_back(room):
    project, lead, cat, _, tasks = room
    client_id = uuid.uuid4()
    say(project, lead, client_id=client_id, task=tasks[0].pk, labels=[cat.pk])
    result = say(project, lead, undoes=client_id)
    assert result.status == "created"
    assert (result.image.label_id, result.image.trust) == (None, Trust.NONE)
    assert not ImageLabel.objects.filter(image=result.image).exists()
    assert result.task.pk == tasks[0].pk
    assert lease_tasks(project=project, user=lead, count=3)[0].pk == tasks[0].pk
    assert Annotation.objects.count() == 2
    assert say(project, lead, undoes=client_id).status == "invalid"
    assert say(project, lead, task=tasks[0].pk, labels=[cat.pk]).image.label_id == cat.pk


def test_undo_of_a_correction_restores_the_label_before_it(room):
    project, lead, cat, dog, tasks = room
    image = say(project, lead, task=tasks[0].pk, labels=[cat.pk]).image
    client_id = uuid.uuid4()
    say(project, lead, client_id=client_id, image=image.pk, labels=[dog.pk], seen_version=1)
    result = say(project, lead, undoes=client_id)
    assert (result.image.label_id, result.image.trust, result.image.label_version) == (cat.pk, Trust.HUMAN, 3)


def test_undo_never_takes_back_what_somebody_else_said_since(room):
    project, lead, cat, dog, tasks = room
    client_id = uuid.uuid4()
    image = say(project, lead, client_id=client_id, task=tasks[0].pk, labels=[cat.pk]).image
    reviewer = add_member(project, Role.REVIEWER)
    say(project, reviewer, image=image.pk, labels=[dog.pk], seen_version=1)
    result = say(project, lead, undoes=client_id)
    assert (result.status, result.image.label_id) == ("conflict", dog.pk)


def test_nobody_can_undo_anothers_answer(room):
    project, lead, cat, _, tasks = room
    client_id = uuid.uuid4()
    say(project, lead, client_id=client_id, task=tasks[0].pk, labels=[cat.pk])
    assert say(project, add_member(project, Role.REVIEWER), undoes=client_id).status == "invalid"


def test_class_folders_become_imported_labels_once_and_never_overrule_a_person(room):
    project, lead, cat, dog, tasks = room
    labelled = say(project, lead, task=tasks[0].pk, labels=[cat.pk]).image
    fresh = make_image(project)
    pairs = [(labelled.pk, dog.pk), (fresh.pk, dog.pk)]
    assert record_import_labels(project=project, user=lead, pairs=pairs, batch_id=7) == 1
    assert record_import_labels(project=project, user=lead, pairs=pairs, batch_id=7) == 0
    fresh.refresh_from_db()
    labelled.refresh_from_db()
    assert (fresh.label_id, fresh.trust) == (dog.pk, Trust.IMPORTED)
    assert (labelled.label_id, labelled.trust) == (cat.pk, Trust.HUMAN)


def test_a_refresh_is_asked_for_after_every_so_many_labels(room):
    project, *_ = room
    assert count_towards_refresh(project=project, labels=31) == (1, None)
    assert count_towards_refresh(project=project, labels=-1) == (2, None)
    left, job = count_towards_refresh(project=project, labels=2)
    assert (left, job.kind) == (32, JobKind.HEAD_REFRESH)
    count_towards_refresh(project=project, labels=32)
    assert Job.objects.filter(kind=JobKind.HEAD_REFRESH).count() == 1, "one waits; a second would do the same"


@pytest.mark.django_db(transaction=True)
def test_people_answering_at_once_lose_nothing_and_number_every_change():
    project, _ = project_with_queue(pictures=40, reserve=0)
    cat, dog = project.classes.all()
    people = [add_member(project, Role.ANNOTATOR) for _ in range(3)]

    def work(user) -> None:
        try:
            tasks = lease_tasks(project=project, user=user, count=10)
            for task in tasks:
                say(project, user, task=task.pk, labels=[(cat if task.rank % 2 else dog).pk])
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Annotation.objects.filter(applied=True).count() == 30
    seqs = [*Image.objects.filter(trust=Trust.HUMAN).values_list("change_seq", flat=True)]
    events = [*Event.objects.filter(kind="labelled").values_list("seq", flat=True)]
    assert len(seqs) == 30
    assert len({*seqs, *events}) == 60


class LabelHistory(RuleBasedStateMachine):
    """However people label, correct and undo, the label is what the newest answer that stands says."""

    @initialize()
    def open_room(self):
        self.project, self.user = project_with_queue(pictures=3, reserve=0)
        self.classes = list(self.project.classes.all())
        self.images = list(self.project.images.all())
        self.said: dict[int, list[tuple[uuid.UUID, int]]] = {image.pk: [] for image in self.images}

    @rule(which=st.integers(0, 2), label=st.integers(0, 1))
    def label(self, which, label):
        image = Image.objects.get(pk=self.images[which].pk)
        client_id = uuid.uuid4()
        chosen = self.classes[label].pk
        result = say(
            self.project,
            self.user,
            client_id=client_id,
            image=image.pk,
            labels=[chosen],
            seen_version=image.label_version,
        )
        assert result.status == "created"
        self.said[image.pk].append((client_id, chosen))

    @rule(which=st.integers(0, 2))
    def undo_newest(self, which):
        stack = self.said[self.images[which].pk]
        if stack:
            client_id, _ = stack.pop()
            assert say(self.project, self.user, undoes=client_id).status == "created"

    @invariant()
    def label_is_the_newest_standing_answer(self):
        for image in self.images:
            image.refresh_from_db()
            stack = self.said[image.pk]
            assert image.label_id == (stack[-1][1] if stack else None)
            rows = [*image.labels.values_list("label_class_id", flat=True)]
            assert rows == ([stack[-1][1]] if stack else [])
            assert image.trust == (Trust.HUMAN if stack else Trust.NONE)


class TestLabelHistory(TestCase, LabelHistory.TestCase):
    settings = hypothesis_settings(max_examples=12, stateful_step_count=12, deadline=None)
