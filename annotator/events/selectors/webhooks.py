"""Reads of webhooks: what there is to send and when, and the message itself."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotator.events.models import PING, Delivery, Event, Webhook
from annotator.projects.models import Project


def webhooks_of(project: Project) -> QuerySet[Webhook]:
    """Return a project's webhooks, oldest first."""
    return Webhook.objects.filter(project=project).select_related("created_by").order_by("pk")


def deliveries_of(webhook: Webhook) -> QuerySet[Delivery]:
    """Return what was sent, or is to be sent, to a webhook."""
    return Delivery.objects.filter(webhook=webhook)


def unopened_events(webhook: Webhook) -> QuerySet[Event]:
    """Return the events that a webhook is to be told of and that have no delivery yet, in their order."""
    events = Event.objects.filter(project_id=webhook.project_id, seq__gt=webhook.cursor, kind__in=webhook.kinds)
    return events.order_by("seq")


def due_deliveries(now: datetime) -> QuerySet[Delivery]:
    """Return what can be sent now. A test is sent whether the webhook is on, off, or at rest after a failure."""
    awake = Q(webhook__rests_until=None) | Q(webhook__rests_until__lte=now)
    return Delivery.objects.filter(
        Q(webhook__enabled=True) & awake | Q(kind=PING), state=Delivery.State.PENDING, next_at__lte=now
    )


def next_deliveries(project: Project, *, busy: Collection[int] = ()) -> list[Delivery]:
    """Return, for each webhook that is not busy, what has been due the longest."""
    due = due_deliveries(timezone.now()).filter(webhook=OuterRef("pk")).order_by("next_at", "pk")
    webhooks = Webhook.objects.filter(Exists(due), project=project).exclude(pk__in=busy)
    first = webhooks.annotate(first=due.values("pk")[:1]).values_list("first", flat=True)
    return list(Delivery.objects.filter(pk__in=list(first)).select_related("webhook__project", "event__actor"))


def projects_to_deliver(now: datetime) -> set[int]:
    """Return the projects that have something to send: a delivery that is due, or an event without a delivery."""
    projects = set(due_deliveries(now).values_list("webhook__project_id", flat=True).distinct())
    for webhook in Webhook.objects.filter(enabled=True).exclude(project__in=projects):
        if unopened_events(webhook).exists():
            projects.add(webhook.project_id)
    return projects


def body_of(delivery: Delivery) -> bytes:
    """Return the message as it is sent and signed: the same bytes at each attempt."""
    project, event = delivery.webhook.project, delivery.event
    actor = event.actor if event is not None else None
    message: dict[str, Any] = {
        "id": delivery.pk,
        "kind": delivery.kind,
        "project": {"id": project.pk, "name": project.name},
        "seq": event.seq if event is not None else None,
        "data": event.data if event is not None else {},
        "actor": {"id": actor.pk, "name": actor.shown_name} if actor is not None else None,
        "created_at": (event or delivery).created_at.isoformat(),
    }
    return json.dumps(message, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
