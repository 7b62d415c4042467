"""Several labels a picture: the set that an answer gives, what it verifies to be absent, and what an undo restores."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.extra.numpy import arrays
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, ImageLabel, Task
from annotator.labeling.selectors import refresh_data
from annotator.labeling.selectors.sets import assume_absent, label_targets
from annotator.labeling.services.sets import ALL_SHOWN
from annotator.projects.models import LabelClass, Project
from tests.annotator.labeling.test_annotating import say
from tests.factories import make_image, make_project

NAMES = ("coat", "hat", "bag", "shoe", "scarf", "belt", "sock")


def wardrobe(pictures: int = 4, reserve: int = 0) -> tuple[Project, list[LabelClass]]:
    """A multi-label project of seven classes with an open task for each picture that suggests coat, hat and bag."""
    project = make_project(classes=NAMES, label_mode=Project.LabelMode.MULTI)
    classes = list(project.classes.order_by("index"))
    top = [[one.pk, confidence] for one, confidence in zip(classes, (0.9, 0.6, 0.2), strict=False)]
    for _ in range(pictures):
        suggestion = {"suggestion_class": classes[0], "suggestion_confidence": 0.9, "suggestion_top": top}
        Task.objects.create(project=project, image=make_image(project), suggestion_model="v1.1", **suggestion)
    for _ in range(reserve):
        Task.objects.create(project=project, image=make_image(project, reserve=True), purpose="test", blind=True)
    return project, classes


def in_hand(project: Project) -> list[Task]:
    """Every waiting task, in the lead's hands."""
    Task.objects.filter(project=project).update(state=Task.State.LEASED, leased_to=project.created_by)
    return list(Task.objects.filter(project=project).order_by("id"))


def known(image: Image | int) -> dict[str, bool]:
    """What is known of a picture: class names with whether they are present."""
    return dict(ImageLabel.objects.filter(image=image).values_list("label_class__name", "present"))


def test_a_set_is_kept_whole_and_what_was_suggested_and_not_chosen_is_absent(db):
    project, (coat, hat, bag, shoe, *_) = wardrobe()
    task = in_hand(project)[0]

    result = say(project, project.created_by, task=task.pk, labels=[shoe.pk, coat.pk])

    assert result.status == "created"
    assert known(task.image_id) == {"shoe": True, "coat": True, "hat": False, "bag": False}
    image = Image.objects.get(pk=task.image_id)
    assert (image.label, image.trust, image.label_version) == (shoe, Trust.HUMAN, 1), "it mirrors the first"
    assert (result.annotation.labels, result.annotation.absent) == ([shoe.pk, coat.pk], [hat.pk, bag.pk])


def test_none_of_these_takes_the_picture_out_of_the_pool_without_a_label(db):
    project, _ = wardrobe()
    task = in_hand(project)[0]

    assert say(project, project.created_by, task=task.pk, labels=[]).status == "created"

    image = Image.objects.get(pk=task.image_id)
    assert (image.label, image.trust) == (None, Trust.HUMAN)
    assert known(image) == {"coat": False, "hat": False, "bag": False}


def test_a_blind_answer_speaks_of_every_class_that_the_page_has_room_for(db):
    project, (coat, *_) = wardrobe(pictures=0, reserve=2)
    first, second = in_hand(project)

    say(project, project.created_by, task=first.pk, labels=[coat.pk])
    assert known(first.image_id) == {name: name == "coat" for name in NAMES}

    for index in range(len(NAMES), ALL_SHOWN + 1):
        LabelClass.objects.create(project=project, index=index, name=f"class {index}")
    say(project, project.created_by, task=second.pk, labels=[coat.pk])
    assert known(second.image_id) == {"coat": True}, "so many classes nobody looks through"


def test_a_correction_says_that_what_it_leaves_out_is_absent(db):
    project, (coat, hat, _, shoe, *_) = wardrobe()
    task = in_hand(project)[0]
    say(project, project.created_by, task=task.pk, labels=[coat.pk, hat.pk])

    change = {"image": task.image_id, "seen_version": 1, "labels": [hat.pk, shoe.pk]}
    assert say(project, project.created_by, **change).status == "created"
    assert known(task.image_id) == {"hat": True, "shoe": True, "coat": False, "bag": False}


def test_undo_restores_the_set_before(db):
    project, (coat, hat, bag, *_) = wardrobe()
    task = in_hand(project)[0]
    say(project, project.created_by, task=task.pk, labels=[coat.pk, hat.pk])
    change = uuid.uuid4()
    say(project, project.created_by, client_id=change, image=task.image_id, seen_version=1, labels=[bag.pk])

    say(project, project.created_by, undoes=change)

    assert known(task.image_id) == {"coat": True, "hat": True, "bag": False}
    assert Image.objects.get(pk=task.image_id).label == coat


@pytest.mark.parametrize(
    ("mode", "labels", "message"),
    [
        ("multi", ["coat", "coat"], "once at most"),
        ("single", ["coat", "hat"], "exactly one label"),
        ("single", [], "at least one class"),
    ],
)
def test_a_set_that_cannot_be_is_refused_in_a_sentence(db, mode, labels, message):
    project, classes = wardrobe()
    Project.objects.filter(pk=project.pk).update(label_mode=mode)
    project.refresh_from_db()
    of = {one.name: one.pk for one in classes}
    result = say(project, project.created_by, task=in_hand(project)[0].pk, labels=[of[name] for name in labels])
    assert result.status == "invalid"
    assert message in result.message


def test_what_a_head_learns_from_tells_absent_from_unknown(db):
    project, (coat, hat, bag, *_) = wardrobe(pictures=3, reserve=1)
    first, second, third, blind = in_hand(project)
    say(project, project.created_by, task=first.pk, labels=[coat.pk])
    say(project, project.created_by, task=second.pk, labels=[])
    say(project, project.created_by, task=third.pk, labels=[coat.pk, bag.pk])
    say(project, project.created_by, task=blind.pk, labels=[hat.pk])

    data = refresh_data(project, 4)

    assert data.train.tolist() == [0, 1, 2]
    assert data.train_targets[:, :4].tolist() == [[1, 0, 0, -1], [0, 0, 0, -1], [1, 0, 1, -1]]
    assert data.test.tolist() == [3]
    assert data.test_targets.tolist() == [[0, 1, 0, 0, 0, 0, 0]], "a blind answer is the whole set"
    assert label_targets(project, np.array([1, 3]), np.array([bag.pk, hat.pk])).tolist() == [[0, 0], [0, 1]]


@given(arrays(np.int8, (6, 3), elements=st.integers(-1, 1)), arrays(np.bool_, 6))
def test_only_what_a_whole_set_leaves_unsaid_is_assumed_absent_where_little_was_said(targets, whole):
    found = assume_absent(targets, whole)
    changed = found != targets
    assert (found[changed] == 0).all()
    assert (targets[changed] == -1).all()
    assert not changed[~whole].any()
    enough = (targets == 0).sum(0) >= (targets == 1).sum(0)
    assert not changed[:, enough].any()


class Wardrobe(RuleBasedStateMachine):
    """Sets given, corrected, skipped and taken back in any order; the rows follow the newest standing answer."""

    @initialize()
    def begin(self):
        self.project, self.classes = wardrobe(pictures=2)
        self.tasks = in_hand(self.project)

    @rule(which=st.integers(0, 1), chosen=st.lists(st.integers(0, len(NAMES) - 1), unique=True, max_size=4))
    def answer(self, which, chosen):
        labels = [self.classes[index].pk for index in chosen]
        say(self.project, self.project.created_by, task=self.tasks[which].pk, labels=labels)

    @rule(which=st.integers(0, 1), chosen=st.lists(st.integers(0, len(NAMES) - 1), unique=True, max_size=4))
    def correct(self, which, chosen):
        image = Image.objects.get(pk=self.tasks[which].image_id)
        if image.trust == Trust.NONE:
            return
        labels = [self.classes[index].pk for index in chosen]
        say(self.project, self.project.created_by, image=image.pk, seen_version=image.label_version, labels=labels)

    @rule(which=st.integers(0, 1))
    def skip(self, which):
        say(self.project, self.project.created_by, task=self.tasks[which].pk, verdict="skip")

    @rule(data=st.data())
    def undo(self, data):
        rows = Annotation.objects.filter(project=self.project, undone_by=None).exclude(verdict="undo").order_by("-id")
        standing = list(rows.values_list("client_id", flat=True))
        if standing:
            say(self.project, self.project.created_by, undoes=data.draw(st.sampled_from(standing)))

    @invariant()
    def rows_are_what_the_newest_standing_answer_says(self):
        for task in self.tasks:
            image = Image.objects.get(pk=task.image_id)
            rows = Annotation.objects.filter(image=image, applied=True, undone_by=None, verdict="label")
            newest = rows.order_by("-id").first()
            present = newest.labels if newest else []
            absent = newest.absent if newest else []
            found = dict(ImageLabel.objects.filter(image=image).values_list("label_class", "present"))
            assert found == dict.fromkeys(present, True) | dict.fromkeys(absent, False)
            assert image.label_id == (present[0] if present else None)
            assert image.trust == (Trust.HUMAN if newest else Trust.NONE)
            versions = set(ImageLabel.objects.filter(image=image).values_list("version", flat=True))
            assert versions <= {image.label_version}


class TestWardrobe(TestCase, Wardrobe.TestCase):
    settings = hypothesis_settings(max_examples=15, stateful_step_count=12, deadline=None)
