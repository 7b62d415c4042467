"""What holds when several people change a project at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from annotator.common.errors import Conflict
from annotator.events.models import Event
from annotator.projects import services
from annotator.projects.models import Membership, Role
from tests.factories import add_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run every function in a thread of its own, started together; return what each returned or raised."""
    outcomes: list[Any] = [None] * len(works)
    barrier = threading.Barrier(len(works))

    def run(number: int) -> None:
        barrier.wait()
        try:
            outcomes[number] = works[number]()
        except Conflict as error:
            outcomes[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_imports_that_name_the_same_classes_agree_on_them():
    project = make_project(classes=())
    names = [f"kind {number}" for number in range(30)]

    found = at_once(*[lambda: services.add_classes(project=project, names=names, actor=None)] * 4)

    assert all(rows == found[0] for rows in found)
    assert [row.index for row in project.classes.all()] == list(range(30))


def test_two_leads_who_step_down_together_leave_one():
    project = make_project()
    leads = [project.created_by, add_member(project, Role.LEAD)]

    outcomes = at_once(
        *[lambda lead=lead: services.remove_member(project=project, actor=lead, user_id=lead.pk) for lead in leads]
    )

    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1
    assert Membership.objects.filter(project=project, role=Role.LEAD).count() == 1


def test_events_of_concurrent_changes_are_numbered_without_gap_or_repeat():
    project = make_project()
    actor = project.created_by

    at_once(
        *[
            lambda number=number: services.update_project(project=project, actor=actor, target_per_class=number)
            for number in range(100, 108)
        ]
    )

    assert sorted(Event.objects.values_list("seq", flat=True)) == list(range(1, 9))
