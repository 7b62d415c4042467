"""The labelling history: what a person sees of what was said, and how it is narrowed down and corrected."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.images.models import ImageSource, ImportBatch, Trust
from annotator.labeling.models import Annotation
from annotator.labeling.services import Item, lease_tasks, submit_annotations
from annotator.projects.models import Role
from tests.annotator.labeling.test_leasing import project_with_queue
from tests.factories import add_member, make_image, make_project


@pytest.fixture
def room(db, client_for):
    """A project with two classes, a labeler's client, and a way to say something of a new picture."""
    project = make_project()
    labeler = add_member(project, Role.ANNOTATOR)
    batch = ImportBatch.objects.create(project=project, created_by=labeler)

    def say(class_name: str | None, *, name: str = "", by=labeler, image=None, **fields) -> Annotation:
        project.refresh_from_db()  # where its numbering has got to
        image = image or make_image(project)
        ImageSource.objects.get_or_create(image=image, defaults={"batch": batch, "path": f"shots/{name or image.pk}"})
        labels = [project.classes.get(name=class_name).pk] if class_name else []
        verdict = "label" if class_name else fields.pop("verdict")
        item = Item(uuid.uuid4(), verdict, image=image.pk, labels=labels, **fields)
        result = submit_annotations(project=project, user=by, items=[item])[0]
        assert result.annotation is not None, result.message
        return result.annotation

    return project, labeler, client_for(labeler), say


def listed(client, project, **query) -> list[dict]:
    """Return the rows of the history's first page."""
    answer = client.get(f"/api/projects/{project.pk}/annotations", query)
    assert answer.status_code == 200, answer.json()
    return answer.json()["results"]


def test_the_newest_answer_comes_first_with_what_the_label_is_now(room):
    project, labeler, client, say = room
    first = say("cat", name="a.jpg")
    second = say("dog", name="b.jpg")
    rows = listed(client, project, mine=1)
    assert [row["id"] for row in rows] == [second.pk, first.pk]
    assert rows[0]["image"]["name"] == "b.jpg"
    assert rows[0]["user"] == {"id": labeler.pk, "name": labeler.shown_name}
    dog = project.classes.get(name="dog").pk
    assert rows[0]["now"] == {"label": dog, "labels": [dog], "trust": Trust.HUMAN, "label_version": 1}
    assert (rows[0]["applied"], rows[0]["vote"], rows[0]["undone"], rows[0]["conflict"]) == (True, False, False, False)


def test_a_label_that_somebody_has_changed_since_is_shown_as_said_and_as_it_is_now(room):
    project, _, client, say = room
    said = say("cat")
    said.image.refresh_from_db()
    say("dog", image=said.image, by=project.created_by, seen_version=said.image.label_version)
    row = listed(client, project)[0]
    cat, dog = (project.classes.get(name=name).pk for name in ("cat", "dog"))
    assert (row["labels"], row["now"]["labels"], row["now"]["label_version"]) == ([cat], [dog], 2)


def test_a_correction_names_the_version_that_was_seen_and_a_stale_one_is_kept_as_a_conflict(room):
    project, _, client, say = room
    say("cat")
    row = listed(client, project)[0]
    dog = project.classes.get(name="dog").pk
    item = {"client_id": str(uuid.uuid4()), "image": row["image"]["id"], "labels": [dog], "seen_version": 1}
    url = f"/api/projects/{project.pk}/annotations"
    assert client.post(url, {"items": [item]}, format="json").json()["results"][0]["status"] == "created"
    again = item | {"client_id": str(uuid.uuid4()), "labels": row["labels"]}
    answer = client.post(url, {"items": [again]}, format="json").json()["results"][0]
    assert (answer["status"], answer["label"], answer["label_version"]) == ("conflict", dog, 2)
    assert [found["conflict"] for found in listed(client, project, state="conflict")] == [True]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"verdict": "unsure"}, ["unsure.jpg"]),
        ({"verdict": "label"}, ["old.jpg", "bulk.jpg", "Cat.jpg"]),
        ({"origin": "bulk"}, ["bulk.jpg"]),
        ({"q": "cAt"}, ["Cat.jpg"]),
        ({"q": "shots/"}, ["old.jpg", "unsure.jpg", "bulk.jpg", "Cat.jpg"]),
        ({"q": "%"}, []),
        ({"state": "undone"}, []),
        ({"state": "standing", "verdict": "label", "q": "bulk"}, ["bulk.jpg"]),
    ],
)
def test_filters_narrow_the_list_together(room, query, expected):
    project, _, client, say = room
    say("cat", name="Cat.jpg")
    say("dog", name="bulk.jpg", origin="bulk")
    say(None, name="unsure.jpg", verdict="unsure")
    say("dog", name="old.jpg")
    assert [row["image"]["name"] for row in listed(client, project, **query)] == expected


def test_a_class_is_found_as_a_whole_number_alone_or_among_several(room):
    project, _, client, say = room
    said = say("cat")
    cat, dog = (project.classes.get(name=name).pk for name in ("cat", "dog"))
    copies = {
        "several": [dog * 10 + 1, cat, 9],
        "longer": [int(f"{cat}7"), int(f"7{cat}")],
        "none": [],
    }
    made = {
        name: Annotation.objects.create(
            project=project, image=said.image, user=said.user, client_id=uuid.uuid4(), verdict="label", labels=labels
        )
        for name, labels in copies.items()
    }
    found = [row["id"] for row in listed(client, project, **{"class": cat})]
    assert found == [made["several"].pk, said.pk]


def test_since_a_moment(room):
    project, _, client, say = room
    early, late = say("cat"), say("dog")
    Annotation.objects.filter(pk=early.pk).update(created_at=timezone.now() - timedelta(days=3))
    since = (timezone.now() - timedelta(days=1)).isoformat()
    assert [row["id"] for row in listed(client, project, since=since)] == [late.pk]


def test_an_annotator_sees_their_own_answers_a_reviewer_anybodys(room, client_for):
    project, labeler, client, say = room
    own, other = say("cat"), say("dog", by=project.created_by)
    for query in ({}, {"mine": 1}):
        assert [row["id"] for row in listed(client, project, **query)] == [own.pk]
    assert [row["id"] for row in listed(client, project, user=project.created_by.pk)] == [own.pk]
    reviewer = client_for(add_member(project, Role.REVIEWER))
    assert [row["id"] for row in listed(reviewer, project)] == [other.pk, own.pk]
    assert [row["id"] for row in listed(reviewer, project, user=labeler.pk)] == [own.pk]
    assert listed(reviewer, project, mine=1) == []


def test_pages_follow_each_other_by_key(room):
    project, _, client, say = room
    ids = [say("cat").pk for _ in range(5)]
    url = f"/api/projects/{project.pk}/annotations"
    first = client.get(url, {"limit": 2}).json()
    newest = say("dog").pk  # what comes meanwhile moves no page
    second = client.get(url, {"limit": 2, "after": first["next"]}).json()
    third = client.get(url, {"limit": 2, "after": second["next"]}).json()
    seen = [row["id"] for page in (first, second, third) for row in page["results"]]
    assert seen == ids[::-1]
    assert newest not in seen
    assert third["next"] is None


def test_what_the_model_thought_of_a_blind_answer_is_for_reviewers(room, client_for):
    project, _ = project_with_queue(pictures=40, reserve=4)
    labeler = add_member(project, Role.ANNOTATOR)
    tasks = lease_tasks(project=project, user=labeler, count=12)
    blind = next(task for task in tasks if task.blind)
    cat = project.classes.first().pk
    blind.suggestion_class_id, blind.suggestion_confidence, blind.suggestion_model = cat, 0.6, "v1.1"
    blind.save()
    submit_annotations(project=project, user=labeler, items=[Item(uuid.uuid4(), task=blind.pk, labels=[cat])])
    assert listed(client_for(labeler), project)[0]["suggestion"] is None
    shown = listed(client_for(project.created_by), project)[0]["suggestion"]
    assert shown == {"head": "v1.1", "class": cat, "confidence": 0.6}


@pytest.mark.parametrize(
    "query",
    [
        {"q": "a\x00b"},
        {"q": "x" * 201},
        {"user": 2**80},
        {"class": "cat"},
        {"class": 2**70},
        {"verdict": "undo"},
        {"origin": "elsewhere"},
        {"state": "gone"},
        {"since": "yesterday"},
        {"mine": "perhaps"},
        {"limit": 0},
        {"after": "x"},
    ],
)
def test_what_cannot_be_meant_is_refused(room, query):
    project, _, client, _ = room
    answer = client.get(f"/api/projects/{project.pk}/annotations", query)
    assert answer.status_code == 400, answer.json()
    assert answer.json()["message"]


def test_the_number_of_queries_does_not_grow_with_the_page(room, django_assert_max_num_queries):
    project, _, client, say = room
    for number in range(12):
        say("cat", name=f"{number}.jpg")
    with django_assert_max_num_queries(10):
        assert len(listed(client, project)) == 12
