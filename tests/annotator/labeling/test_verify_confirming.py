"""Confirming a page: what is written, what it costs, and what is kept when it comes late, twice or too late."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotator.common.errors import Conflict, DomainError, NotFound
from annotator.events.models import Event
from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, Case, ImageLabel, Purpose, QueueState, Task, VerifyPage
from annotator.labeling.selectors import labelled_since, refresh_data
from annotator.labeling.selectors.verify import Measured
from annotator.labeling.services import (
    Confirmation,
    Excepted,
    Item,
    confirm_page,
    lease_tasks,
    release_pages,
    submit_annotations,
)
from annotator.projects.models import Project, Role
from tests.annotator.labeling.test_verify_leasing import expire, publish
from tests.annotator.labeling.verifying import class_of, confirm, lease, page_of, verify_project
from tests.factories import add_member

State = VerifyPage.State


def tasks_of(page: VerifyPage, purpose: str = Purpose.QUEUE) -> list[Task]:
    return list(page.tasks.filter(purpose=purpose).order_by("lease_order"))


def label(project: Project, image_id: int, name: str, user=None) -> None:
    """Label a picture in passing, as a correction from the gallery does."""
    version = Image.objects.get(pk=image_id).label_version
    item = Item(client_id=uuid.uuid4(), image=image_id, labels=[class_of(project, name).pk], seen_version=version)
    (result,) = submit_annotations(project=project, user=user or project.created_by, items=[item])
    assert result.status == "created"


@pytest.mark.django_db
def test_a_page_gives_all_its_pictures_the_label_except_those_that_are_marked():
    project = verify_project(cats=12)
    cat, dog = class_of(project, "cat"), class_of(project, "dog")
    page = page_of(project, size=12)
    first, second, *rest = tasks_of(page)
    marked = [Excepted(first.pk, labels=[dog.pk]), Excepted(second.pk, verdict="unsure")]
    done = confirm(page, exceptions=marked)

    assert (done.written, done.conflicts, done.created) == (11, [], True)
    images = {image.pk: image for image in project.images.all()}
    assert (images[first.image_id].label_id, images[first.image_id].trust) == (dog.pk, Trust.HUMAN)
    assert (images[second.image_id].label_id, images[second.image_id].trust) == (None, Trust.NONE)
    for task in rest:
        image = images[task.image_id]
        assert (image.label_id, image.trust, image.label_version) == (cat.pk, Trust.PAGE_VERIFIED, 1)
    current = ImageLabel.objects.filter(image__project=project, present=True, version=1)
    assert current.filter(label_class=cat, trust=Trust.PAGE_VERIFIED).count() == 10
    assert current.filter(label_class=dog, trust=Trust.HUMAN).count() == 1
    page.refresh_from_db()
    assert (page.state, page.exceptions, page.seconds) == (State.CONFIRMED, 2, 6.0)
    assert set(Task.objects.values_list("state", flat=True)) == {Task.State.DONE}


@pytest.mark.django_db
def test_looks_and_decisions_are_both_recorded_and_so_is_what_was_suggested():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    first = tasks_of(page)[0]
    confirm(page, exceptions=[Excepted(first.pk, labels=[class_of(project, "dog").pk])])
    rows = list(Annotation.objects.order_by("id"))
    assert [row.looks for row in rows] == [1] * 12
    assert sum(row.decisions for row in rows) == 2
    assert rows[0].decisions == 1
    assert {row.origin for row in rows} == {Annotation.Origin.VERIFY}
    assert {row.lead_time_ms for row in rows} == {500}
    assert rows[0].suggestion_class_id == class_of(project, "cat").pk
    assert rows[0].suggestion_confidence == pytest.approx(0.99, abs=0.01)


@pytest.mark.django_db
def test_a_page_of_exceptions_alone_still_took_the_key_that_confirmed_it():
    project = verify_project(cats=3)
    page = page_of(project, size=12)
    confirm(page, exceptions=[Excepted(task.pk, verdict="skip") for task in tasks_of(page)])
    assert sum(Annotation.objects.values_list("decisions", flat=True)) == 4


@pytest.mark.django_db
def test_the_same_confirmation_twice_changes_nothing_the_second_time():
    project = verify_project(cats=12, known=3)
    page, once = page_of(project, size=12), uuid.uuid4()
    first = confirm(page, client_id=once)
    events = Event.objects.count()
    again = confirm(page, client_id=once)
    assert (again.created, again.written, again.page.gold) == (False, first.written, first.page.gold)
    assert {image.pk for image in again.shown} == {image.pk for image in first.shown}
    assert Annotation.objects.count() == 12
    assert Event.objects.count() == events


@pytest.mark.django_db
def test_another_confirmation_of_the_same_page_is_refused():
    project = verify_project(cats=24)
    page, other = lease(project, size=12, count=2).pages
    once = uuid.uuid4()
    confirm(page, client_id=once)
    with pytest.raises(Conflict, match="confirmed already"):
        confirm(page)
    with pytest.raises(Conflict, match="another page"):
        confirm(other, client_id=once)


@pytest.mark.django_db
def test_what_somebody_labelled_meanwhile_stays_and_the_answer_is_kept():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    taken = tasks_of(page)[3]
    label(project, taken.image_id, "dog", add_member(project, Role.REVIEWER))
    done = confirm(page)
    assert (done.written, [image.pk for image in done.conflicts]) == (11, [taken.image_id])
    image = Image.objects.get(pk=taken.image_id)
    assert (image.label_id, image.trust) == (class_of(project, "dog").pk, Trust.HUMAN)
    row = Annotation.objects.get(task=taken, user=page.user)
    assert (row.conflict, row.applied) == (True, False)


@pytest.mark.django_db
def test_pictures_that_left_the_pool_meanwhile_get_no_label():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    gone, exam = tasks_of(page)[:2]
    Image.objects.filter(pk=gone.image_id).update(archived_at=timezone.now())
    Image.objects.filter(pk=exam.image_id).update(reserve=True)
    assert confirm(page).written == 10
    assert not ImageLabel.objects.filter(image__in=[gone.image_id, exam.image_id]).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["expired", "released"])
def test_a_confirmation_that_comes_late_is_kept_where_nobody_answered(how):
    project = verify_project(cats=12)
    publish(project, [0, 1, 2])
    page = page_of(project, size=12)
    other = add_member(project, Role.ANNOTATOR)
    if how == "expired":
        expire()
    else:
        release_pages(project=project, user=page.user, page_ids=[page.pk])
    (answered, *_) = lease_tasks(project=project, user=other, count=2)
    dog = class_of(project, "dog").pk
    submit_annotations(project=project, user=other, items=[Item(uuid.uuid4(), task=answered.pk, labels=[dog])])
    done = confirm(page)
    assert (done.written, [image.pk for image in done.conflicts]) == (11, [answered.image_id])
    assert Image.objects.get(pk=answered.image_id).label_id == dog
    assert not Task.objects.filter(state=Task.State.OPEN).exists()


@pytest.mark.django_db
def test_an_expired_page_that_nobody_took_is_confirmed_as_if_nothing_was():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    expire()
    assert confirm(page).written == 12


@pytest.mark.django_db
def test_planted_pictures_measure_what_is_missed_and_keep_their_labels():
    project = verify_project(cats=30, known=4, gold_per_page=4)
    dog = class_of(project, "dog")
    page = page_of(project, size=24)
    caught, *missed = tasks_of(page, Purpose.GOLD)
    before = {image.pk: (image.label_id, image.label_version) for image in Image.objects.filter(label=dog)}
    done = confirm(page, exceptions=[Excepted(caught.pk, labels=[dog.pk])])
    assert (done.page.gold, done.page.gold_missed, done.page.exceptions) == (4, 3, 0)
    assert {image.pk for image in done.shown} == {task.image_id for task in missed}
    rows = Annotation.objects.filter(purpose=Purpose.GOLD)
    assert (rows.count(), rows.filter(applied=True).count(), rows.filter(conflict=True).count()) == (4, 0, 0)
    assert {image.pk: (image.label_id, image.label_version) for image in Image.objects.filter(label=dog)} == before
    assert done.written == 20
    assert Measured.of(project).total(page.user_id)[1] == (4, 3)


@pytest.mark.django_db
def test_a_refresh_learns_from_the_page_but_not_from_what_was_planted_on_it():
    project = verify_project(cats=30, known=4, gold_per_page=4)
    page = page_of(project, size=24)
    planted = [task.image.position for task in page.tasks.filter(purpose=Purpose.GOLD)]
    confirm(page)
    data = refresh_data(project, 34)
    learnt = dict(zip(data.train.tolist(), data.train_labels.tolist(), strict=True))
    assert [learnt[position] for position in planted] == [class_of(project, "dog").pk] * 4
    assert sorted(learnt) == [*range(20), *range(30, 34)]
    assert labelled_since(project, timezone.now() - timedelta(hours=1)) == 20


@pytest.mark.django_db
def test_a_flag_opens_a_case_with_its_comment():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    first = tasks_of(page)[0]
    confirm(page, exceptions=[Excepted(first.pk, verdict="flag", comment="two of them")])
    case = Case.objects.get()
    assert (case.image_id, case.comments.get().text) == (first.image_id, "two of them")


@pytest.mark.django_db
def test_verified_labels_are_told_and_counted():
    project = verify_project(cats=12)
    confirm(page_of(project, size=12))
    event = Event.objects.get(kind="page_verified")
    assert (event.data["count"], event.data["label"]) == (12, class_of(project, "cat").pk)
    assert QueueState.objects.get(project=project).changes == 12


@pytest.mark.django_db
def test_in_a_project_of_several_labels_a_page_says_that_the_class_is_present_and_nothing_else():
    project = verify_project(cats=12, label_mode="multi")
    cat, dog = class_of(project, "cat"), class_of(project, "dog")
    page = page_of(project, size=12)
    first, second = tasks_of(page)[:2]
    confirm(page, exceptions=[Excepted(first.pk, labels=[dog.pk]), Excepted(second.pk, labels=[cat.pk, dog.pk])])
    said = ImageLabel.objects.values_list("image_id", "label_class_id", "present", "trust")
    assert set(said.filter(image=first.image_id)) == {
        (first.image_id, dog.pk, True, Trust.HUMAN),
        (first.image_id, cat.pk, False, Trust.HUMAN),
    }
    assert {row[1:3] for row in said.filter(image=second.image_id)} == {(cat.pk, True), (dog.pk, True)}
    assert said.exclude(image__in=[first.image_id, second.image_id]).filter(present=True).count() == 10
    assert not said.exclude(image=first.image_id).filter(present=False).exists()


@pytest.mark.django_db
def test_a_page_of_another_class_or_person_or_a_task_of_another_page_is_refused():
    project = verify_project(cats=24)
    page, other = lease(project, size=12, count=2).pages
    stranger = add_member(project, Role.LEAD)
    with pytest.raises(NotFound):
        confirm_page(project=project, user=stranger, page_id=page.pk, said=Confirmation(uuid.uuid4()))
    with pytest.raises(DomainError, match="another class"):
        confirm(page, class_id=class_of(project, "dog").pk)
    with pytest.raises(DomainError, match="not on this page"):
        confirm(page, exceptions=[Excepted(tasks_of(other)[0].pk, verdict="skip")])
    assert not Annotation.objects.exists()


@pytest.mark.django_db
def test_a_large_page_takes_no_more_queries_than_a_small_one():
    project = verify_project(cats=150, known=6)
    taken = {}
    for size in (12, 120):
        page = page_of(project, size=size)
        dog = class_of(project, "dog").pk
        marked = [Excepted(task.pk, labels=[dog]) for task in tasks_of(page)[:4]]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            confirm(page, exceptions=marked)
        taken[size] = [query["sql"] for query in queries if not query["sql"].startswith("INSERT")]
    assert len(taken[120]) == len(taken[12]) <= 40


@pytest.mark.django_db(transaction=True)
def test_the_same_confirmation_at_once_is_kept_once():
    project = verify_project(cats=24, known=3)
    page, once = page_of(project, size=24), uuid.uuid4()
    created: list[bool] = []

    def work() -> None:
        try:
            created.append(confirm(page, client_id=once).created)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(created) == [False, False, True]
    assert Annotation.objects.count() == 24
