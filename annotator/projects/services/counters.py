"""The project's counters, its lock and its log: what every write to a project begins or ends with."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import F

from annotator.accounts.models import User
from annotator.projects.models import Project


def next_change(*, project_id: int, count: int = 1) -> int:
    """Reserve `count` numbers of the project's change counter; return the last of them.

    Call inside a transaction: the row stays locked until commit, so the order of numbers is the order of commits.
    """
    assert connection.in_atomic_block, "a change number belongs to the transaction that makes the change"
    Project.objects.filter(pk=project_id).update(change_seq=F("change_seq") + count)
    return Project.objects.values_list("change_seq", flat=True).get(pk=project_id)


def next_positions(*, project_id: int, count: int) -> int:
    """Reserve `count` image positions inside the insert's transaction; return the first of them."""
    assert connection.in_atomic_block, "a position belongs to the transaction that inserts the image"
    Project.objects.filter(pk=project_id).update(next_position=F("next_position") + count)
    return Project.objects.values_list("next_position", flat=True).get(pk=project_id) - count


def tell(project: Project, kind: str, actor: User | None, **data: Any) -> None:
    """Append an event through the project's own relation: the events app sits above this one."""
    project.events.create(seq=next_change(project_id=project.pk), kind=kind, actor=actor, data=data)


def lock(project: Project) -> None:
    """Hold the project's row until commit, so that what is checked next stays true."""
    Project.objects.select_for_update().get(pk=project.pk)
