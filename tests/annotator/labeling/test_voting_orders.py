"""Votes in any order, with passes, undos and reviewers between them: the label is always what stands."""

from __future__ import annotations

import uuid
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from annotator.images.models import Image, Trust
from annotator.labeling.models import Case, Task
from annotator.labeling.services import reopen_case, resolve_case
from annotator.labeling.services.voting import Outcome, outcome
from annotator.projects.models import Membership, Role
from tests.annotator.labeling.test_voting import Room
from tests.factories import make_user

WANTED = 2
said = st.dictionaries(st.integers(1, 5), st.frozensets(st.sampled_from([1, 2, 3]), max_size=2), max_size=5)


def test_two_equal_votes_agree_and_two_others_do_not():
    cat, dog = frozenset([1]), frozenset([2])

    assert outcome({7: cat, 8: cat}, wanted=2, left=True) == Outcome.AGREED
    assert outcome({7: cat, 8: dog}, wanted=2, left=True) == Outcome.SPLIT


@given(said, st.integers(2, 5), st.booleans())
def test_an_outcome_needs_enough_votes_or_nobody_left_and_agreement_needs_equal_sets(said, wanted, left):
    found = outcome(said, wanted=wanted, left=left)

    assert (found == Outcome.NOTHING) == (not said)
    assert (found == Outcome.WAITING) == (0 < len(said) < wanted and left)
    if found in (Outcome.AGREED, Outcome.SPLIT):
        assert (found == Outcome.AGREED) == (len(set(said.values())) == 1)


class Votes(RuleBasedStateMachine):
    """A picture has a label exactly where enough equal votes stand, or a reviewer's decision does."""

    pictures = st.integers(0, 1)
    labels = st.integers(0, 1)
    people = st.integers(0, 2)

    @initialize()
    def open_room(self):
        self.room = Room(pictures=2, people=4, overlap_votes=WANTED)
        self.judge = make_user(admin=True)  # acts as lead without being a member, so nobody asks for a vote here
        Membership.objects.filter(user=self.room.lead).update(role=Role.VIEWER)
        self.classes = [self.room.cat, self.room.dog]
        self.ids = list(Image.objects.filter(project=self.room.project).order_by("pk").values_list("pk", flat=True))
        # What stands, in the order in which it was said: (client id, person, what).
        self.votes: dict[int, list] = defaultdict(list)
        self.passes: dict[int, list] = defaultdict(list)
        self.decisions: dict[int, list] = defaultdict(list)
        self.reopened: set[int] = set()  # a reviewer wants to talk about them, whatever the votes

    def image(self, which) -> Image:
        return Image.objects.get(pk=self.ids[which])

    @rule(person=people, which=pictures, label=labels)
    def vote_without_a_task(self, person, which, label):
        if self.image(which).trust == Trust.NONE:
            self._say(self.room.others[person], self.image(which), label, image=self.ids[which])

    @rule(person=people, label=labels)
    def answer_the_next_task(self, person, label):
        user = self.room.others[person]
        for task in self.room.lease(user):
            self._say(user, Image.objects.get(pk=task.image_id), label, task=task.pk)

    def _say(self, user, picture, label, **what):
        labelled = picture.trust > Trust.NONE
        client_id = uuid.uuid4()
        result = self.room.say(user, client_id=client_id, labels=[self.classes[label].pk], **what)
        assert result.status == ("conflict" if labelled else "created")
        if not labelled:
            self.votes[picture.pk].append((client_id, user, label))

    @rule(person=people, verdict=st.sampled_from(["skip", "unsure"]))
    def pass_the_next_task(self, person, verdict):
        user = self.room.others[person]
        for task in self.room.lease(user):  # what was taken back may make it several
            client_id = uuid.uuid4()
            self.room.say(user, client_id=client_id, task=task.pk, verdict=verdict)
            self.passes[task.image_id].append((client_id, user, verdict))

    @rule(which=pictures, number=st.integers(0, 9))
    def take_something_back(self, which, number):
        pk = self.ids[which]
        stacks = (self.votes[pk], self.passes[pk], self.decisions[pk])
        standing = [(stack, answer) for stack in stacks for answer in stack]
        if standing:
            stack, answer = standing[number % len(standing)]
            stack.remove(answer)
            self.room.say(answer[1], undoes=answer[0])

    @rule(which=pictures, label=labels)
    def decide(self, which, label):
        """A reviewer labels the picture without a task."""
        client_id, image = uuid.uuid4(), self.image(which)
        self.room.say(
            self.judge,
            client_id=client_id,
            image=image.pk,
            labels=[self.classes[label].pk],
            seen_version=image.label_version,
        )
        self.decisions[image.pk].append((client_id, self.judge, label))

    @rule(which=pictures, label=labels)
    def resolve(self, which, label):
        case = Case.objects.filter(image=self.ids[which]).exclude(state="resolved").first()
        if case is not None:
            client_id, version = uuid.uuid4(), self.image(which).label_version
            ids = [self.classes[label].pk]
            resolve_case(case=case, user=self.judge, client_id=client_id, labels=ids, seen_version=version)
            self.decisions[case.image_id].append((client_id, self.judge, label))

    @rule(which=pictures)
    def reopen(self, which):
        """Only where the newest decision closed the case: it is taken back with it."""
        decisions = self.decisions[self.ids[which]]
        case = Case.objects.filter(image=self.ids[which], state="resolved").exclude(resolution=None).first()
        if case is not None and decisions and case.resolution.client_id == decisions[-1][0]:
            decisions.pop()
            self.reopened.add(self.ids[which])
            reopen_case(case=case, user=self.judge)

    @invariant()
    def the_label_is_what_stands(self):
        for pk in self.ids:
            image = Image.objects.get(pk=pk)
            newest = {person.pk: frozenset([label]) for _, person, label in self.votes[pk]}
            asked = {person.pk for _, person, _ in self.votes[pk] + self.passes[pk]}
            found = outcome(newest, wanted=WANTED, left=len(asked) < 3)
            decided = self.decisions[pk][-1][2] if self.decisions[pk] else None
            agreed = next(iter(next(iter(newest.values())))) if found == Outcome.AGREED else None
            expected = agreed if decided is None else decided
            assert image.label_id == (None if expected is None else self.classes[expected].pk)
            assert list(image.labels.values_list("label_class", flat=True)) == (
                [image.label_id] if image.label_id else []
            )
            if decided is None:
                case = Case.objects.filter(image=pk).exclude(state="resolved").exists()
                assert case >= (found == Outcome.SPLIT)
                assert case <= (found == Outcome.SPLIT or pk in self.reopened)
                asks = Task.objects.filter(image=pk, purpose="review", state__in=("open", "leased")).exists()
                assert asks >= (found == Outcome.WAITING)


class TestVotes(TestCase, Votes.TestCase):
    settings = hypothesis_settings(max_examples=15, stateful_step_count=20, deadline=None)


@pytest.mark.accept
class TestManyVotes(TestCase, Votes.TestCase):
    settings = hypothesis_settings(max_examples=100, stateful_step_count=30, deadline=None)
