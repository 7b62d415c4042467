"""Noting what a person has read. What there is to read is computed: see `selectors.notifications`."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from annotator.accounts.models import User
from annotator.events.models import Event, ReadEvent, ReadMark
from annotator.events.selectors import notifications


def mark_read(*, user: User, event_ids: Collection[int]) -> int:
    """Mark some of a person's notifications as read; return how many were not. Foreign ids are passed over."""
    events = list(notifications(user, unread=True).filter(pk__in=event_ids).values_list("pk", flat=True))
    if events:
        ReadEvent.objects.bulk_create([ReadEvent(user=user, event_id=pk) for pk in events], ignore_conflicts=True)
    return len(events)


def mark_all_read(*, user: User) -> None:
    """Mark everything that there is as read, in every project of the person."""
    newest: dict[int, int] = {}
    for project_id, seq in notifications(user, unread=True).values_list("project_id", "seq"):
        newest[project_id] = max(seq, newest.get(project_id, 0))
    with transaction.atomic():
        for project_id, seq in newest.items():
            ReadMark.objects.update_or_create(user=user, project_id=project_id, defaults={"seq": seq})
            below = Event.objects.filter(project_id=project_id, seq__lte=seq)
            ReadEvent.objects.filter(user=user, event__in=below).delete()
