"""The endpoint that says how far the people of a project agree."""

from __future__ import annotations

import pytest

from annotator.projects.models import Role
from tests.annotator.labeling.test_voting import Room
from tests.factories import add_member


def agreement(client_for, room) -> dict:
    return client_for(room.lead).get(f"/api/projects/{room.project.pk}/agreement").json()


def test_two_people_who_agree_on_three_pictures_of_four(client_for, db):
    room = Room(pictures=4)
    ann, bob = room.others
    for first, second in (("cat", "cat"), ("cat", "cat"), ("dog", "dog"), ("cat", "dog")):
        room.answer(ann, getattr(room, first))
        room.answer(bob, getattr(room, second))

    found = agreement(client_for, room)
    assert (found["pictures"], found["votes"], found["percent"]) == (4, 8, 0.75)
    assert found["alpha"] == pytest.approx(1 - 7 * 2 / 30)
    (pair,) = found["kappa"]
    assert (pair["a"]["id"], pair["b"]["id"], pair["pictures"], pair["percent"]) == (ann.pk, bob.pk, 4, 0.75)
    assert pair["kappa"] == pytest.approx(0.5)
    cat, dog = found["per_class"]
    assert (cat["class"], cat["pictures"], cat["percent"]) == (room.cat.pk, 3, pytest.approx(4 / 5))
    assert (dog["class"], dog["pictures"], dog["percent"]) == (room.dog.pk, 2, pytest.approx(2 / 3))
    assert cat["alpha"] == dog["alpha"] == pytest.approx(found["alpha"])  # two classes: each is the other's rest


def test_without_votes_nothing_is_claimed(client_for, db):
    assert agreement(client_for, Room()) == {
        "pictures": 0,
        "votes": 0,
        "percent": None,
        "alpha": None,
        "kappa": [],
        "per_class": [],
    }


def test_the_first_vote_of_a_person_counts_since_a_later_one_may_have_been_talked_into(client_for, db):
    room = Room()
    ann, bob = room.others
    room.answer(ann, room.cat)
    room.answer(bob, room.dog)
    room.say(ann, image=room.image.pk, labels=[room.dog.pk], seen_version=0)
    assert room.image.label == room.dog

    assert agreement(client_for, room)["percent"] == 0


def test_a_vote_that_was_taken_back_does_not_count(client_for, db):
    room = Room()
    ann, bob = room.others
    room.answer(ann, room.cat)
    slip = room.answer(bob, room.dog)
    undone = room.undo(bob, slip)
    room.say(bob, task=undone.task.pk, labels=[room.cat.pk])

    assert agreement(client_for, room)["percent"] == 1


def test_it_is_for_reviewers(client_for, db):
    room = Room()
    reviewer = add_member(room.project, Role.REVIEWER)
    address = f"/api/projects/{room.project.pk}/agreement"
    assert client_for(reviewer).get(address).status_code == 200
    assert client_for(room.others[0]).get(address).status_code == 403
