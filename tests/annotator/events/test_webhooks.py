"""Webhooks: set up by leads, told of each event once, tried again with growing pauses, given up in the end."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.common.errors import Conflict, DomainError
from annotator.common.secrets import decrypt
from annotator.events import selectors, services
from annotator.events.models import Delivery, Event, Webhook
from annotator.events.services import Attempt, record_event
from annotator.events.services.deliveries import BACK_OFF, DISABLED_AFTER, REST
from tests.factories import make_project, make_user

pytestmark = pytest.mark.django_db

URL = "https://hooks.example.org/T0/secret-path"
BAD = Attempt(status=500, text="oh no", error="It answered with status 500.")
GOOD = Attempt(status=200, text="ok")


@pytest.fixture
def project():
    return make_project(lead=make_user("lead"))


@pytest.fixture
def webhook(project) -> Webhook:
    return services.create_webhook(
        project=project, user=project.created_by, url=URL, kinds=["import_finished", "job_failed"]
    )[0]


def happen(webhook: Webhook, kind: str = "import_finished", **data) -> Event:
    return record_event(project_id=webhook.project_id, kind=kind, **data)


def open_one(webhook: Webhook) -> Delivery:
    """Let something happen, and open the message that tells of it."""
    event = happen(webhook)
    webhook.refresh_from_db()
    assert services.open_deliveries(webhook=webhook) == 1
    return Delivery.objects.get(event=event)


def due() -> list[Delivery]:
    return list(selectors.due_deliveries(timezone.now()).order_by("pk"))


def pass_time(seconds: float) -> None:
    """Let everything that waits come this much nearer."""
    by = timedelta(seconds=seconds)
    for delivery in Delivery.objects.exclude(next_at=None):
        Delivery.objects.filter(pk=delivery.pk).update(next_at=delivery.next_at - by)
    for webhook in Webhook.objects.exclude(rests_until=None):
        Webhook.objects.filter(pk=webhook.pk).update(
            rests_until=webhook.rests_until - by, failing_since=webhook.failing_since - by
        )


class TestSettingUp:
    """What a lead does."""

    def test_a_new_one_has_a_secret_that_is_shown_once_and_kept_encrypted(self, project):
        webhook, secret = services.create_webhook(
            project=project, user=project.created_by, url=URL, kinds=["job_failed", "import_finished"]
        )

        assert secret.startswith("whsec_")
        assert secret not in webhook.secret
        assert decrypt(webhook.secret) == secret
        assert (webhook.kinds, webhook.enabled) == (["import_finished", "job_failed"], True)

    @pytest.mark.parametrize(
        ("url", "kinds", "field"),
        [
            ("http://127.0.0.1/", ["job_failed"], "url"),
            ("http://[::1]/", ["job_failed"], "url"),
            ("ftp://example.org/", ["job_failed"], "url"),
            (URL, [], "kinds"),
            (URL, ["job_failed", "moon_landed"], "kinds"),
        ],
    )
    def test_an_address_or_kind_that_cannot_be_used_is_named(self, url, kinds, field, project, webhook):
        with pytest.raises(DomainError) as refused:
            services.create_webhook(project=project, user=project.created_by, url=url, kinds=kinds)
        assert list(refused.value.errors) == [field]
        with pytest.raises(DomainError):
            services.update_webhook(webhook=webhook, user=project.created_by, url=url, kinds=kinds)

    def test_there_is_a_limit(self, project, monkeypatch):
        monkeypatch.setattr("annotator.events.services.webhooks.MOST", 1)
        make = {"project": project, "user": project.created_by, "url": URL, "kinds": ["job_failed"]}
        services.create_webhook(**make)

        with pytest.raises(Conflict, match="at most 1"):
            services.create_webhook(**make)

    def test_a_new_secret_takes_the_place_of_the_old_one(self, webhook, project):
        before = decrypt(webhook.secret)
        secret = services.renew_secret(webhook=webhook, user=project.created_by)
        webhook.refresh_from_db()

        assert before != secret == decrypt(webhook.secret)

    def test_the_log_tells_who_changed_what_but_no_path_and_no_secret(self, webhook, project):
        lead = project.created_by
        services.update_webhook(webhook=webhook, user=lead, enabled=False)
        services.renew_secret(webhook=webhook, user=lead)
        services.delete_webhook(webhook=webhook, user=lead)

        events = list(Event.objects.filter(kind="webhooks_changed").order_by("seq"))
        assert [event.data["change"] for event in events] == ["added", "changed", "new_secret", "removed"]
        assert {event.data["host"] for event in events} == {"hooks.example.org"}
        assert {event.actor for event in events} == {lead}
        assert "secret-path" not in str([event.data for event in events])


class TestOpening:
    """Each event makes one message for each webhook that wants its kind."""

    def test_what_happens_is_opened_once_in_its_order(self, webhook):
        wanted = [happen(webhook, "import_finished"), happen(webhook, "job_failed")]
        happen(webhook, "labelled")

        assert services.open_deliveries(webhook=webhook) == 2
        webhook.refresh_from_db()
        assert services.open_deliveries(webhook=webhook) == 0
        assert [delivery.event for delivery in Delivery.objects.order_by("pk")] == wanted

    def test_nothing_is_told_of_what_was_before(self, project):
        record_event(project_id=project.pk, kind="import_finished")
        webhook, _ = services.create_webhook(
            project=project, user=project.created_by, url=URL, kinds=["import_finished"]
        )

        assert services.open_deliveries(webhook=webhook) == 0

    def test_two_who_open_at_the_same_time_open_once(self, webhook):
        happen(webhook)
        stale = Webhook.objects.get(pk=webhook.pk)

        assert (services.open_deliveries(webhook=webhook), services.open_deliveries(webhook=stale)) == (1, 0)
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.create(webhook=webhook, event=Event.objects.latest("seq"), kind="import_finished")

    def test_a_long_list_is_opened_bit_by_bit(self, webhook, monkeypatch):
        monkeypatch.setattr("annotator.events.services.deliveries.OPENED_AT_ONCE", 2)
        for _ in range(3):
            happen(webhook)
        opened = []
        for _ in range(3):
            webhook.refresh_from_db()
            opened.append(services.open_deliveries(webhook=webhook))

        assert opened == [2, 1, 0]

    def test_one_that_is_off_misses_what_happens_meanwhile_and_keeps_what_was_pending(self, webhook, project):
        pending = open_one(webhook)
        services.update_webhook(webhook=webhook, user=project.created_by, enabled=False)
        happen(webhook)
        assert due() == []
        assert services.open_deliveries(webhook=webhook) == 0

        services.update_webhook(webhook=webhook, user=project.created_by, enabled=True)
        webhook.refresh_from_db()
        assert services.open_deliveries(webhook=webhook) == 0
        assert due() == [pending]


class TestTrying:
    """Until it is taken, with growing pauses."""

    def test_what_is_taken_is_done(self, webhook):
        delivery = services.record_attempt(delivery=open_one(webhook), attempt=GOOD)

        assert (delivery.state, delivery.attempts, delivery.status, delivery.next_at) == ("delivered", 1, 200, None)
        assert due() == []

    def test_it_is_tried_again_after_the_pauses_that_are_promised_and_then_given_up(self, webhook):
        delivery = open_one(webhook)
        waits = []
        while delivery.state == Delivery.State.PENDING:
            delivery = services.record_attempt(delivery=delivery, attempt=BAD)
            if delivery.next_at is not None:
                waits.append(round((delivery.next_at - delivery.last_at).total_seconds()))

        assert tuple(waits) == BACK_OFF
        assert (delivery.state, delivery.attempts) == ("given_up", len(BACK_OFF) + 1)
        assert (delivery.status, delivery.error, delivery.excerpt) == (500, BAD.error, "oh no")

    def test_after_a_failure_the_address_rests_whatever_else_is_due(self, webhook):
        first, second = open_one(webhook), open_one(webhook)
        pauses = []
        for _ in range(len(REST) + 1):
            services.record_attempt(delivery=first, attempt=BAD)
            webhook.refresh_from_db()
            pauses.append(round((webhook.rests_until - timezone.now()).total_seconds()))
            first.refresh_from_db()
            assert due() == []

        assert pauses == [*REST, REST[-1]]
        assert all(shorter <= longer for shorter, longer in pairwise(pauses))
        pass_time(REST[-1] + 1)
        assert second in due()

    def test_one_bad_message_does_not_hold_up_the_others(self, webhook):
        poison, other = open_one(webhook), open_one(webhook)
        services.record_attempt(delivery=poison, attempt=BAD)
        pass_time(REST[0] + 1)

        (first,) = selectors.next_deliveries(webhook.project)
        assert first == other
        services.record_attempt(delivery=other, attempt=GOOD)
        webhook.refresh_from_db()
        assert (webhook.failures, webhook.failing_since, webhook.rests_until) == (0, None, None)

    def test_an_attempt_that_was_overtaken_changes_nothing(self, webhook):
        delivery = open_one(webhook)
        zombie = Delivery.objects.get(pk=delivery.pk)
        services.record_attempt(delivery=delivery, attempt=GOOD)

        late = services.record_attempt(delivery=zombie, attempt=BAD)

        webhook.refresh_from_db()
        assert (late.state, late.attempts, webhook.failures) == ("delivered", 1, 0)

    def test_one_that_fails_for_days_is_switched_off_and_the_leads_are_told(self, webhook, project):
        services.record_attempt(delivery=open_one(webhook), attempt=BAD)
        pass_time(DISABLED_AFTER.total_seconds() - 60)
        services.record_attempt(delivery=open_one(webhook), attempt=BAD)
        webhook.refresh_from_db()
        assert webhook.enabled

        pass_time(120)
        services.record_attempt(delivery=open_one(webhook), attempt=BAD)
        webhook.refresh_from_db()
        assert not webhook.enabled
        assert webhook.disabled_at is not None
        assert selectors.notifications(project.created_by).latest("pk").kind == "webhook_disabled"

        services.update_webhook(webhook=webhook, user=project.created_by, enabled=True)
        assert (webhook.enabled, webhook.failing_since, webhook.disabled_at) == (True, None, None)

    def test_a_success_in_between_keeps_it_on(self, webhook):
        services.record_attempt(delivery=open_one(webhook), attempt=BAD)
        services.record_attempt(delivery=open_one(webhook), attempt=GOOD)
        pass_time(DISABLED_AFTER.total_seconds() * 2)
        services.record_attempt(delivery=open_one(webhook), attempt=BAD)

        webhook.refresh_from_db()
        assert webhook.enabled

    def test_what_the_answer_says_is_kept_in_short(self, webhook):
        attempt = Attempt(status=500, text="\0" + "x" * 9999, error="e" * 9999)
        delivery = services.record_attempt(delivery=open_one(webhook), attempt=attempt)

        assert (len(delivery.excerpt), len(delivery.error)) == (500, 300)


class TestByHand:
    """A test, and another try."""

    def test_a_test_is_due_at_once_whatever_the_webhooks_state_and_is_tried_once(self, webhook, project):
        services.record_attempt(delivery=open_one(webhook), attempt=BAD)
        services.update_webhook(webhook=webhook, user=project.created_by, enabled=False)
        test = services.send_test(webhook=webhook)
        assert due() == [test]

        test = services.record_attempt(delivery=test, attempt=BAD)

        webhook.refresh_from_db()
        assert (test.state, webhook.failures) == ("given_up", 1)

    def test_what_was_given_up_can_be_sent_again_under_its_number(self, webhook):
        delivery = open_one(webhook)
        Delivery.objects.filter(pk=delivery.pk).update(state="given_up", attempts=7, next_at=None)
        webhook.refresh_from_db()

        again = services.retry_delivery(delivery=Delivery.objects.get(pk=delivery.pk))

        assert (again.pk, again.state, again.attempts) == (delivery.pk, "pending", 0)
        assert due() == [again]

    def test_not_while_the_webhook_is_off(self, webhook, project):
        delivery = open_one(webhook)
        services.update_webhook(webhook=webhook, user=project.created_by, enabled=False)

        with pytest.raises(Conflict, match="Switch it on"):
            services.retry_delivery(delivery=Delivery.objects.get(pk=delivery.pk))

    def test_the_log_is_kept_for_thirty_days(self, webhook, project):
        states = ("delivered", "given_up", "pending")
        for days in (29, 31):
            for state in states:
                row = Delivery.objects.create(webhook=webhook, kind="ping", state=state)
                Delivery.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=days))

        assert services.forget_deliveries(project=project) == 2
        assert sorted(Delivery.objects.values_list("state", flat=True)) == sorted([*states, "pending"])
