"""Cases: flags with their threads, disagreements, and what reviewers and labelers do with them."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.db import connection

from annotator.common.errors import DomainError
from annotator.events.models import Event
from annotator.events.selectors import notifications
from annotator.images.models import Image, Trust
from annotator.labeling.models import Case
from annotator.labeling.selectors import next_refresh_in
from annotator.labeling.services import resolve_case
from annotator.projects.models import Membership, Role
from tests.annotator.labeling.test_voting import Room
from tests.factories import add_member, make_image, make_user


class Desk(Room):
    """A room with a reviewer, and everybody's calls to the API."""

    def __init__(self, client_for, **fields) -> None:
        super().__init__(**fields)
        self.ann, self.bob = self.others
        self.reviewer = add_member(self.project, Role.REVIEWER)
        self.client_for = client_for

    def get(self, user, path: str = "cases") -> Any:
        return self.client_for(user).get(f"/api/projects/{self.project.pk}/{path}")

    def post(self, who, path: str, **body) -> Any:
        return self.client_for(who).post(f"/api/projects/{self.project.pk}/{path}", body, format="json")

    def disagree(self) -> Case:
        """Let ann say cat and bob dog."""
        self.answer(self.ann, self.cat)
        self.answer(self.bob, self.dog)
        case = self.case()
        assert case is not None
        return case

    def flag(self, comment: str = "Two animals. Which one?") -> Case:
        """Let ann flag a picture."""
        self.answer(self.ann, verdict="flag", comment=comment)
        return Case.objects.get(kind="flag")

    def resolve(self, case: Case, *labels, user=None, seen: int | None = None, client_id=None) -> Any:
        version = self.image.label_version if seen is None else seen
        body = {"client_id": client_id or uuid.uuid4(), "labels": [one.pk for one in labels], "seen_version": version}
        return self.post(user or self.reviewer, f"cases/{case.pk}/resolve", **body)


@pytest.fixture
def desk(client_for, db) -> Desk:
    return Desk(client_for)


def told(user) -> list[str]:
    return list(notifications(user).order_by("pk").values_list("kind", flat=True))


def test_a_reviewer_sees_the_votes_side_by_side_and_gives_the_label(desk):
    case = desk.disagree()

    (shown,) = desk.get(desk.reviewer, "cases?state=open").json()["results"]
    assert [(vote["user"]["id"], vote["labels"]) for vote in shown["votes"]] == [
        (desk.ann.pk, [desk.cat.pk]),
        (desk.bob.pk, [desk.dog.pk]),
    ]
    assert (shown["id"], shown["kind"], shown["label"], shown["resolution"]) == (case.pk, "disagreement", None, None)

    answer = desk.resolve(case, desk.dog)
    assert answer.status_code == 200
    assert answer.json()["state"] == "resolved"
    assert answer.json()["resolution"]["user"]["id"] == desk.reviewer.pk
    assert (desk.image.label, desk.image.trust) == (desk.dog, Trust.REVIEWED)
    assert desk.get(desk.reviewer, "cases?state=open").json()["results"] == []


def test_who_voted_is_told_how_it_ended_and_reviewers_that_it_began(desk):
    case = desk.disagree()
    desk.resolve(case, desk.dog)

    assert told(desk.ann) == told(desk.bob) == ["case_resolved"]
    assert told(desk.reviewer) == ["case_opened"]
    assert told(desk.lead) == ["case_opened"]


class TestFlags:
    """F with a comment is a question, and its thread is where it is answered."""

    def test_a_flag_opens_a_case_with_its_comment(self, desk):
        case = desk.flag()

        shown = desk.get(desk.reviewer, f"cases/{case.pk}").json()
        assert (shown["kind"], shown["flag"]["user"]["id"]) == ("flag", desk.ann.pk)
        assert [(one["user"]["id"], one["text"]) for one in shown["comments"]] == [
            (desk.ann.pk, "Two animals. Which one?")
        ]

    def test_a_flag_without_a_comment_is_a_case_too(self, desk):
        case = desk.flag(comment=" ")
        assert desk.get(desk.reviewer, f"cases/{case.pk}").json()["comments"] == []

    def test_another_persons_flag_of_the_same_picture_joins_the_thread(self, desk):
        case = desk.flag()
        desk.say(desk.bob, image=desk.image.pk, verdict="flag", comment="I wonder, too.")

        assert Case.objects.count() == 1
        assert [one.text for one in case.comments.order_by("pk")] == ["Two animals. Which one?", "I wonder, too."]
        assert told(desk.ann) == ["case_answered"]

    def test_taking_the_flag_back_closes_the_case_unless_somebody_else_asks_as_well(self, desk):
        (task,) = desk.lease(desk.ann)
        mine = desk.say(desk.ann, task=task.pk, verdict="flag", comment="What?")
        theirs = desk.say(desk.bob, image=desk.image.pk, verdict="flag")
        desk.undo(desk.ann, mine)
        assert Case.objects.get().state == "open"

        desk.undo(desk.bob, theirs)
        assert (Case.objects.get().state, Case.objects.get().resolution) == ("resolved", None)

    def test_the_lead_answers_by_a_label_and_the_flagger_is_told(self, desk):
        case = desk.flag()
        desk.post(desk.lead, f"cases/{case.pk}/comments", text="The one in front.")
        desk.resolve(case, desk.cat, user=desk.lead)

        assert told(desk.ann) == ["case_answered", "case_resolved"]
        assert (desk.image.label, desk.image.trust) == (desk.cat, Trust.REVIEWED)

    def test_of_a_blind_picture_can_be_resolved(self, desk):
        Image.objects.update(trust=Trust.HUMAN)
        reserve = make_image(desk.project, reserve=True)
        case = desk.flag()

        assert desk.resolve(case, desk.cat, seen=0).status_code == 200
        reserve.refresh_from_db()
        assert (reserve.label, reserve.trust) == (desk.cat, Trust.REVIEWED)


class TestSendingBack:
    """A reviewer asks somebody to look again."""

    def send(self, desk, case, user, text="Look at the ears."):
        return desk.post(desk.reviewer, f"cases/{case.pk}/send_back", user=user.pk, text=text)

    def test_the_person_finds_it_and_a_new_answer_that_agrees_closes_it(self, desk):
        case = desk.disagree()
        assert self.send(desk, case, desk.ann).json()["state"] == "sent_back"
        (mine,) = desk.get(desk.ann, "cases?mine=1&state=sent_back").json()["results"]
        assert mine["comments"][-1]["text"] == "Look at the ears."
        assert desk.get(desk.ann, "overview").json()["review"] == {"open": 0, "sent_back_to_me": 1}
        assert told(desk.ann) == ["case_answered"]

        desk.say(desk.ann, image=desk.image.pk, labels=[desk.dog.pk], seen_version=0)
        case.refresh_from_db()
        assert (case.state, desk.image.label, desk.image.trust) == ("resolved", desk.dog, Trust.HUMAN)

    @pytest.mark.parametrize("answer", ["same", "unsure"])
    def test_an_answer_that_does_not_settle_it_goes_back_to_the_reviewer(self, desk, answer):
        case = desk.disagree()
        self.send(desk, case, desk.ann)
        said = {"verdict": "unsure"} if answer == "unsure" else {"labels": [desk.cat.pk], "seen_version": 0}
        desk.say(desk.ann, image=desk.image.pk, **said)

        case.refresh_from_db()
        assert (case.state, desk.image.label) == ("open", None)
        assert told(desk.reviewer) == ["case_opened", "case_answered"]

    def test_a_flag_is_settled_by_the_label_of_who_was_asked(self, client_for, db):
        desk = Desk(client_for, overlap_share=0.0)
        case = desk.flag()
        self.send(desk, case, desk.ann)
        desk.say(desk.ann, image=desk.image.pk, labels=[desk.cat.pk], seen_version=0)

        case.refresh_from_db()
        assert (case.state, case.resolution.user, desk.image.label) == ("resolved", desk.ann, desk.cat)

    def test_a_blind_picture_may_be_answered_by_who_was_asked_again(self, desk):
        Image.objects.update(trust=Trust.HUMAN)
        reserve = make_image(desk.project, reserve=True)
        case = desk.flag()
        assert desk.say(desk.ann, image=reserve.pk, labels=[desk.cat.pk]).status == "invalid"

        self.send(desk, case, desk.ann)
        assert desk.say(desk.ann, image=reserve.pk, labels=[desk.cat.pk]).status == "created"
        case.refresh_from_db()
        assert case.state == "resolved"

    def test_only_to_somebody_who_may_label_and_with_words(self, desk):
        case = desk.disagree()
        viewer = add_member(desk.project, Role.VIEWER)

        assert self.send(desk, case, viewer).json()["errors"].keys() == {"user"}
        assert self.send(desk, case, make_user()).status_code == 400
        assert self.send(desk, case, desk.ann, text="  ").status_code == 400

    def test_an_assignee_who_leaves_does_not_hold_it_up(self, desk):
        case = desk.disagree()
        self.send(desk, case, desk.ann)
        Membership.objects.filter(user=desk.ann).delete()

        assert self.send(desk, case, desk.bob).status_code == 200
        assert desk.resolve(case, desk.cat).status_code == 200


class TestResolving:
    """A reviewer's word."""

    def test_sending_it_again_changes_nothing(self, desk):
        case, client_id = desk.disagree(), uuid.uuid4()
        first = desk.resolve(case, desk.dog, client_id=client_id, seen=0)
        again = desk.resolve(case, desk.dog, client_id=client_id, seen=0)

        assert (first.status_code, again.status_code, desk.image.label_version) == (200, 200, 1)
        assert again.json() == first.json()

    def test_the_client_id_of_another_answer_is_refused(self, desk):
        case = desk.flag()
        other = desk.say(desk.reviewer, image=desk.image.pk, verdict="unsure")
        assert desk.resolve(case, desk.cat, client_id=other.client_id).status_code == 409

    def test_a_label_that_changed_since_is_not_overwritten(self, desk):
        case = desk.flag()
        desk.say(desk.lead, image=desk.image.pk, labels=[desk.dog.pk])
        Case.objects.update(state="open")

        answer = desk.resolve(case, desk.cat, seen=0)
        assert (answer.status_code, answer.json()["code"], desk.image.label) == (409, "stale", desk.dog)

    def test_a_closed_case_says_so(self, desk):
        case = desk.disagree()
        desk.resolve(case, desk.dog)
        assert desk.resolve(case, desk.cat).json()["code"] == "closed"

    def test_only_labels_that_a_picture_can_have(self, desk):
        case = desk.disagree()
        assert desk.resolve(case).status_code == 400
        assert desk.resolve(case, desk.cat, desk.dog).status_code == 400
        assert desk.resolve(case, type("Gone", (), {"pk": 987_654})).status_code == 400

    def test_it_ends_all_that_is_asked_about_the_picture(self, desk):
        case = desk.disagree()
        desk.say(desk.bob, image=desk.image.pk, verdict="flag", comment="Is it?")
        desk.resolve(case, desk.dog)
        assert set(Case.objects.values_list("state", flat=True)) == {"resolved"}

    def test_undo_opens_the_case_again_and_the_label_goes(self, desk):
        case, client_id = desk.disagree(), uuid.uuid4()
        desk.resolve(case, desk.dog, client_id=client_id)
        assert desk.say(desk.reviewer, undoes=client_id).status == "created"

        case.refresh_from_db()
        assert (case.state, case.resolution, desk.image.label, desk.image.trust) == ("open", None, None, Trust.NONE)

    def test_an_undone_correction_has_the_trust_of_the_review_before_it(self, desk):
        desk.resolve(desk.disagree(), desk.dog)
        change = desk.say(desk.lead, image=desk.image.pk, labels=[desk.cat.pk], seen_version=1)
        desk.undo(desk.lead, change)
        assert (desk.image.label, desk.image.trust) == (desk.dog, Trust.REVIEWED)

    def test_it_counts_towards_the_next_refresh(self, desk):
        before = next_refresh_in(desk.project)
        case = desk.disagree()
        desk.resolve(case, desk.dog)
        assert next_refresh_in(desk.project) == before - 1

        desk.post(desk.reviewer, f"cases/{case.pk}/reopen")
        assert next_refresh_in(desk.project) == before

    def test_of_several_labels_says_what_is_absent_too(self, client_for, db):
        desk = Desk(client_for, label_mode="multi")
        desk.resolve(desk.disagree(), desk.dog)
        assert dict(desk.image.labels.values_list("label_class", "present")) == {desk.dog.pk: True, desk.cat.pk: False}


class TestReopening:
    """A case that was closed too early."""

    def test_the_resolution_is_taken_back(self, desk):
        case = desk.disagree()
        desk.resolve(case, desk.dog)
        answer = desk.post(desk.lead, f"cases/{case.pk}/reopen")

        assert (answer.status_code, answer.json()["state"], desk.image.label) == (200, "open", None)
        assert desk.resolve(case, desk.cat).status_code == 200

    def test_where_the_voters_came_to_agree_the_label_stays(self, desk):
        case = desk.disagree()
        desk.say(desk.ann, image=desk.image.pk, labels=[desk.dog.pk], seen_version=0)
        assert desk.image.label == desk.dog

        answer = desk.post(desk.reviewer, f"cases/{case.pk}/reopen")
        assert (answer.json()["state"], desk.image.label) == ("open", desk.dog)

    def test_an_open_case_is_refused(self, desk):
        case = desk.disagree()
        assert desk.post(desk.reviewer, f"cases/{case.pk}/reopen").status_code == 409


class TestWhoSeesWhat:
    """Labelers see the cases that concern them; reviewers all."""

    def test_own_flags_own_votes_and_what_was_sent_back(self, client_for, db):
        desk = Desk(client_for, pictures=2)
        voted, flagged = desk.disagree(), desk.flag()
        carl = add_member(desk.project, Role.ANNOTATOR)

        def seen(user, query=""):
            return [case["id"] for case in desk.get(user, f"cases{query}").json()["results"]]

        assert seen(desk.ann) == [flagged.pk, voted.pk]
        assert seen(desk.bob) == [voted.pk]
        assert seen(carl) == []
        assert desk.get(carl, f"cases/{voted.pk}").status_code == 404
        assert desk.post(carl, f"cases/{voted.pk}/comments", text="Hm.").status_code == 404

        desk.post(desk.reviewer, f"cases/{voted.pk}/send_back", user=carl.pk, text="What do you say?")
        assert seen(carl, "?mine=1") == [voted.pk]
        assert desk.post(carl, f"cases/{voted.pk}/comments", text="A dog.").status_code == 201
        assert seen(desk.reviewer) == [flagged.pk, voted.pk]
        assert seen(desk.reviewer, "?mine=1") == []
        assert seen(desk.reviewer, "?kind=flag") == [flagged.pk]
        assert seen(desk.reviewer, "?state=sent_back") == [voted.pk]

    def test_pages_go_on_after_the_last_key(self, client_for, db):
        desk = Desk(client_for, pictures=3)
        for _ in range(3):
            desk.answer(desk.ann, verdict="flag")
        first = desk.get(desk.reviewer, "cases?limit=2").json()
        rest = desk.get(desk.reviewer, f"cases?limit=2&after={first['next']}").json()
        assert (len(first["results"]), len(rest["results"]), rest["next"]) == (2, 1, None)

    @pytest.mark.parametrize("query", ["state=lost", "kind=2", "mine=perhaps", "after=x", "limit=0"])
    def test_a_question_that_makes_no_sense_is_refused(self, desk, query):
        assert desk.get(desk.reviewer, f"cases?{query}").status_code == 400

    def test_the_list_takes_the_same_number_of_queries_however_long_it_is(
        self, client_for, db, django_assert_max_num_queries
    ):
        desk = Desk(client_for, pictures=6)
        for _ in range(6):
            desk.disagree()
            Case.objects.update(state="resolved")
        client = client_for(desk.reviewer)
        with django_assert_max_num_queries(10):
            assert len(client.get(f"/api/projects/{desk.project.pk}/cases").json()["results"]) == 6


def test_events_tell_what_happened_to_a_case(desk):
    case = desk.flag()
    desk.resolve(case, desk.cat)

    kinds = [event.kind for event in Event.objects.filter(kind__startswith="case_").order_by("seq")]
    assert kinds == ["case_opened", "case_resolved"]
    data = Event.objects.get(kind="case_resolved").data
    assert data == {
        "case": case.pk,
        "case_kind": "flag",
        "state": "resolved",
        "image": desk.image.pk,
        "concerns": [desk.ann.pk],
    }


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_once_one_resolves_and_the_other_is_told(client_for):
    desk = Desk(client_for)
    case = desk.disagree()
    start, outcomes = threading.Barrier(2), []

    def resolve(user, label) -> None:
        start.wait()
        try:
            resolve_case(case=case, user=user, client_id=uuid.uuid4(), labels=[label.pk], seen_version=0)
            outcomes.append("resolved")
        except DomainError as error:
            outcomes.append(error.code)
        connection.close()

    threads = [
        threading.Thread(target=resolve, args=(user, label))
        for user, label in ((desk.reviewer, desk.cat), (desk.lead, desk.dog))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["closed", "resolved"]
    assert desk.image.label_version == 1
