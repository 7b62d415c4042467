"""Several people label the same picture: votes, who is asked next, and when the picture gets its label."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, Case, Task
from annotator.labeling.selectors import Stretch, more_to_select, queue_length, refresh_data, why_nothing
from annotator.labeling.selectors.review import standing_votes
from annotator.labeling.services import Item, lease_tasks, release_tasks, retract_chunk, submit_annotations
from annotator.labeling.services.voting import overlaps
from annotator.projects.models import Membership, Role
from tests.annotator.labeling.test_leasing import project_with_queue, publish
from tests.factories import add_member, make_image, make_project


class Room:
    """A project whose every picture is labelled by two of its people: lead, ann and bob."""

    def __init__(self, pictures: int = 1, *, people: int = 3, **fields) -> None:
        fields = {"overlap_share": 1.0, "overlap_votes": 2} | fields
        self.project, self.lead = project_with_queue(pictures=pictures, reserve=0, **fields)
        self.cat, self.dog = self.project.classes.all()
        self.others = [add_member(self.project, Role.ANNOTATOR) for _ in range(people - 1)]

    @property
    def image(self) -> Image:
        """The first picture as it is now."""
        return Image.objects.filter(project=self.project).order_by("position").first()

    def lease(self, user, count: int = 1) -> list[Task]:
        return lease_tasks(project=self.project, user=user, count=count)

    def say(self, user, **fields):
        """Submit one item; return its result."""
        item = Item(**({"client_id": uuid.uuid4()} | fields))
        return submit_annotations(project=self.project, user=user, items=[item])[0]

    def answer(self, user, *labels, **fields):
        """Lease one task and answer it."""
        (task,) = self.lease(user)
        return self.say(user, task=task.pk, labels=[label.pk for label in labels], **fields)

    def undo(self, user, result):
        return self.say(user, undoes=result.client_id)

    def case(self) -> Case | None:
        """The disagreement that is not closed."""
        return Case.objects.filter(project=self.project, kind="disagreement").exclude(state="resolved").first()


@pytest.fixture
def room(db):
    return Room()


def test_a_picture_gets_its_label_when_two_people_agree(room):
    ann, bob = room.others

    first = room.answer(ann, room.cat)
    assert (first.status, first.annotation.vote, first.annotation.applied) == ("created", True, False)
    assert (room.image.label, room.image.trust) == (None, Trust.NONE)

    second = room.answer(bob, room.cat)
    assert (second.annotation.vote, second.annotation.applied, second.image.label_id) == (True, True, room.cat.pk)
    assert (room.image.label, room.image.trust) == (room.cat, Trust.HUMAN)
    assert room.lease(room.lead) == []
    assert not Case.objects.exists()


def test_the_next_voter_sees_what_the_first_saw_and_not_that_somebody_answered(room, client_for):
    ann, bob = room.others
    room.answer(ann, room.dog)

    (task,) = (
        client_for(bob).post(f"/api/projects/{room.project.pk}/lease", {"count": 1}, format="json").json()["tasks"]
    )

    assert (task["purpose"], task["suggestion"]["class"], task["image"]["label"]) == ("queue", room.cat.pk, None)


def test_nobody_is_asked_twice(room):
    ann, bob = room.others
    room.answer(ann, room.cat)

    assert room.lease(ann, 5) == []
    assert why_nothing(room.project) == "all_leased"
    assert len(room.lease(bob)) == 1


def test_disagreement_becomes_a_case_and_leaves_the_queue(room):
    ann, bob = room.others
    room.answer(ann, room.cat)
    room.answer(bob, room.dog)

    assert (room.image.label, room.case().state) == (None, "open")
    assert room.lease(room.lead) == []
    assert not more_to_select(room.project)


def test_three_votes_are_waited_for_before_it_is_called_disagreement(db):
    room = Room(overlap_votes=3)
    ann, bob = room.others
    room.answer(ann, room.cat)
    room.answer(bob, room.dog)
    assert room.case() is None

    room.answer(room.lead, room.cat)
    assert room.case() is not None


def test_with_several_labels_a_picture_votes_agree_when_their_sets_are_equal(db):
    room = Room(label_mode="multi")
    ann, bob = room.others
    room.answer(ann, room.cat, room.dog)
    room.answer(bob, room.dog, room.cat)
    assert {row.label_class for row in room.image.labels.filter(present=True)} == {room.cat, room.dog}

    other = Room(label_mode="multi")
    ann, bob = other.others
    other.answer(ann, other.cat, other.dog)
    other.answer(bob, other.dog)
    assert other.case() is not None


@pytest.mark.parametrize("verdict", ["skip", "unsure", "flag"])
def test_who_passes_has_no_vote_and_somebody_else_is_asked(room, verdict):
    ann, bob = room.others
    room.answer(ann, room.cat)
    room.answer(bob, verdict=verdict)
    assert room.image.label is None
    assert room.lease(bob) == []

    room.answer(room.lead, room.cat)
    assert room.image.label == room.cat


def test_where_all_others_pass_the_votes_count_as_they_are(room):
    ann, bob = room.others
    room.answer(ann, room.cat)
    room.answer(bob, verdict="skip")
    last = room.answer(room.lead, verdict="unsure")

    assert room.image.label == room.cat
    assert last.changed

    room.undo(room.lead, last)
    assert room.image.label is None
    assert [task.leased_to for task in Task.objects.filter(state="leased")] == [room.lead]


def test_the_only_person_of_a_project_sets_labels_alone(db):
    room = Room(people=1)
    result = room.answer(room.lead, room.cat)

    assert (result.annotation.vote, result.annotation.applied) == (True, True)
    assert room.image.label == room.cat


def test_when_the_last_other_voter_leaves_the_votes_count_as_they_are(db):
    room = Room(pictures=3, people=2)
    (ann,) = room.others
    for _ in range(3):
        room.answer(room.lead, room.cat)
    Membership.objects.filter(user=ann).delete()

    assert room.lease(room.lead) == []
    assert set(Image.objects.values_list("label", "trust")) == {(room.cat.pk, Trust.HUMAN)}


def test_the_vote_of_somebody_who_left_still_counts(room):
    ann, bob = room.others
    room.answer(ann, room.cat)
    Membership.objects.filter(user=ann).delete()
    room.answer(bob, room.cat)

    assert room.image.label == room.cat


def test_votes_that_wait_count_when_the_project_wants_fewer(db):
    room = Room(people=4, overlap_votes=3)
    ann, bob, _ = room.others
    room.answer(ann, room.cat)
    room.answer(bob, room.cat)
    room.project.overlap_votes = 2
    room.project.save()

    room.lease(room.lead)
    assert room.image.label == room.cat


class TestUndo:
    """Taking a vote back, at any time."""

    def test_before_anybody_else_voted_the_picture_returns_to_the_same_person_alone(self, room):
        ann, bob = room.others
        undone = room.undo(ann, room.answer(ann, room.cat))

        assert (undone.status, undone.task.leased_to_id) == ("created", ann.pk)
        assert not standing_votes(room.project).exists()
        assert room.lease(bob) == []

    def test_after_all_agreed_the_label_goes_whoever_takes_a_vote_back(self, room):
        ann, bob = room.others
        first, last = room.answer(ann, room.cat), room.answer(bob, room.cat)

        undone = room.undo(ann, first)
        assert (undone.status, undone.changed, room.image.label) == ("created", True, None)
        room.say(ann, task=undone.task.pk, labels=[room.cat.pk])
        assert room.image.label == room.cat

        undone = room.undo(bob, last)
        assert (room.image.label, undone.task.image_id) == (None, room.image.pk)
        room.say(bob, task=undone.task.pk, labels=[room.dog.pk])
        assert room.case() is not None

    def test_a_disagreement_ends_with_the_vote_that_made_it_and_its_thread_goes_on_when_it_returns(self, room):
        ann, bob = room.others
        room.answer(ann, room.cat)
        other = room.answer(bob, room.dog)
        case = room.case()

        undone = room.undo(bob, other)
        assert room.case() is None
        room.say(bob, task=undone.task.pk, labels=[room.dog.pk])
        assert room.case() == case

    def test_a_decision_that_came_since_stays(self, room):
        ann, _ = room.others
        first = room.answer(ann, room.cat)
        room.say(room.lead, image=room.image.pk, labels=[room.dog.pk], seen_version=0)

        undone = room.undo(ann, first)
        assert (undone.status, undone.task, room.image.label) == ("conflict", None, room.dog)

    def test_of_a_later_change_brings_back_what_the_votes_said(self, room):
        ann, bob = room.others
        room.answer(ann, room.cat)
        room.answer(bob, room.cat)
        version = room.image.label_version
        change = room.say(bob, image=room.image.pk, labels=[room.dog.pk], seen_version=version)
        assert (change.annotation.vote, room.image.label) == (False, room.dog)

        room.undo(bob, change)
        assert (room.image.label, room.image.trust) == (room.cat, Trust.HUMAN)


def test_a_person_may_change_the_own_vote(room):
    ann, bob = room.others
    room.answer(ann, room.cat)
    again = room.say(ann, image=room.image.pk, labels=[room.dog.pk], seen_version=0)
    assert again.annotation.vote

    room.answer(bob, room.dog)
    assert room.image.label == room.dog


def test_a_reviewer_who_answers_without_a_task_decides(room):
    ann, _ = room.others
    room.answer(ann, room.cat)
    result = room.say(room.lead, image=room.image.pk, labels=[room.dog.pk], seen_version=0)

    assert (result.annotation.vote, room.image.label) == (False, room.dog)
    assert not Task.objects.filter(state="open").exists()


class TestLeases:
    """Votes that come late, and leases that run out."""

    def test_an_expired_lease_passes_the_question_on_and_a_late_answer_is_a_vote_all_the_same(self, room):
        ann, bob = room.others
        (late,) = room.lease(ann)
        Task.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        room.answer(bob, room.cat)
        assert len(room.lease(room.lead)) == 1

        result = room.say(ann, task=late.pk, labels=[room.cat.pk])
        assert (result.annotation.vote, room.image.label) == (True, room.cat)

    def test_a_vote_after_the_picture_has_its_label_is_kept_and_changes_nothing(self, room):
        ann, bob = room.others
        room.answer(ann, room.cat)
        (task,) = room.lease(bob)
        room.say(room.lead, image=room.image.pk, labels=[room.cat.pk], seen_version=0)

        result = room.say(bob, task=task.pk, labels=[room.dog.pk])
        assert (result.status, result.annotation.vote, room.image.label) == ("conflict", False, room.cat)
        assert Task.objects.get(pk=task.pk).state == Task.State.DONE

    def test_a_released_question_is_put_to_others(self, room):
        ann, bob = room.others
        room.answer(ann, room.cat)
        (task,) = room.lease(bob)
        release_tasks(project=room.project, user=bob, task_ids=[task.pk])

        assert [one.pk for one in room.lease(room.lead)] == [task.pk]


class TestRounds:
    """Selection leaves pictures with votes alone, and does not take their questions back."""

    def test_a_picture_with_votes_is_not_drawn_again(self, db):
        room = Room(pictures=3)
        ann, bob = room.others
        voted = room.answer(ann, room.cat).image
        data = refresh_data(room.project, 3)
        assert voted.position in data.held
        assert voted.position not in data.candidates

        publish(room.project, [0, 1, 2])
        assert room.project.rounds.get(state="active").size == 2
        assert [task.image_id for task in room.lease(bob)] == [voted.pk]

    def test_the_round_that_is_out_does_not_ask_for_pictures_that_only_wait_for_votes(self, db):
        room = Room(pictures=2)
        ann, _ = room.others
        room.answer(ann, room.cat)
        room.answer(ann, room.cat)
        assert not more_to_select(room.project)

    def test_what_waits_for_others_does_not_make_the_queue_look_full(self, db):
        room = Room(pictures=3)
        room.answer(room.others[0], room.cat)
        assert queue_length(room.project) == 2


class TestShare:
    """Which pictures several people label."""

    def test_it_follows_the_share_and_is_independent_of_the_reserve(self, db):
        project = make_project(overlap_share=0.3)
        low = [Image(lot=-(2**63) + n * 2**52) for n in range(2000)]
        spread = [Image(lot=-(2**63) + n * 2**53) for n in range(2000)]
        for lots in (low, spread):
            assert 0.25 < sum(overlaps(project, image) for image in lots) / 2000 < 0.35

    @pytest.mark.parametrize(("share", "found"), [(0.0, False), (1.0, True)])
    def test_none_and_all(self, share, found, db):
        project = make_project(overlap_share=share)
        assert {overlaps(project, Image(lot=lot)) for lot in (-(2**63), -1, 0, 2**63 - 1)} == {found}

    def test_pictures_outside_get_their_label_from_one_person(self, db):
        room = Room(overlap_share=0.0)
        result = room.answer(room.others[0], room.cat)
        assert (result.annotation.vote, room.image.label) == (False, room.cat)

    def test_blind_test_tasks_have_one_answer(self, db):
        room = Room()
        Image.objects.update(trust=Trust.HUMAN)
        reserve = make_image(room.project, reserve=True)
        result = room.answer(room.others[0], room.dog)
        assert (result.image, result.annotation.vote, result.image.label_id) == (reserve, False, room.dog.pk)


def test_taking_back_a_persons_work_takes_votes_and_what_came_of_them(db):
    room = Room(pictures=2)
    ann, bob = room.others
    since = timezone.now()
    room.answer(ann, room.cat)
    room.answer(ann, room.cat)
    room.answer(bob, room.cat)
    room.answer(bob, room.dog)
    assert room.case() is not None

    newest = Annotation.objects.latest("pk").pk
    assert retract_chunk(stretch=Stretch(room.project, ann, since), user=room.lead, newest=newest) == 2
    assert not Image.objects.exclude(label=None).exists()
    assert room.case() is None
    assert len(room.lease(room.lead, 5)) == 2


@pytest.mark.django_db(transaction=True)
def test_two_people_who_vote_at_once_come_to_one_outcome():
    room = Room(pictures=8)
    ids = list(Image.objects.values_list("pk", flat=True))
    start = threading.Barrier(2)

    def vote(person) -> None:
        start.wait()
        for pk in ids:
            room.say(person, image=pk, labels=[room.cat.pk])
        connection.close()

    threads = [threading.Thread(target=vote, args=(person,)) for person in room.others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(Image.objects.values_list("label", "trust", "label_version")) == {(room.cat.pk, Trust.HUMAN, 1)}
    votes = standing_votes(room.project)
    assert (votes.count(), votes.filter(applied=True).count()) == (16, 8)
    assert not Task.objects.filter(state__in=("open", "leased")).exists()
