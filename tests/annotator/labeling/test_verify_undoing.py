"""Taking back a whole page: labels go, its pictures come back to the same person, and later words stay."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotator.common.errors import Conflict, NotFound
from annotator.events.models import Event
from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, Case, ImageLabel, Purpose, QueueState, Task, VerifyPage
from annotator.labeling.selectors import Stretch
from annotator.labeling.selectors.verify import Measured
from annotator.labeling.services import Excepted, Item, lease_tasks, retract_chunk, submit_annotations, undo_page
from annotator.labeling.services.verify import TakenBackPage
from annotator.labeling.services.verify.confirming import row_id
from annotator.projects.models import Role
from tests.annotator.labeling.test_verify_confirming import label, tasks_of
from tests.annotator.labeling.verifying import class_of, confirm, lease, page_of, verify_project
from tests.factories import add_member

State = VerifyPage.State


def take_back(page: VerifyPage, client_id: uuid.UUID | None = None) -> TakenBackPage:
    return undo_page(project=page.project, user=page.user, page_id=page.pk, client_id=client_id or uuid.uuid4())


def single_undo(page: VerifyPage, task: Task):
    row = Annotation.objects.get(task=task, verdict="label")
    item = Item(client_id=uuid.uuid4(), undoes=row.client_id)
    (result,) = submit_annotations(project=page.project, user=page.user, items=[item])
    return result


@pytest.mark.django_db
def test_a_whole_page_is_taken_back_and_is_in_the_same_hands_again():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    first, second = tasks_of(page)[:2]
    confirm(page, exceptions=[Excepted(first.pk, labels=[class_of(project, "dog").pk]), Excepted(second.pk, "unsure")])
    done = take_back(page)

    assert (done.undone, done.conflicts) == (11, [])
    assert set(Image.objects.values_list("label", "trust")) == {(None, Trust.NONE)}
    assert not ImageLabel.objects.exists()
    assert [task.image_id for task in tasks_of(done.page)] == [task.image_id for task in tasks_of(page)]
    assert (done.page.state, done.page.follows_id, done.page.size) == (State.LEASED, page.pk, 12)
    assert done.page.lease_expires_at > timezone.now()
    page.refresh_from_db()
    assert page.state == State.UNDONE
    assert Annotation.objects.filter(verdict="undo").count() == 12
    assert QueueState.objects.get().changes == 22
    assert Event.objects.get(kind="page_undone").data["count"] == 11
    assert lease(project).pages[0].pk == done.page.pk


@pytest.mark.django_db
def test_it_can_be_confirmed_again_and_taken_back_again():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    for _ in range(2):
        assert confirm(page).written == 12
        page = take_back(page).page
    assert confirm(page).written == 12
    assert set(Image.objects.values_list("trust", "label_version")) == {(Trust.PAGE_VERIFIED, 5)}


@pytest.mark.django_db
def test_the_same_undo_twice_changes_nothing_and_another_is_refused():
    project = verify_project(cats=12)
    page, once = page_of(project, size=12), uuid.uuid4()
    with pytest.raises(Conflict, match="not confirmed"):
        take_back(page)
    confirm(page)
    first, again = take_back(page, once), take_back(page, once)
    assert (again.page.pk, again.undone) == (first.page.pk, 0)
    with pytest.raises(Conflict, match="already"):
        take_back(page)
    with pytest.raises(NotFound):
        undo_page(project=project, user=add_member(project, Role.LEAD), page_id=page.pk, client_id=uuid.uuid4())


@pytest.mark.django_db
def test_one_client_id_for_a_confirmation_and_its_undo_does_no_harm():
    project = verify_project(cats=12)
    page, once = page_of(project, size=12), uuid.uuid4()
    confirm(page, client_id=once)
    assert take_back(page, once).undone == 12


@pytest.mark.django_db
def test_a_client_id_that_was_used_for_something_else_is_refused():
    project = verify_project(cats=13)
    page, once = page_of(project, size=12), uuid.uuid4()
    other = Image.objects.get(position=12).pk
    said = Item(client_id=row_id(once, tasks_of(page)[0].pk), image=other, labels=[class_of(project, "cat").pk])
    submit_annotations(project=project, user=page.user, items=[said])
    with pytest.raises(Conflict, match="used before"):
        confirm(page, client_id=once)
    assert Image.objects.filter(trust=Trust.PAGE_VERIFIED).count() == 0


@pytest.mark.django_db
def test_what_somebody_changed_since_stays():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    confirm(page)
    changed = tasks_of(page)[5]
    label(project, changed.image_id, "dog", add_member(project, Role.REVIEWER))
    done = take_back(page)
    assert (done.undone, [image.pk for image in done.conflicts], done.page.size) == (11, [changed.image_id], 11)
    image = Image.objects.get(pk=changed.image_id)
    assert (image.label_id, image.trust) == (class_of(project, "dog").pk, Trust.HUMAN)
    assert Annotation.objects.get(undoes__task=changed).conflict


@pytest.mark.django_db
def test_a_correction_that_is_taken_back_leaves_what_the_page_said():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    first, second = tasks_of(page)[:2]
    confirm(page, exceptions=[Excepted(first.pk, labels=[class_of(project, "dog").pk])])
    for task, name in ((first, "cat"), (second, "dog")):
        label(project, task.image_id, name)
        row = Annotation.objects.filter(image=task.image_id).latest("id")
        submit_annotations(project=project, user=page.user, items=[Item(client_id=uuid.uuid4(), undoes=row.client_id)])
    kept = dict(Image.objects.values_list("pk", "trust"))
    assert (kept[first.image_id], kept[second.image_id]) == (Trust.HUMAN, Trust.PAGE_VERIFIED)


@pytest.mark.django_db
def test_one_picture_of_a_page_can_be_taken_back_and_comes_back_alone():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    confirm(page)
    one = tasks_of(page)[0]
    result = single_undo(page, one)
    assert (result.status, result.task.pk, result.changed) == ("created", one.pk, True)
    assert [task.pk for task in lease_tasks(project=project, user=page.user, count=1)] == [one.pk]
    done = take_back(page)
    assert (done.undone, done.page.size) == (11, 11)
    assert one.image_id not in [task.image_id for task in tasks_of(done.page)]


@pytest.mark.django_db
def test_planted_pictures_do_not_come_back_and_what_was_missed_stays_measured():
    project = verify_project(cats=30, known=4, gold_per_page=4)
    page = page_of(project, size=24)
    confirm(page)
    measured = Measured.of(project).total()
    done = take_back(page)
    assert (done.page.size, tasks_of(done.page, Purpose.GOLD)) == (20, [])
    assert Measured.of(project).total() == measured == (1, (4, 4))
    assert Image.objects.filter(label__name="dog", trust=Trust.HUMAN).count() == 4
    again = confirm(done.page)
    assert (again.page.gold, Measured.of(project).total()) == (0, (2, (4, 4)))


@pytest.mark.django_db
def test_a_flag_that_is_taken_back_closes_its_case():
    project = verify_project(cats=12)
    page = page_of(project, size=12)
    confirm(page, exceptions=[Excepted(tasks_of(page)[0].pk, verdict="flag", comment="odd")])
    take_back(page)
    assert Case.objects.get().state == Case.State.RESOLVED


@pytest.mark.django_db
def test_a_retraction_takes_back_pages_and_leaves_planted_pictures_alone():
    project = verify_project(cats=30, known=4, gold_per_page=4)
    since, lead = timezone.now(), project.created_by
    page = page_of(project, add_member(project, Role.ANNOTATOR), size=24)
    confirm(page)
    stretch = Stretch(project, page.user, since)
    newest = Annotation.objects.latest("id").pk
    while retract_chunk(stretch=stretch, user=lead, newest=newest):
        pass
    assert Image.objects.filter(trust=Trust.PAGE_VERIFIED).count() == 0
    assert Image.objects.filter(label__name="dog", trust=Trust.HUMAN).count() == 4
    assert QueueState.objects.get().changes == 40
    done = take_back(page)
    assert (done.undone, done.page.size, done.page.state) == (0, 0, State.RELEASED)


@pytest.mark.django_db
def test_a_large_page_is_taken_back_with_no_more_queries_than_a_small_one():
    project = verify_project(cats=150)
    taken = {}
    for size in (12, 120):
        page = page_of(project, size=size)
        confirm(page)
        with CaptureQueriesContext(connection) as queries:
            take_back(page)
        taken[size] = [query["sql"] for query in queries if not query["sql"].startswith("INSERT")]
    assert len(taken[120]) == len(taken[12]) <= 45
