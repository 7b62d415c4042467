"""Answers to cases that were sent back, when they are taken back: the person is asked still."""

from __future__ import annotations

import pytest

from tests.annotator.labeling.test_cases import Desk


@pytest.fixture
def desk(client_for, db) -> Desk:
    return Desk(client_for)


def send_back(desk, case, user) -> None:
    """Ask somebody to look again."""
    answer = desk.post(desk.reviewer, f"cases/{case.pk}/send_back", user=user.pk, text="Look at the ears.")
    assert answer.json()["state"] == "sent_back"


@pytest.mark.parametrize("said", ["dog", "cat"])
def test_a_new_vote_that_is_taken_back_leaves_the_case_with_its_voter(desk, said):
    """Whether it had settled the case or had gone to the reviewer."""
    case = desk.disagree()
    send_back(desk, case, desk.ann)
    answer = desk.say(desk.ann, image=desk.image.pk, labels=[getattr(desk, said).pk], seen_version=0)
    desk.undo(desk.ann, answer)

    case.refresh_from_db()
    assert (case.state, case.assignee, case.resolution, desk.image.label) == ("sent_back", desk.ann, None, None)
    assert desk.get(desk.ann, "overview").json()["review"] == {"open": 0, "sent_back_to_me": 1}
    assert desk.say(desk.ann, image=desk.image.pk, labels=[desk.dog.pk], seen_version=2).status == "created"


def test_a_flag_that_was_answered_and_taken_back_waits_for_the_same_person(client_for, db):
    desk = Desk(client_for, overlap_share=0.0)
    case = desk.flag()
    send_back(desk, case, desk.ann)
    answer = desk.say(desk.ann, image=desk.image.pk, labels=[desk.cat.pk], seen_version=0)
    desk.undo(desk.ann, answer)

    case.refresh_from_db()
    assert (case.state, case.assignee) == ("sent_back", desk.ann)


def test_an_earlier_vote_that_is_taken_back_changes_nothing_about_a_later_answer(desk):
    first = desk.answer(desk.ann, desk.cat)
    desk.answer(desk.bob, desk.dog)
    case = desk.case()
    send_back(desk, case, desk.ann)
    desk.say(desk.ann, image=desk.image.pk, labels=[desk.cat.pk], seen_version=0)
    desk.undo(desk.ann, first)

    case.refresh_from_db()
    assert case.state == "open"


def test_a_reviewers_decision_that_is_taken_back_leaves_the_case_to_reviewers(desk):
    case = desk.disagree()
    send_back(desk, case, desk.ann)
    assert desk.resolve(case, desk.dog).json()["state"] == "resolved"
    assert desk.post(desk.reviewer, f"cases/{case.pk}/reopen").json()["state"] == "open"
