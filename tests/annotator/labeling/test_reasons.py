"""Why a picture was picked, as the Label page says it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import transaction

from annotator.labeling.api.reasons import show_reason
from annotator.labeling.models import Task
from annotator.labeling.services import RoundPick, publish_round
from tests.factories import make_image, make_project

NAMES = {1: "coat", 2: "jacket"}


def said(code: str, top: list[list[float]] | None = None, **reason: Any) -> str:
    """Return the sentence for a task with these guesses and this reason."""
    task = Task(suggestion_top=[[1, 0.5], [2, 0.4]] if top is None else top, reason={"code": code, **reason})
    return show_reason(task, NAMES)["text"]


@pytest.mark.parametrize(
    ("code", "reason", "sentence"),
    [
        ("torn", {}, "Torn between coat and jacket."),
        ("unsure", {}, "No class stands out; coat comes first."),
        ("unlike_labelled", {}, "Unlike anything labelled so far."),
        ("typical", {}, "Typical of many pictures that nobody has labelled."),
        ("rare", {"class": 2}, "Looks like the rare class jacket."),
        ("short", {"class": 2, "lacks": 120}, "Probably jacket, which still lacks 120 pictures."),
        ("short", {"class": 2, "lacks": 1}, "Probably jacket, which still lacks 1 picture."),
        ("random", {}, "Picked at random."),
        ("control", {}, "Picked at random, as a comparison."),
    ],
)
def test_every_reason_is_a_sentence_with_the_names_of_the_classes(code, reason, sentence):
    assert said(code, **reason) == sentence


@pytest.mark.parametrize(
    ("code", "top", "reason", "sentence"),
    [
        ("torn", [[1, 1.0]], {}, "The model is torn between its first two guesses."),
        ("torn", [[1, 0.5], [9, 0.5]], {}, "The model is torn between its first two guesses."),
        ("unsure", [], {}, "The model has no clear idea what this is."),
        ("rare", [], {"class": None}, "Looks like a class that has few labels."),
        ("short", [], {"class": 9, "lacks": 3}, "Probably of a class that still lacks pictures."),
        ("short", [], {"class": 2}, "Probably jacket, which still lacks pictures."),
        ("an old code", [], {}, ""),
    ],
)
def test_a_class_that_nobody_knows_is_not_named(code, top, reason, sentence):
    assert said(code, top, **reason) == sentence


@pytest.mark.django_db
def test_the_reason_is_told_when_a_task_is_handed_out_and_when_it_comes_back(client_for):
    project = make_project()
    make_image(project)
    cat, dog = project.classes.all()
    reason = {"code": "rare", "margin": 0.1, "nearest_similarity": None, "look_alikes": 3, "class": dog.pk}
    with transaction.atomic():
        pick = RoundPick(0, reason, "v1.1", [(cat.pk, 0.6)])
        publish_round(project=project, strategy="rare_class", seed=0, picks=[pick], score_set=None)
    client, url = client_for(project.created_by), f"/api/projects/{project.pk}"

    task = client.post(f"{url}/lease", {"count": 1}, format="json").json()["tasks"][0]

    assert task["reason"] == reason | {"text": "Looks like the rare class dog.", "lacks": None}
    first = {"client_id": str(uuid.uuid4()), "task": task["id"], "labels": [cat.pk]}
    undo = {"client_id": str(uuid.uuid4()), "undoes": first["client_id"]}
    results = client.post(f"{url}/annotations", {"items": [first, undo]}, format="json").json()["results"]
    assert results[1]["task"]["reason"] == task["reason"]
