"""Writing the activity log."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from annotator.accounts.models import User
from annotator.events.models import Event
from annotator.projects.services import next_change


def record_event(*, project_id: int, kind: str, actor: User | None = None, **data: Any) -> Event:
    """Append an event inside the transaction of the change it tells of."""
    seq = next_change(project_id=project_id)
    return Event.objects.create(project_id=project_id, seq=seq, kind=kind, actor=actor, data=data)


def host_of(url: str) -> str:
    """Return the part of an address that the log may show to everybody: paths carry keys."""
    return urlsplit(url).hostname or ""
