"""Where a lead points the queue: whose it is, which pictures come from it and in which order, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import DomainError, NotFound
from annotator.events.models import Event
from annotator.images.models import Image, ImportBatch, Trust
from annotator.labeling.models import Annotation, QueueFocus, Task
from annotator.labeling.selectors import focus as focus_selectors
from annotator.labeling.selectors.focus import current_focus, focused, waiting
from annotator.labeling.services import (
    Item,
    RoundPick,
    clear_focus,
    lease_tasks,
    publish_round,
    release_tasks,
    set_focus,
    submit_annotations,
)
from annotator.projects import services as projects
from annotator.projects.models import LabelClass, Project, Role
from tests.annotator.insights.heads import publish_head
from tests.factories import add_member, make_image, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """Twelve pictures: every other one looks like a dog, and of each class the later ones are surer."""
    project = make_project(blind_every=1000)
    cat, dog = project.classes.order_by("index")
    for _ in range(12):
        make_image(project)
    confidences = [0.40 + 0.04 * number for number in range(12)]
    publish_head(project, [dog if number % 2 else cat for number in range(12)], confidences=confidences)
    return project


def point(project: Project, *, name: str | None = None, user: User | None = None, **filters) -> QueueFocus:
    row = project.classes.get(name=name) if name else None
    return set_focus(
        project=project,
        actor=project.created_by,
        user_id=user.pk if user else None,
        class_id=row.pk if row else None,
        filters=filters,
    )


def positions(tasks: list[Task]) -> list[int]:
    return [task.image.position for task in tasks]


def answer(user: User, task: Task, **fields) -> None:
    item = Item(client_id=uuid4(), task=task.pk, **fields)
    submit_annotations(project=task.project, user=user, items=[item])


def test_likely_dogs_come_first_the_most_doubtful_of_them_before_all(project):
    lead = project.created_by
    point(project, name="dog")

    tasks = lease_tasks(project=project, user=lead, count=3)

    dog = project.classes.get(name="dog")
    assert positions(tasks) == [1, 3, 5]
    assert {(task.suggestion_class, task.suggestion_model, task.blind) for task in tasks} == {(dog, "v1.1", False)}
    assert tasks[0].suggestion_confidence == pytest.approx(0.44, abs=0.001)
    assert tasks[0].reason == {"code": "focus", "class": dog.pk}
    assert current_focus(project, lead)[1] == 6


def test_the_end_of_it_is_told_and_the_queue_goes_on_in_its_own_order(project):
    lead = project.created_by
    dog = project.classes.get(name="dog")
    publish_round(
        project=project, strategy="random", seed=0, score_set=None, picks=[RoundPick(10, {}, "", []), RoundPick(8)]
    )
    focus = point(project, name="dog")

    for task in lease_tasks(project=project, user=lead, count=6):
        answer(lead, task, labels=[dog.pk])
    further = lease_tasks(project=project, user=lead, count=5)

    assert positions(further) == [10, 8]
    assert current_focus(project, lead) == (focus, 0)


def test_an_own_focus_goes_before_everybodys_and_that_before_the_queue(project):
    noor, mia = (add_member(project, Role.ANNOTATOR) for _ in range(2))
    point(project, name="dog")
    point(project, name="cat", user=noor, min_confidence=0.7)

    assert positions(lease_tasks(project=project, user=mia, count=2)) == [1, 3]
    assert positions(lease_tasks(project=project, user=noor, count=3)) == [8, 10, 5]


def test_who_points_the_own_queue_begins_with_what_it_is_pointed_at(project):
    lead = project.created_by
    publish_round(
        project=project, strategy="random", seed=0, score_set=None, picks=[RoundPick(10, {}, "", []), RoundPick(8)]
    )
    assert positions(lease_tasks(project=project, user=lead, count=2)) == [10, 8]

    point(project, name="dog", user=lead)

    assert positions(lease_tasks(project=project, user=lead, count=2)) == [1, 3]


def test_two_people_never_get_the_same_picture(project):
    noor, mia = (add_member(project, Role.ANNOTATOR) for _ in range(2))
    point(project, name="dog")

    first, second = (positions(lease_tasks(project=project, user=user, count=3)) for user in (noor, mia))

    assert (first, second) == ([1, 3, 5], [7, 9, 11])
    assert lease_tasks(project=project, user=project.created_by, count=3) == []


def test_what_others_hold_does_not_wait_for_oneself(project):
    noor, mia = (add_member(project, Role.ANNOTATOR) for _ in range(2))
    focus = point(project, name="dog")

    lease_tasks(project=project, user=noor, count=6)

    assert (waiting(focus), waiting(focus, noor), waiting(focus, mia)) == (6, 6, 0)
    assert current_focus(project, mia) == (focus, 0)


def test_what_was_given_back_or_left_behind_is_handed_out_again(project):
    noor, mia = (add_member(project, Role.ANNOTATOR) for _ in range(2))
    point(project, name="dog")
    first, second = lease_tasks(project=project, user=noor, count=2)

    release_tasks(project=project, user=noor, task_ids=[first.pk])
    Task.objects.filter(pk=second.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    assert positions(lease_tasks(project=project, user=mia, count=2)) == [1, 3]


@pytest.mark.parametrize("verdict", ["skip", "unsure", "flag"])
def test_what_somebody_set_aside_is_not_asked_again(project, verdict):
    lead = project.created_by
    focus = point(project, name="dog", max_confidence=0.5)

    answer(lead, lease_tasks(project=project, user=lead, count=1)[0], verdict=verdict)

    assert waiting(focus) == 0
    assert lease_tasks(project=project, user=lead, count=1) == []


def test_an_import_can_be_labelled_before_the_rest_without_any_model():
    project = make_project(blind_every=1000)
    batch = ImportBatch.objects.create(project=project, name="autumn")
    make_image(project)
    new = [make_image(project, batch=batch) for _ in range(2)]
    focus = point(project, batch=batch.pk)

    tasks = lease_tasks(project=project, user=project.created_by, count=5)

    assert [task.image for task in tasks] == new
    assert {task.suggestion_class for task in tasks} == {None}
    assert waiting(focus) == 2


def test_only_the_pool_is_pointed_at(project):
    focus = point(project, name="dog")
    for position, change in ((1, {"reserve": True}), (3, {"archived_at": timezone.now()}), (5, {"trust": Trust.HUMAN})):
        Image.objects.filter(project=project, position=position).update(**change, change_seq=10**6)
    Project.objects.filter(pk=project.pk).update(change_seq=10**6)

    assert focused(focus).tolist() == [7, 9, 11]


def test_one_in_so_many_stays_a_blind_one(project):
    Project.objects.filter(pk=project.pk).update(blind_every=2)
    project.refresh_from_db()
    for _ in range(2):
        make_image(project, reserve=True)
    point(project, name="dog")

    tasks = lease_tasks(project=project, user=project.created_by, count=4)

    assert [task.blind for task in tasks] == [False, True, False, True]


def test_a_group_stands_for_the_classes_in_it(project):
    lead = project.created_by
    pets = projects.create_class(project=project, actor=lead, name="pets")[0]
    for row in project.classes.exclude(pk=pets.pk):
        projects.update_class(project=project, class_id=row.pk, actor=lead, parent=pets.pk)

    assert waiting(point(project, name="pets")) == 12


def test_a_class_among_several_labels_is_likely_from_a_half(project):
    Project.objects.filter(pk=project.pk).update(label_mode=Project.LabelMode.MULTI)
    project.refresh_from_db()

    assert focused(point(project, name="dog")).tolist() == [3, 5, 7, 9, 11]


def test_an_answer_from_a_focus_says_nothing_about_the_strategy(project):
    lead = project.created_by
    with_round = [RoundPick(1, {"code": "control"}, "", [])]
    publish_round(project=project, strategy="random", seed=0, score_set=None, picks=with_round)
    point(project, name="dog")

    (task,) = lease_tasks(project=project, user=lead, count=1)

    assert (task.image.position, task.round) == (1, None)
    assert Task.objects.get(round__isnull=False).state == Task.State.WITHDRAWN


def test_choosing_among_many_pictures_reads_few_rows(project, django_assert_max_num_queries):
    noor = add_member(project, Role.ANNOTATOR)
    point(project, name="dog")
    lease_tasks(project=project, user=noor, count=1)

    with django_assert_max_num_queries(40):
        lease_tasks(project=project, user=noor, count=2)


def test_a_hundred_thousand_pictures_are_ranked_from_arrays(project, monkeypatch, django_assert_num_queries):
    n = 100_000
    rng = np.random.default_rng(0)
    dog = project.classes.get(name="dog").pk
    cols = focus_selectors.columns(project.pk)
    many = type(cols)(**{name: np.zeros(n, array.dtype) for name, array in vars(cols).items() if name != "seq"}, seq=1)
    many.present[:] = True
    best = rng.choice([0, dog, dog + 1], n)
    sure = rng.random(n, np.float32)
    reader = type("Reader", (), {"length": n, "top1": lambda self: (best, sure)})()
    monkeypatch.setattr(focus_selectors, "columns", lambda _: many)
    monkeypatch.setattr(focus_selectors, "score_reader", lambda _: reader)
    focus = point(project, name="dog", min_confidence=0.5)

    with django_assert_num_queries(1):
        found = focused(focus)

    assert set(found.tolist()) == set(np.flatnonzero((best == dog) & (sure >= 0.5)).tolist())
    assert np.all(np.diff(sure[found]) >= 0)


def test_a_focus_is_changed_in_place_and_told(project):
    first = point(project, name="dog")
    second = point(project, name="cat", max_confidence=0.6)

    assert second.pk == first.pk
    clear_focus(project=project, actor=project.created_by, user_id=None)
    with pytest.raises(NotFound):
        clear_focus(project=project, actor=project.created_by, user_id=None)

    told = Event.objects.filter(project=project, kind__startswith="focus").order_by("seq")
    assert [row.kind for row in told] == ["focus_set", "focus_set", "focus_cleared"]
    cat = project.classes.get(name="cat").pk
    assert told[1].data == {"user": None, "class": cat, "max_confidence": 0.6}


def test_a_focus_names_something_that_the_project_has(project):
    lead, other = project.created_by, make_project()
    viewer = add_member(project, Role.VIEWER)
    batch = ImportBatch.objects.create(project=other, name="theirs")
    wrong: list[tuple[str, dict]] = [
        ("class", {"class_id": None}),
        ("class", {"class_id": other.classes.first().pk}),
        ("batch", {"class_id": None, "filters": {"batch": batch.pk}}),
        ("min_confidence", {"class_id": None, "filters": {"min_confidence": 0.6, "max_confidence": 0.5}}),
        ("user", {"class_id": project.classes.first().pk, "user_id": viewer.pk}),
        ("user", {"class_id": project.classes.first().pk, "user_id": other.created_by.pk}),
    ]
    for field, given in wrong:
        with pytest.raises(DomainError) as refused:
            set_focus(project=project, actor=lead, **({"user_id": None, "filters": {}} | given))
        assert list(refused.value.errors) == [field]
    assert not QueueFocus.objects.exists()


# Over the API


def test_a_lead_points_and_a_labeler_sees_where(project, client_for):
    noor = add_member(project, Role.ANNOTATOR)
    lead, address = client_for(project.created_by), f"/api/projects/{project.pk}/focus"
    dog = project.classes.get(name="dog").pk

    said = lead.put(address, {"class": dog, "filter": {"max_confidence": 0.7}}, format="json")
    leased = client_for(noor).post(f"/api/projects/{project.pk}/lease", {"count": 2}, format="json").json()

    assert said.status_code == 200
    assert (said.json()["class"], said.json()["user"], said.json()["waiting"]) == (dog, None, 4)
    assert leased["focus"] == said.json()
    assert leased["tasks"][0]["reason"]["text"] == "Your lead asks for pictures that look like dog."
    assert client_for(noor).get(address).json() == {"results": [said.json()]}
    assert lead.delete(address).status_code == 204
    assert client_for(noor).post(f"/api/projects/{project.pk}/lease", format="json").json()["focus"] is None


def test_labelers_see_their_own_and_everybodys_a_lead_sees_all(project, client_for):
    noor, mia = (add_member(project, Role.ANNOTATOR) for _ in range(2))
    lead, address = client_for(project.created_by), f"/api/projects/{project.pk}/focus"
    for user in (None, noor.pk, mia.pk):
        lead.put(address, {"user": user, "class": project.classes.first().pk}, format="json")

    def seen(client) -> list[int | None]:
        return [row["user"] and row["user"]["id"] for row in client.get(address).json()["results"]]

    assert seen(client_for(noor)) == [noor.pk, None]
    assert seen(lead) == [None, noor.pk, mia.pk]
    assert lead.delete(f"{address}?user={noor.pk}").status_code == 204
    assert seen(lead) == [None, mia.pk]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"class": 10**30},
        {"class": "dog"},
        {"filter": {"min_confidence": 1.5}},
        {"filter": {"batch": -1}},
        {"filter": "all"},
        {"user": 10**30, "class": 1},
        [],
    ],
)
def test_what_is_no_focus_is_refused(project, client_for, body):
    response = client_for(project.created_by).put(f"/api/projects/{project.pk}/focus", body, format="json")

    assert response.status_code == 400


def test_the_kept_answers_of_a_focus_are_labels_like_any_other(project):
    lead, dog = project.created_by, project.classes.get(name="dog")
    point(project, name="dog")
    (task,) = lease_tasks(project=project, user=lead, count=1)

    answer(lead, task, labels=[dog.pk])

    row = Annotation.objects.get()
    assert (row.applied, row.suggestion_class_id, row.suggestion_model) == (True, dog.pk, "v1.1")
    assert LabelClass.objects.get(pk=Image.objects.get(pk=task.image_id).label_id) == dog
