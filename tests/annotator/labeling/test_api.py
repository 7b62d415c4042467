"""The labelling loop over HTTP."""

from __future__ import annotations

import uuid

import pytest

from annotator.images.models import EmbeddingSpace
from annotator.images.services import ensure_space
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.labeling.models import SelectionRound, Task
from annotator.projects.models import Project, Role
from tests.annotator.labeling.test_leasing import project_with_queue
from tests.factories import add_member, make_image, make_user


@pytest.fixture
def room(db, client_for):
    """A project with a queue and an annotator's signed-in client."""
    project, _ = project_with_queue(pictures=40, reserve=4)
    labeler = add_member(project, Role.ANNOTATOR)
    return project, client_for(labeler), f"/api/projects/{project.pk}"


def test_lease_answer_undo(room):
    project, client, url = room
    leased = client.post(f"{url}/lease", {"count": 12}, format="json").json()
    assert len(leased["tasks"]) == 12
    task = leased["tasks"][0]
    assert task["suggestion"]["top"] == [{"class": task["suggestion"]["class"], "confidence": 0.6}]
    assert task["reason"]["code"] == "torn"
    assert task["image"]["urls"]["preview"].startswith(f"{url}/blobs/")

    client_id = str(uuid.uuid4())
    item = {"client_id": client_id, "task": task["id"], "labels": [project.classes.first().pk]}
    answer = client.post(f"{url}/annotations", {"items": [item]}, format="json").json()
    assert answer["results"][0] | {"annotation": 0} == {
        "client_id": client_id,
        "status": "created",
        "annotation": 0,
        "label": item["labels"][0],
        "labels": [],
        "trust": 4,
        "label_version": 1,
        "message": "",
        "task": None,
    }
    assert answer["next_refresh_in"] == 31

    undo = {"client_id": str(uuid.uuid4()), "undoes": client_id}
    answer = client.post(f"{url}/annotations", {"items": [undo]}, format="json").json()
    assert answer["results"][0]["task"]["id"] == task["id"]
    assert answer["next_refresh_in"] == 32
    history = client.get(f"{url}/annotations?mine=1").json()["results"]
    assert [(row["client_id"], row["undone"]) for row in history] == [(client_id, True)]


def test_a_blind_task_shows_neither_suggestion_nor_reason(room):
    _, client, url = room
    tasks = client.post(f"{url}/lease", {"count": 10}, format="json").json()["tasks"]
    blind = [task for task in tasks if task["blind"]]
    assert len(blind) == 1
    assert (blind[0]["suggestion"], blind[0]["reason"]) == (None, None)


def test_the_refresh_comes_by_itself_when_enough_labels_are_given(room):
    project, client, url = room
    project.refresh_every = 5
    project.save(update_fields=["refresh_every"])
    cat = project.classes.first().pk
    tasks = client.post(f"{url}/lease", {"count": 5}, format="json").json()["tasks"]
    items = [{"client_id": str(uuid.uuid4()), "task": task["id"], "labels": [cat]} for task in tasks]
    answer = client.post(f"{url}/annotations", {"items": items}, format="json").json()
    job = Job.objects.get(pk=answer["refresh_job"])
    assert (job.kind, job.project_id) == ("head_refresh", project.pk)


def test_an_empty_queue_asks_for_more_by_itself(room):
    project, client, url = room
    space = ensure_space(project=project, dim=8)
    EmbeddingSpace.objects.filter(pk=space.pk).update(length=3)
    project.tasks.all().delete()
    answer = client.post(f"{url}/lease", {"count": 5}, format="json").json()
    assert [task["purpose"] for task in answer["tasks"]] == []
    assert answer["reason"] == "selecting"
    client.post(f"{url}/lease", {"count": 5}, format="json")
    assert Job.objects.filter(kind="head_refresh", project=project).count() == 1


def test_pictures_that_still_have_to_be_embedded_are_no_reason_to_select(room):
    project, client, url = room
    project.tasks.all().delete()
    enqueue(kind=JobKind.EMBED, project=project)
    answer = client.post(f"{url}/lease", {"count": 5}, format="json").json()
    assert (answer["tasks"], answer["reason"]) == ([], "embedding")
    assert not Job.objects.filter(kind="head_refresh", project=project).exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": "all"},
        {"items": [{"client_id": "no uuid"}]},
        {"items": [{"client_id": str(uuid.uuid4()), "labels": ["cat"]}]},
        {"items": [{"client_id": str(uuid.uuid4()), "verdict": "maybe"}]},
        {"items": [{"client_id": str(uuid.uuid4()), "lead_time_ms": -1}]},
    ],
)
def test_a_malformed_batch_is_refused_with_the_field_named(room, body):
    _, client, url = room
    response = client.post(f"{url}/annotations", body, format="json")
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert any("items" in field for field in response.json()["errors"])


def test_holdouts_leave_queue_and_reserve_and_can_be_dissolved(db, client_for):
    project, lead = project_with_queue(pictures=6, reserve=2)
    client, url = client_for(lead), f"/api/projects/{project.pk}"
    chosen = [*project.images.filter(reserve=False).values_list("pk", flat=True)[:2]]
    chosen += project.images.filter(reserve=True).values_list("pk", flat=True)[:1]
    response = client.post(f"{url}/holdouts", {"name": "exam", "images": chosen}, format="json")
    assert (response.status_code, response.json()) == (201, {"name": "exam", "size": 3})
    assert project.images.filter(reserve=True).count() == 1
    tasks = client.post(f"{url}/lease", {"count": 20}, format="json").json()["tasks"]
    assert not {task["image"]["id"] for task in tasks} & set(chosen)
    assert client.get(f"{url}/holdouts").json() == [{"name": "exam", "size": 3}]
    assert client.delete(f"{url}/holdouts/exam").status_code == 204
    assert client.delete(f"{url}/holdouts/exam").status_code == 404


def test_a_lead_releases_the_unanswered_reserve(db, client_for):
    project, lead = project_with_queue(pictures=2, reserve=3)
    project.images.filter(reserve=True).order_by("pk").first()
    answer = client_for(lead).post(f"/api/projects/{project.pk}/reserve/release")
    assert answer.json() == {"released": 3}
    assert not project.images.filter(reserve=True).exists()


def test_several_labels_over_http(db, client_for):
    lead = client_for(make_user())
    made = lead.post("/api/projects", {"name": "w", "label_mode": "multi", "classes": ["a", "b", "c"]}, format="json")
    assert made.json()["label_mode"] == "multi"
    project = Project.objects.get(pk=made.json()["id"])
    a, b, c = project.classes.order_by("index").values_list("pk", flat=True)
    top = [[a, 0.9], [b, 0.5], [c, 0.49]]
    image = make_image(project)
    Task.objects.create(
        project=project,
        image=image,
        round=SelectionRound.objects.create(project=project, number=1),
        suggestion_class_id=a,
        suggestion_confidence=0.9,
        suggestion_top=top,
    )
    url = f"/api/projects/{project.pk}"
    (task,) = lead.post(f"{url}/lease", {"count": 1}, format="json").json()["tasks"]
    assert task["suggestion"]["suggested"] == [a, b], "those of at least a half"

    item = {"client_id": str(uuid.uuid4()), "task": task["id"], "labels": [c, a]}
    (result,) = lead.post(f"{url}/annotations", {"items": [item]}, format="json").json()["results"]
    assert (result["status"], result["label"]) == ("created", c)
    stale = {"client_id": str(uuid.uuid4()), "image": image.pk, "labels": [b], "seen_version": 0}
    (result,) = lead.post(f"{url}/annotations", {"items": [stale]}, format="json").json()["results"]
    assert (result["status"], result["labels"]) == ("conflict", [c, a])
    changed = lead.patch(url, {"label_mode": "single"}, format="json").json()
    assert changed["label_mode"] == "multi", "it stays as it was chosen"
