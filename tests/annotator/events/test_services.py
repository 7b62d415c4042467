"""The activity log: numbered in the order of commits, so that a reader who asks again misses nothing."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction

from annotator.events.models import Event
from annotator.events.services import record_event
from annotator.insights.selectors import pulse
from annotator.projects.models import Project
from annotator.projects.services import next_change
from tests.factories import make_project

WRITERS, EACH = 4, 25


def test_an_event_has_the_next_number_of_its_project(db):
    mine, other = make_project(), make_project()

    first = record_event(project_id=mine.pk, kind="labelled", actor=mine.created_by, count=3)
    record_event(project_id=other.pk, kind="labelled", count=1)
    second = record_event(project_id=mine.pk, kind="refreshed", head="v1.2")

    assert (first.seq, first.data, first.actor) == (1, {"count": 3}, mine.created_by)
    assert (second.seq, second.data, second.actor) == (2, {"head": "v1.2"}, None)


def test_changes_and_events_share_one_counter(db):
    project = make_project()

    assert next_change(project_id=project.pk, count=5) == 5
    assert record_event(project_id=project.pk, kind="labelled").seq == 6


@pytest.mark.django_db(transaction=True)
def test_an_event_belongs_to_the_transaction_of_its_change():
    project = make_project()

    with pytest.raises(AssertionError):
        record_event(project_id=project.pk, kind="labelled")
    with transaction.atomic():
        record_event(project_id=project.pk, kind="labelled")
        transaction.set_rollback(True)  # the change fails

    assert not Event.objects.exists()
    assert Project.objects.get(pk=project.pk).change_seq == 0


@pytest.mark.django_db(transaction=True)
def test_a_reader_who_polls_beside_concurrent_writers_sees_every_event_once_and_in_order():
    project = make_project()
    writers = [threading.Thread(target=_write, args=[project.pk, number]) for number in range(WRITERS)]
    for writer in writers:
        writer.start()

    seen: list[int] = []
    after = 0
    while True:
        done = not any(writer.is_alive() for writer in writers)
        answer = pulse(Project.objects.get(pk=project.pk), after)
        assert not answer["truncated"]
        seen += [event.seq for event in answer["events"]]
        after = answer["seq"]
        if done and not answer["events"]:
            break

    assert seen == list(Event.objects.order_by("seq").values_list("seq", flat=True))
    assert len(seen) == WRITERS * EACH


def _write(project_id: int, writer: int) -> None:
    """Record events, dawdling between number and commit: that is where a careless order would lose one."""
    for turn in range(EACH):
        with transaction.atomic():
            record_event(project_id=project_id, kind="labelled", writer=writer, turn=turn)
            time.sleep(0.001 * ((writer + turn) % 3))
    connection.close()
