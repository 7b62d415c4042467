"""Leases: who gets which task, when one is blind, and what two people at once can never do."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.images.models import Trust
from annotator.labeling.models import Purpose, Task
from annotator.labeling.selectors import why_nothing
from annotator.labeling.services import RoundPick, lease_tasks, publish_round, release_tasks
from annotator.projects.models import LabelClass, Project, Role
from tests.factories import add_member, make_image, make_project


def publish(project: Project, positions: list[int], **fields) -> None:
    """Make a round of these positions, in this order."""
    cat = LabelClass.objects.filter(project=project).first()
    picks = [RoundPick(position, {"code": "torn"}, "v1.1", [(cat.pk, 0.6)]) for position in positions]
    with transaction.atomic():
        publish_round(project=project, strategy="random", seed=0, picks=picks, score_set=None, **fields)


def project_with_queue(pictures: int = 12, reserve: int = 3, **fields) -> tuple[Project, User]:
    """A project whose round holds every picture outside the reserve."""
    project = make_project(**fields)
    pool = [make_image(project).position for _ in range(pictures)]
    for _ in range(reserve):
        make_image(project, reserve=True)
    publish(project, pool)
    return project, project.created_by


@pytest.mark.django_db
def test_a_labeler_gets_the_best_ranked_tasks_with_their_suggestions():
    project, lead = project_with_queue(reserve=0)
    tasks = lease_tasks(project=project, user=lead, count=5)
    assert [task.rank for task in tasks] == [1, 2, 3, 4, 5]
    assert {task.suggestion_confidence for task in tasks} == {0.6}
    assert all(task.leased_to_id == lead.pk and task.lease_expires_at > timezone.now() for task in tasks)


@pytest.mark.django_db
def test_asking_again_returns_what_is_in_hand_before_anything_new():
    project, lead = project_with_queue(reserve=0)
    first = lease_tasks(project=project, user=lead, count=4)
    again = lease_tasks(project=project, user=lead, count=6)
    assert [task.pk for task in again[:4]] == [task.pk for task in first]
    assert len(again) == 6


@pytest.mark.django_db
def test_every_tenth_task_is_a_blind_one_of_the_reserve_in_lot_order():
    project, lead = project_with_queue(pictures=40, reserve=5)
    tasks = lease_tasks(project=project, user=lead, count=40)
    blind = [number for number, task in enumerate(tasks, start=1) if task.blind]
    assert blind == [10, 20, 30, 40]
    lots = [task.image.lot for task in tasks if task.blind]
    assert lots == sorted(lots)
    assert all(task.purpose == Purpose.TEST and task.suggestion_class is None for task in tasks if task.blind)


@pytest.mark.django_db
def test_when_the_pool_is_done_the_rest_of_the_reserve_is_handed_out():
    project, lead = project_with_queue(pictures=2, reserve=3)
    project.images.filter(reserve=False).update(trust=Trust.HUMAN)
    tasks = lease_tasks(project=project, user=lead, count=10)
    assert [task.purpose for task in tasks] == [Purpose.TEST] * 3


@pytest.mark.django_db
def test_an_abandoned_lease_returns_by_itself():
    project, lead = project_with_queue(pictures=3, reserve=0)
    lease_tasks(project=project, user=lead, count=3)
    other = add_member(project, Role.ANNOTATOR)
    assert lease_tasks(project=project, user=other, count=3) == []
    Task.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert len(lease_tasks(project=project, user=other, count=3)) == 3


@pytest.mark.django_db
def test_released_tasks_are_free_for_others_but_nobody_can_release_anothers():
    project, lead = project_with_queue(pictures=3, reserve=0)
    tasks = lease_tasks(project=project, user=lead, count=3)
    other = add_member(project, Role.ANNOTATOR)
    assert release_tasks(project=project, user=other, task_ids=[tasks[0].pk]) == 0
    assert release_tasks(project=project, user=lead, task_ids=[tasks[0].pk]) == 1
    assert [task.pk for task in lease_tasks(project=project, user=other, count=3)] == [tasks[0].pk]


@pytest.mark.django_db
def test_a_new_round_supersedes_only_what_nobody_holds():
    project, lead = project_with_queue(pictures=6, reserve=0)
    held = lease_tasks(project=project, user=lead, count=2)
    positions = list(project.images.order_by("-position").values_list("position", flat=True))
    publish(project, positions)
    states = Counter(Task.objects.values_list("state", flat=True))
    assert states == {Task.State.WITHDRAWN: 4, Task.State.LEASED: 2, Task.State.OPEN: 4}
    assert {task.pk for task in lease_tasks(project=project, user=lead, count=2)} == {task.pk for task in held}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pictures", "trust", "reason"),
    [(0, Trust.NONE, "nothing_imported"), (2, Trust.HUMAN, "all_labelled"), (2, Trust.NONE, "all_leased")],
)
def test_an_empty_queue_says_why(pictures, trust, reason):
    project, _ = project_with_queue(pictures=pictures, reserve=0)
    project.images.update(trust=trust)
    assert why_nothing(project) == reason


@pytest.mark.django_db(transaction=True)
def test_labelers_at_once_never_hold_the_same_task():
    project, _ = project_with_queue(pictures=60, reserve=8)
    people = [add_member(project, Role.ANNOTATOR) for _ in range(4)]
    held: list[int] = []

    def work(user: User) -> None:
        try:
            for count in (3, 6, 9):
                lease_tasks(project=project, user=user, count=count)
            held.extend(task.pk for task in lease_tasks(project=project, user=user, count=9))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == 36
    assert len(set(held)) == 36
    assert Task.objects.filter(state=Task.State.LEASED, blind=True).count() == 3
