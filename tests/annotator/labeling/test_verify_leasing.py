"""Verify pages are leased as a unit: which pictures, how many, and what two people at once can never do."""

from __future__ import annotations

import threading
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import DomainError
from annotator.images.models import Image, Trust
from annotator.images.services import set_holdout
from annotator.labeling.models import Annotation, Purpose, Task, VerifyPage
from annotator.labeling.services import (
    Excepted,
    Item,
    RoundPick,
    lease_tasks,
    publish_round,
    release_pages,
    release_tasks,
    submit_annotations,
)
from annotator.projects.models import Project, Role
from tests.annotator.labeling.verifying import class_of, confirm, lease, page_of, verify_project
from tests.factories import add_member, make_image

State = VerifyPage.State


def positions(page: VerifyPage, purpose: str = Purpose.QUEUE) -> list[int]:
    """The positions of a page's pictures, in their order on it."""
    return list(page.tasks.filter(purpose=purpose).order_by("lease_order").values_list("image__position", flat=True))


def publish(project: Project, wanted: list[int]) -> None:
    cat = class_of(project, "cat")
    picks = [RoundPick(position, {"code": "torn"}, "v1.1", [(cat.pk, 0.6)]) for position in wanted]
    with transaction.atomic():
        publish_round(project=project, strategy="random", seed=0, picks=picks, score_set=None)


def expire() -> None:
    then = timezone.now() - timedelta(seconds=1)
    VerifyPage.objects.update(lease_expires_at=then)
    Task.objects.filter(state=Task.State.LEASED).update(lease_expires_at=then)


@pytest.mark.django_db
def test_a_page_holds_the_most_confident_suggestions_of_its_class():
    project = verify_project(cats=30, dogs=10)
    leased = lease(project, size=12)
    page = leased.pages[0]
    assert positions(page) == list(range(12))
    assert (page.size, page.state, leased.waiting, leased.reason) == (12, State.LEASED, 18, None)
    tasks = list(page.tasks.all())
    assert {task.leased_to_id for task in tasks} == {project.created_by_id}
    assert {task.suggestion_model for task in tasks} == {"v1.1"}
    assert page.expected_wrong == pytest.approx(sum(1 - task.suggestion_confidence for task in tasks), abs=0.01)


@pytest.mark.django_db
def test_the_least_confident_ones_come_first_when_asked_for():
    project = verify_project(cats=30)
    assert positions(page_of(project, size=12, order="unsure")) == list(range(29, 17, -1))


@pytest.mark.django_db
def test_asking_again_returns_what_is_in_hand_before_anything_new():
    project = verify_project(cats=40)
    first = lease(project, size=12, count=2).pages
    again = lease(project, size=24, count=3)
    assert [page.pk for page in again.pages[:2]] == [page.pk for page in first]
    assert (again.pages[2].size, again.reason) == (16, None)


@pytest.mark.django_db
def test_known_pictures_of_other_classes_are_planted_those_first_that_nobody_has_shown_yet():
    project = verify_project(cats=60, known=4, gold_per_page=2)
    pages = lease(project, size=12, count=2).pages
    assert [len(positions(page)) for page in pages] == [10, 10]
    planted = [positions(page, Purpose.GOLD) for page in pages]
    assert sorted(planted[0] + planted[1]) == [60, 61, 62, 63]
    confirm(pages[0])
    assert not set(positions(lease(project, size=12, count=2).pages[1], Purpose.GOLD)) & set(planted[1])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"reserve": True}, {"trust": Trust.PAGE_VERIFIED}, {"archived_at": timezone.now()}, {"label": "cat"}]
)
def test_what_is_not_known_for_sure_or_of_the_class_is_never_planted(change):
    project = verify_project(cats=30, known=2)
    if "label" in change:
        change = {"label": class_of(project, "cat")}
    Image.objects.filter(label__name="dog").update(**change)
    Project.objects.filter(pk=project.pk).update(change_seq=project.change_seq + 1)
    Image.objects.update(change_seq=project.change_seq + 1)
    assert positions(page_of(project, size=12), Purpose.GOLD) == []


@pytest.mark.django_db
def test_only_the_pool_is_offered():
    project = verify_project(cats=20, overlap_share=0.0)
    user, images = project.created_by, list(project.images.order_by("position"))
    set_holdout(project=project, name="exam", image_ids=[images[0].pk])
    Image.objects.filter(pk=images[1].pk).update(reserve=True, change_seq=project.change_seq + 100)
    Image.objects.filter(pk=images[2].pk).update(archived_at=timezone.now(), change_seq=project.change_seq + 100)
    Project.objects.filter(pk=project.pk).update(change_seq=project.change_seq + 100)
    items = [Item(client_id="0" * 31 + "1", verdict="unsure", image=images[3].pk)]
    items += [Item(client_id="0" * 31 + "2", image=images[4].pk, labels=[class_of(project, "cat").pk])]
    submit_annotations(project=project, user=user, items=items)
    assert positions(page_of(project, size=15)) == list(range(5, 20))


@pytest.mark.django_db
def test_pictures_that_several_people_label_independently_are_not_verified():
    project = verify_project(cats=20, overlap_share=1.0)
    assert lease(project, size=12).pages == []


@pytest.mark.django_db
def test_tasks_of_the_queue_are_taken_over_and_return_to_their_place():
    project = verify_project(cats=20)
    publish(project, [3, 0, 15])
    page = page_of(project, size=12)
    other = add_member(project, Role.ANNOTATOR)
    assert [task.image.position for task in lease_tasks(project=project, user=other, count=3)] == [15]
    release_pages(project=project, user=project.created_by, page_ids=[page.pk])
    held = lease_tasks(project=project, user=other, count=3)
    assert [(task.image.position, task.rank) for task in held] == [(15, 3), (3, 1), (0, 2)]


@pytest.mark.django_db
def test_what_somebody_labels_is_not_offered_and_a_page_is_no_part_of_the_label_queue():
    project = verify_project(cats=20)
    publish(project, list(range(20)))
    user = project.created_by
    first = lease_tasks(project=project, user=user, count=3)
    page = page_of(project, size=12)
    assert positions(page) == list(range(3, 15))
    assert lease_tasks(project=project, user=user, count=3) == first
    assert release_tasks(project=project, user=user, task_ids=list(page.tasks.values_list("pk", flat=True))) == 0


@pytest.mark.django_db
def test_an_abandoned_page_returns_by_itself():
    project = verify_project(cats=12)
    publish(project, [0, 1])
    page = page_of(project, size=12)
    other = add_member(project, Role.ANNOTATOR)
    assert (lease(project, other).pages, lease(project, other).reason) == ([], "all_leased")
    expire()
    assert len(lease_tasks(project=project, user=other, count=5)) == 2
    page.refresh_from_db()
    assert page.state == State.RELEASED
    assert positions(page_of(project, other, size=12)) == list(range(2, 12))


@pytest.mark.django_db
def test_who_comes_back_finds_the_page_again_if_nobody_took_it():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    expire()
    again = page_of(project)
    assert again.pk == page.pk
    assert again.lease_expires_at > timezone.now()
    assert page.tasks.filter(lease_expires_at__gt=timezone.now()).count() == 12


@pytest.mark.django_db
def test_pages_of_other_kinds_make_room():
    project = verify_project(cats=40, dogs=40)
    cats = lease(project, size=12, count=3).pages
    dogs = lease(project, name="dog", size=12, count=2).pages
    states = dict(VerifyPage.objects.values_list("id", "state"))
    assert [states[page.pk] for page in cats] == [State.RELEASED, State.RELEASED, State.LEASED]
    assert [states[page.pk] for page in dogs] == [State.LEASED, State.LEASED]


@pytest.mark.django_db
def test_an_adaptive_project_offers_less_and_smaller_pages_to_people_who_miss_more():
    project = verify_project(cats=400, known=40, verify_adaptive=True, gold_per_page=6)
    careless, careful = add_member(project, Role.ANNOTATOR), add_member(project, Role.ANNOTATOR)
    confirm(page_of(project, careless, size=36))
    for _ in range(4):
        page = page_of(project, careful, size=36)
        gold = page.tasks.filter(purpose=Purpose.GOLD)
        dog = class_of(project, "dog").pk
        confirm(page, exceptions=[Excepted(task.pk, labels=[dog]) for task in gold])
    little, much = lease(project, careless), lease(project, careful)
    assert little.waiting < much.waiting
    assert sum(page.size for page in little.pages) < much.pages[0].size


@pytest.mark.django_db
def test_when_nothing_is_left_it_says_so():
    project = verify_project(cats=12)
    confirm(page_of(project, size=12))
    leased = lease(project)
    assert (leased.pages, leased.waiting, leased.reason) == ([], 0, "nothing_left")


@pytest.mark.django_db
def test_a_class_of_another_project_has_no_pages():
    project, other = verify_project(cats=12), verify_project(cats=12)
    with pytest.raises(DomainError, match="is not in this project"):
        lease(project, class_id=class_of(other, "cat").pk)


@pytest.mark.django_db
def test_a_new_round_leaves_pages_alone():
    project = verify_project(cats=20)
    publish(project, [0, 1])
    page = page_of(project, size=12)
    publish(project, [*range(20)])
    assert page.tasks.filter(state=Task.State.LEASED).count() == 12
    opened = Task.objects.filter(state=Task.State.OPEN).values_list("image__position", flat=True)
    assert sorted(opened) == list(range(12, 20))


@pytest.mark.django_db(transaction=True)
def test_people_at_once_never_hold_the_same_picture():
    project = verify_project(cats=120, known=8)
    publish(project, list(range(0, 120, 2)))
    people = [add_member(project, Role.ANNOTATOR) for _ in range(3)]
    done: list[int] = []

    def work(user: User) -> None:
        try:
            lease_tasks(project=project, user=user, count=4)
            for count in (1, 2, 3):
                lease(project, user, size=12, count=count)
            done.append(user.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(people)
    held = list(Task.objects.filter(state=Task.State.LEASED).values_list("image_id", flat=True))
    assert len(held) == len(set(held))
    assert VerifyPage.objects.filter(state=State.LEASED).count() == 9
    assert not Annotation.objects.exists()
    for page in VerifyPage.objects.all():
        assert len(np.unique(positions(page))) == page.tasks.filter(purpose=Purpose.QUEUE).count() >= 10


@pytest.mark.django_db
def test_pictures_that_came_after_the_last_scores_wait_for_a_suggestion():
    project = verify_project(cats=12)
    make_image(project)
    assert lease(project, size=24).pages[0].size == 12
