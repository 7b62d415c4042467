"""Who is told what, and what they have read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.events.models import Event, ReadEvent
from annotator.events.selectors import notifications
from annotator.events.services import mark_all_read, mark_read, record_event
from annotator.projects.models import Membership, Role
from annotator.projects.services import change_member
from tests.factories import add_member, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project(lead=make_user("lead"))


def happen(project, kind, actor=None, **data) -> Event:
    return record_event(project_id=project.pk, kind=kind, actor=actor, **data)


def told(user, **how) -> list[str]:
    return list(notifications(user, **how).order_by("pk").values_list("kind", flat=True))


class TestWhoIsTold:
    """Leads of what happens to their project, reviewers of models, everybody of what they asked for."""

    def test_a_lead_is_told_of_the_projects_news_and_not_of_each_label(self, project):
        annotator = add_member(project, Role.ANNOTATOR)
        for kind in ("labelled", "import_finished", "refreshed", "run_failed", "model_made", "classes_changed"):
            happen(project, kind, annotator)

        assert told(project.created_by) == ["import_finished", "run_failed", "model_made"]

    def test_a_reviewer_is_told_of_models(self, project):
        reviewer = add_member(project, Role.REVIEWER)
        for kind in ("import_finished", "run_finished", "model_made", "model_promoted", "model_rolled_back"):
            happen(project, kind, project.created_by)

        assert told(reviewer) == ["model_made", "model_promoted", "model_rolled_back"]

    def test_who_asked_for_an_export_is_told_that_it_is_ready_and_nobody_else(self, project):
        one, other = add_member(project, Role.REVIEWER), add_member(project, Role.REVIEWER)
        happen(project, "export_made", one, export=1, filename="pets.zip")

        assert told(one) == ["export_made"]
        assert told(other) == told(project.created_by) == []

    def test_a_viewer_is_told_nothing_of_it(self, project):
        viewer = add_member(project, Role.VIEWER)
        for kind in ("import_finished", "model_made", "job_failed", "export_made"):
            happen(project, kind, project.created_by)

        assert told(viewer) == []

    def test_a_balance_report_is_news_only_when_it_is_alarming(self, project):
        happen(project, "balance_reported", run=1, imbalance_ratio=9.9)
        happen(project, "balance_reported", run=2, imbalance_ratio=None)
        happen(project, "balance_reported", run=3)
        happen(project, "balance_reported", run=4, imbalance_ratio=25)

        assert [event.data["run"] for event in notifications(project.created_by)] == [4]

    def test_so_is_a_schedule_only_when_it_was_skipped(self, project):
        for outcome in ("started", "joined", "skipped"):
            happen(project, "schedule_fired", schedule=1, outcome=outcome)

        assert [event.data["outcome"] for event in notifications(project.created_by)] == ["skipped"]

    def test_a_case_is_told_to_reviewers_when_it_opens_and_then_to_whom_it_concerns(self, project):
        flagger, other = add_member(project, Role.ANNOTATOR), add_member(project, Role.ANNOTATOR)
        reviewer = add_member(project, Role.REVIEWER)
        happen(project, "case_opened", flagger, case=1, concerns=[])
        happen(project, "case_answered", reviewer, case=1, concerns=[other.pk + 1, flagger.pk])
        happen(project, "case_resolved", project.created_by, case=1, concerns=[flagger.pk, reviewer.pk])

        assert told(flagger) == ["case_answered", "case_resolved"]
        assert told(other) == []
        assert told(reviewer) == ["case_opened", "case_resolved"]
        assert told(project.created_by) == ["case_opened"]

    def test_a_failed_training_is_told_once(self, project):
        happen(project, "job_failed", job=1, job_kind="train", message="Out of memory")
        happen(project, "run_failed", run=1, number=1, message="Out of memory")
        happen(project, "job_failed", job=2, job_kind="embed", message="Out of memory")

        assert told(project.created_by) == ["run_failed", "job_failed"]

    def test_a_person_is_told_of_a_new_role(self, project):
        member = add_member(project, Role.VIEWER)
        change_member(project=project, actor=project.created_by, user_id=member.pk, role=Role.REVIEWER)

        assert told(member) == ["member_changed"]
        assert told(project.created_by) == []

    def test_who_goes_back_to_a_model_needs_no_news_of_it(self, project):
        happen(project, "model_rolled_back", project.created_by, model=1)

        assert told(project.created_by) == []

    def test_nobody_is_told_of_projects_that_are_not_theirs(self, project):
        happen(project, "import_finished", project.created_by)

        assert told(make_user()) == []
        assert told(make_user(admin=True)) == []

    def test_who_joins_is_not_told_what_happened_before(self, project):
        happen(project, "import_finished")
        late = add_member(project, Role.LEAD)
        happen(project, "run_finished")

        assert told(late) == ["run_finished"]

    def test_who_leaves_is_told_no_more(self, project):
        reviewer = add_member(project, Role.REVIEWER)
        happen(project, "model_made")
        Membership.objects.filter(user=reviewer).delete()

        assert told(reviewer) == []

    def test_it_goes_back_thirty_days_and_leaves_out_archived_projects(self, project):
        Membership.objects.update(created_at=timezone.now() - timedelta(days=90))
        for days in (31, 29):
            event = happen(project, "import_finished", days=days)
            Event.objects.filter(pk=event.pk).update(created_at=timezone.now() - timedelta(days=days))

        assert [event.data["days"] for event in notifications(project.created_by)] == [29]
        project.archived_at = timezone.now()
        project.save()
        assert told(project.created_by) == []


class TestReading:
    """One by one, or everything at once."""

    def test_what_was_read_stays_in_the_list_and_is_not_counted(self, project):
        lead = project.created_by
        first, second = happen(project, "import_finished"), happen(project, "run_finished")

        assert mark_read(user=lead, event_ids=[first.pk]) == 1

        assert [(event.pk, event.read) for event in notifications(lead).order_by("pk")] == [
            (first.pk, True),
            (second.pk, False),
        ]
        assert told(lead, unread=True) == ["run_finished"]
        assert mark_read(user=lead, event_ids=[first.pk]) == 0

    def test_reading_all_covers_every_project_and_only_what_is_there(self, project):
        lead = project.created_by
        other = make_project(lead=lead)
        read = happen(project, "import_finished")
        mark_read(user=lead, event_ids=[read.pk])
        for place in (project, other):
            happen(place, "run_finished")

        mark_all_read(user=lead)
        assert told(lead, unread=True) == []
        assert not ReadEvent.objects.exists()

        happen(other, "run_failed")
        assert told(lead, unread=True) == ["run_failed"]

    def test_one_persons_reading_is_not_anothers(self, project):
        second = add_member(project, Role.LEAD)
        event = happen(project, "import_finished")
        mark_read(user=second, event_ids=[event.pk])

        assert told(project.created_by, unread=True) == ["import_finished"]

    def test_what_a_person_is_not_told_cannot_be_read(self, project):
        event = happen(project, "import_finished")

        assert mark_read(user=make_user(), event_ids=[event.pk, 10**18]) == 0
        assert not ReadEvent.objects.exists()


class TestApi:
    """The bell."""

    def test_the_bell_counts_lists_and_reads(self, project, client_for):
        client = client_for(project.created_by)
        for number in range(3):
            happen(project, "run_finished", number=number)

        page = client.get("/api/notifications?limit=2").json()
        rest = client.get(f"/api/notifications?limit=2&after={page['next']}").json()
        left = client.post("/api/notifications/read", {"ids": [page["results"][0]["id"]]}, format="json").json()
        unread = client.get("/api/notifications?unread=1").json()
        none = client.post("/api/notifications/read", {"all": True}, format="json").json()

        assert [row["data"]["number"] for row in page["results"] + rest["results"]] == [2, 1, 0]
        assert set(page["results"][0]) == {"id", "kind", "project", "actor", "data", "created_at", "read"}
        assert page["results"][0]["project"] == {"id": project.pk, "name": project.name}
        assert (page["unread"], left["unread"], none["unread"]) == (3, 2, 0)
        assert [row["data"]["number"] for row in unread["results"]] == [1, 0]

    @pytest.mark.parametrize(
        "body", [{}, {"ids": ["x"]}, {"ids": [2**70]}, {"ids": [-1]}, {"ids": "all"}, {"all": "perhaps"}, []]
    )
    def test_nonsense_is_refused(self, body, project, client_for):
        assert client_for(project.created_by).post("/api/notifications/read", body, format="json").status_code == 400

    def test_so_is_a_strange_filter(self, project, client_for):
        client = client_for(project.created_by)

        assert client.get("/api/notifications?unread=2").status_code == 400
        assert client.get(f"/api/notifications?after={2**70}").status_code == 400
