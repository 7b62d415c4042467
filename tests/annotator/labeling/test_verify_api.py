"""Verify over REST: what the pages say, and what is refused."""

from __future__ import annotations

import uuid

import pytest

from annotator.labeling.models import Annotation, Purpose, Task
from annotator.projects.models import Role
from tests.annotator.labeling.verifying import class_of, suggest, verify_project
from tests.factories import add_member, make_image, make_project


def address(project, rest: str = "") -> str:
    return f"/api/projects/{project.pk}/verify{rest}"


def take(client, project, **body):
    return client.post(
        address(project, "/pages"), {"class": class_of(project, "cat").pk, "size": 12} | body, format="json"
    )


@pytest.mark.django_db
def test_a_page_is_taken_confirmed_and_taken_back(client_for):
    project = verify_project(cats=30, dogs=5, known=3)
    client, cat = client_for(project.created_by), class_of(project, "cat")
    opened = client.get(address(project)).json()
    assert [(row["class"], row["waiting"]) for row in opened["classes"]] == [
        (cat.pk, 30),
        (class_of(project, "dog").pk, 5),
    ]
    assert opened["today"] == {"labels": 0, "looks": 0, "pages": 0}

    taken = take(client, project).json()
    page = taken["pages"][0]
    assert (page["size"], len(page["pictures"]), taken["waiting"], taken["reason"]) == (12, 12, 20, None)
    assert page["class"] == cat.pk
    assert page["high"] == pytest.approx(0.99, abs=0.01)

    task = page["pictures"][0]["task"]
    said = {
        "client_id": str(uuid.uuid4()),
        "seconds": 4.5,
        "exceptions": [{"task": task, "labels": [class_of(project, "dog").pk]}],
    }
    done = client.post(address(project, f"/pages/{page['id']}/confirm"), said, format="json").json()
    assert (done["status"], done["written"], done["conflicts"]) == ("created", 10, [])
    assert done["gold"]["planted"] == 2
    assert done["next_refresh_in"] == 22

    undo = {"client_id": str(uuid.uuid4())}
    back = client.post(address(project, f"/pages/{page['id']}/undo"), undo, format="json").json()
    assert (back["undone"], len(back["page"]["pictures"])) == (10, 10)
    assert client.get(address(project)).json()["today"]["labels"] == 0


@pytest.mark.django_db
def test_planted_pictures_look_like_all_others(client_for):
    project = verify_project(cats=30, known=4)
    page = take(client_for(project.created_by), project).json()["pages"][0]
    planted = set(Task.objects.filter(purpose=Purpose.GOLD).values_list("id", flat=True))
    shown = {picture["task"]: picture for picture in page["pictures"]}
    assert len(planted) == 2
    assert planted < set(shown)
    for picture in shown.values():
        assert set(picture) == {"task", "image", "confidence"}
        assert (picture["image"]["label"], picture["image"]["trust"], picture["image"]["label_version"]) == (None, 0, 0)
        assert picture["confidence"] > 0.5


@pytest.mark.django_db
def test_a_project_without_suggestions_says_so(client_for):
    project = make_project()
    client = client_for(project.created_by)
    assert take(client, project).json() == {"pages": [], "waiting": 0, "reason": "no_suggestions"}
    assert client.get(address(project)).json()["classes"] == []
    # The page opens without a class, as there is none to choose.
    assert take(client, project, **{"class": None}).json() == {"pages": [], "waiting": 0, "reason": "no_suggestions"}


@pytest.mark.django_db
def test_a_project_whose_suggestions_are_all_too_doubtful_says_so(client_for):
    project = make_project(verify_adaptive=True)
    for _ in range(5):
        make_image(project)
    suggest(project, [("cat", 0.6)] * 5)
    client = client_for(project.created_by)
    assert client.get(address(project)).json()["classes"] == []
    assert take(client, project, **{"class": None}).json() == {"pages": [], "waiting": 0, "reason": "nothing_left"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        {"size": 11},
        {"size": 121},
        {"class": None},
        {"class": 2**62},
        {"class": 2**70},
        {"class": "cat"},
        {"mode": "all"},
        {"count": 4},
        {"order": "\x00"},
    ],
)
def test_pages_that_cannot_be_are_refused(client_for, body):
    project = verify_project(cats=12)
    answer = take(client_for(project.created_by), project, **body)
    assert answer.status_code == 400
    assert answer.json()["message"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said",
    [
        {"exceptions": [{"task": 1}]},
        {"exceptions": [{"task": 2**64}]},
        {"exceptions": [{"task": "first", "labels": [2**40]}]},
        {"exceptions": [{"task": "first", "labels": []}]},
        {"exceptions": [{"task": "first", "verdict": "undo"}]},
        {"exceptions": [{"task": "first", "verdict": "flag", "comment": "a\x00"}]},
        {"seconds": -1},
        {"seconds": "NaN"},
        {"client_id": "mine"},
        {"class": "dog"},
    ],
)
def test_a_confirmation_that_cannot_be_is_refused_and_nothing_is_kept(client_for, said):
    project = verify_project(cats=12)
    client = client_for(project.created_by)
    page = take(client, project).json()["pages"][0]
    body = {"client_id": str(uuid.uuid4())} | said
    for one in body.get("exceptions", []):
        one["task"] = page["pictures"][0]["task"] if one["task"] == "first" else one["task"]
    if body.get("class") == "dog":
        body["class"] = class_of(project, "dog").pk
    answer = client.post(address(project, f"/pages/{page['id']}/confirm"), body, format="json")
    assert answer.status_code == 400
    assert not Annotation.objects.exists()


@pytest.mark.django_db
def test_nobody_answers_or_takes_back_anothers_page(client_for):
    project = verify_project(cats=30)
    page = take(client_for(project.created_by), project).json()["pages"][0]["id"]
    other = client_for(add_member(project, Role.ANNOTATOR))
    said = {"client_id": str(uuid.uuid4())}
    assert other.post(address(project, f"/pages/{page}/confirm"), said, format="json").status_code == 404
    assert other.post(address(project, f"/pages/{page}/undo"), said, format="json").status_code == 404
    assert other.post(address(project, "/release"), {"pages": [page]}, format="json").status_code == 204
    assert Task.objects.filter(page=page, state=Task.State.LEASED).count() == 12


@pytest.mark.django_db
def test_enough_verified_pictures_ask_for_a_refresh(client_for):
    project = verify_project(cats=40, refresh_every=10)
    client = client_for(project.created_by)
    page = take(client, project).json()["pages"][0]
    said = {"client_id": str(uuid.uuid4())}
    done = client.post(address(project, f"/pages/{page['id']}/confirm"), said, format="json").json()
    assert done["refresh_job"] is not None
    again = client.post(address(project, f"/pages/{page['id']}/confirm"), said, format="json").json()
    assert (again["status"], again["written"], again["refresh_job"]) == ("duplicate", 12, None)


@pytest.mark.django_db
def test_annotators_see_their_own_misses_and_leads_everybodys(client_for):
    project = verify_project(cats=40, known=6)
    one, other = add_member(project, Role.ANNOTATOR), add_member(project, Role.ANNOTATOR)
    for user in (one, other):
        client = client_for(user)
        page = take(client, project).json()["pages"][0]["id"]
        client.post(address(project, f"/pages/{page}/confirm"), {"client_id": str(uuid.uuid4())}, format="json")
    mine = client_for(one).get(address(project, "/misses")).json()
    assert mine["everybody"] is None
    assert [(row["user"]["id"], row["class"]) for row in mine["results"]] == [
        (one.pk, None),
        (one.pk, class_of(project, "cat").pk),
    ]
    assert (mine["results"][0]["planted"], mine["results"][0]["missed"]) == (2, 2)
    assert 0 < mine["results"][0]["low"] < mine["results"][0]["rate"] < mine["results"][0]["high"] < 1
    everybody = client_for(project.created_by).get(address(project, "/misses")).json()
    assert {row["user"]["id"] for row in everybody["results"]} == {one.pk, other.pk}
    assert (everybody["everybody"]["pages"], everybody["everybody"]["planted"]) == (2, 4)


@pytest.mark.django_db
def test_a_lead_sets_what_is_planted_and_whether_pages_adapt(client_for):
    project = verify_project(cats=40, known=8)
    client = client_for(project.created_by)
    answer = client.patch(f"/api/projects/{project.pk}", {"gold_per_page": 0, "verify_adaptive": True}, format="json")
    assert (answer.json()["gold_per_page"], answer.json()["verify_adaptive"]) == (0, True)
    opened = client.get(address(project)).json()
    assert (opened["adaptive"], opened["order"]) == (True, "confident")
    assert [row["waiting"] for row in opened["classes"]] == [9]  # of those that nobody looked at yet, 90 % and more
    assert opened["classes"][0]["low"] >= 0.9
    page = take(client, project, size=None).json()["pages"][0]
    assert (page["size"], Task.objects.filter(purpose=Purpose.GOLD).count()) == (9, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("value", [-1, 7, "many", None, 2**40])
def test_a_page_has_six_planted_pictures_at_most(client_for, value):
    project = verify_project(cats=1)
    answer = client_for(project.created_by).patch(
        f"/api/projects/{project.pk}", {"gold_per_page": value}, format="json"
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["gold_per_page"])


@pytest.mark.django_db
def test_an_archived_class_is_no_longer_offered(client_for):
    project = verify_project(cats=20, dogs=5)
    dog = class_of(project, "dog")
    client = client_for(project.created_by)
    client.patch(f"/api/projects/{project.pk}/classes/{dog.pk}", {"archived": True}, format="json")
    assert [row["class"] for row in client.get(address(project)).json()["classes"]] == [class_of(project, "cat").pk]
    assert take(client, project, **{"class": dog.pk}).status_code == 400
