"""What becomes of a message to a webhook: opened once for each event, tried until it is taken, kept for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotator.common.errors import Conflict
from annotator.events.models import PING, Delivery, Webhook
from annotator.events.selectors.webhooks import unopened_events
from annotator.events.services.log import host_of, record_event
from annotator.projects.models import Project

OPENED_AT_ONCE = 200
# How long after each failed attempt the next one is made; after the last one the message is given up.
BACK_OFF = (10, 60, 300, 1800, 7200, 21_600)
# How long an address rests after so many failures in a row, whatever else there is to send: it may be down.
REST = (10, 60, 300, 1800)
DISABLED_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
EXCERPT = 500  # characters


@dataclass(frozen=True)
class Attempt:
    """How an attempt went: the answer's status and beginning, or why there was none."""

    status: int | None
    text: str = ""
    error: str = ""
    duration_ms: int = 0


def open_deliveries(*, webhook: Webhook) -> int:
    """Open a delivery for each event since the webhook's cursor, at most OPENED_AT_ONCE; return how many.

    Cursor and deliveries move in one transaction, so that each event gets one, whoever is killed in between.
    """
    events = list(unopened_events(webhook)[:OPENED_AT_ONCE])
    if not events:
        return 0
    now = timezone.now()
    with transaction.atomic():
        mine = Webhook.objects.filter(pk=webhook.pk, cursor=webhook.cursor, enabled=True)
        if not mine.update(cursor=events[-1].seq):
            return 0
        Delivery.objects.bulk_create(
            [Delivery(webhook=webhook, event=event, kind=event.kind, next_at=now) for event in events]
        )
    return len(events)


def send_test(*, webhook: Webhook) -> Delivery:
    """Open a message that tells of nothing; it is sent once, within seconds, also while the webhook is off."""
    return Delivery.objects.create(webhook=webhook, kind=PING, next_at=timezone.now())


def retry_delivery(*, delivery: Delivery) -> Delivery:
    """Send a message again, now, with all its attempts before it; its number stays.

    Raises:
        Conflict: the webhook is off.
    """
    if not delivery.webhook.enabled and delivery.kind != PING:
        raise Conflict("This webhook is off. Switch it on, then send the message again.")
    with transaction.atomic():
        Webhook.objects.filter(pk=delivery.webhook_id).update(rests_until=None)
        Delivery.objects.filter(pk=delivery.pk).update(
            state=Delivery.State.PENDING, attempts=0, next_at=timezone.now(), error=""
        )
    delivery.refresh_from_db()
    return delivery


def record_attempt(*, delivery: Delivery, attempt: Attempt) -> Delivery:
    """Write down how an attempt went, and what follows from it. An attempt that was overtaken changes nothing."""
    now = timezone.now()
    delivered = not attempt.error
    made = delivery.attempts + 1
    wait = None if delivered or delivery.kind == PING or made > len(BACK_OFF) else BACK_OFF[made - 1]
    state = Delivery.State.DELIVERED if delivered else Delivery.State.PENDING if wait else Delivery.State.GIVEN_UP
    with transaction.atomic():
        mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=Delivery.State.PENDING)
        recorded = mine.update(
            state=state,
            attempts=made,
            next_at=None if wait is None else now + timedelta(seconds=wait),
            last_at=now,
            status=attempt.status,
            error=attempt.error[:300],
            excerpt=attempt.text.replace("\0", "")[:EXCERPT],
            duration_ms=attempt.duration_ms,
        )
        if recorded and delivered:
            Webhook.objects.filter(pk=delivery.webhook_id).update(failures=0, failing_since=None, rests_until=None)
        elif recorded and delivery.kind != PING:
            _rest(delivery.webhook_id, now)
    _disable_if_hopeless(delivery.webhook_id, now)
    delivery.refresh_from_db()
    return delivery


def _rest(webhook_id: int, now: datetime) -> None:
    rows = Webhook.objects.filter(pk=webhook_id)
    failures = rows.values_list("failures", flat=True).get()
    pause = timedelta(seconds=REST[min(failures, len(REST) - 1)])
    rows.update(
        failures=F("failures") + 1, failing_since=Coalesce(F("failing_since"), Value(now)), rests_until=now + pause
    )


def _disable_if_hopeless(webhook_id: int, now: datetime) -> None:
    """Switch a webhook off that has failed for DISABLED_AFTER without a single success, and tell the leads."""
    rows = Webhook.objects.filter(pk=webhook_id, enabled=True, failing_since__lte=now - DISABLED_AFTER)
    webhook = rows.first()
    if webhook is None:
        return
    with transaction.atomic():
        # The project before the webhook, the order in which every transaction takes these two locks.
        Project.objects.select_for_update().get(pk=webhook.project_id)
        if rows.update(enabled=False, disabled_at=now):
            record_event(
                project_id=webhook.project_id,
                kind="webhook_disabled",
                webhook=webhook.pk,
                host=host_of(webhook.url),
                days=DISABLED_AFTER.days,
            )


def forget_deliveries(*, project: Project) -> int:
    """Remove what was sent or given up longer than KEPT ago; return how many."""
    old = Delivery.objects.filter(webhook__project=project, created_at__lt=timezone.now() - KEPT)
    return old.exclude(state=Delivery.State.PENDING).delete()[0]
