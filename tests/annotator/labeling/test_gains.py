"""What selection saves, over HTTP: who may see it, what is still missing, and how it is asked for."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from django.db import transaction

from annotator.images.models import Trust
from annotator.jobs.models import Job, JobKind
from annotator.labeling.models import SelectionGain
from annotator.labeling.selectors import Arms
from annotator.labeling.services import (
    Item,
    RoundPick,
    lease_tasks,
    measure_when_due,
    publish_round,
    record_gain,
    submit_annotations,
)
from annotator.projects.models import Project, Role
from tests.factories import add_member, make_image, make_project

pytestmark = pytest.mark.django_db


def labelled(control: int, chosen: int, blind: int) -> Project:
    """A project with so many labels in either arm, and blind answers."""
    project = make_project(control_share=0.1, blind_every=1000)
    cat = project.classes.get(name="cat")
    for _ in range(control + chosen):
        make_image(project)
    for _ in range(blind):
        make_image(project, reserve=True, label=cat, trust=Trust.HUMAN)
    codes = ["control"] * control + ["typical"] * chosen
    picks = [RoundPick(position, {"code": code}) for position, code in enumerate(codes)]
    with transaction.atomic():
        publish_round(project=project, strategy="margin", seed=0, picks=picks, score_set=None)
    tasks = lease_tasks(project=project, user=project.created_by, count=len(picks))
    items = [Item(uuid.uuid4(), task=task.pk, labels=[cat.pk]) for task in tasks]
    submit_annotations(project=project, user=project.created_by, items=items)
    return project


def keep(project: Project, control: int) -> SelectionGain:
    """Keep a measurement of so many control labels."""
    point = {"n": 16, "accuracy": 0.5, "low": 0.4, "high": 0.6}
    saving = {"n": 16, "needed": None, "low": 12.5, "high": None}
    result: dict[str, Any] = {"control": [point], "strategy": [point], "savings": [saving]}
    drawn, picked = np.zeros(control, np.int64), np.zeros(20, np.int64)
    arms = Arms(drawn, picked, {"margin": 12, "auto": 30})
    result |= {"strategies": arms.strategies, "space": "v1"}
    return record_gain(project=project, arms=arms, test_size=40, result=result)


def test_a_viewer_sees_what_is_there_and_what_is_missing(client_for):
    project = labelled(control=2, chosen=3, blind=4)
    client = client_for(add_member(project, Role.VIEWER))

    found = client.get(f"/api/projects/{project.pk}/selection").json()

    assert found == {
        "share": 0.1,
        "strategy": project.strategy,
        "labels": {"control": 2, "chosen": 3, "blind": 4},
        "missing": {"control": 14, "chosen": 13, "blind": 26},
        "measured": None,
    }


def test_a_measurement_is_shown_with_the_strategies_that_were_at_work(client_for):
    project = make_project()
    keep(project, control=16)

    measured = client_for(project.created_by).get(f"/api/projects/{project.pk}/selection").json()["measured"]

    assert measured.pop("measured_at")
    assert measured == {
        "control": 16,
        "chosen": 20,
        "test_size": 40,
        "space": "v1",
        "strategies": [{"name": "auto", "labels": 30}, {"name": "margin", "labels": 12}],
        "control_curve": [{"n": 16, "accuracy": 0.5, "low": 0.4, "high": 0.6}],
        "strategy_curve": [{"n": 16, "accuracy": 0.5, "low": 0.4, "high": 0.6}],
        "savings": [{"n": 16, "needed": None, "low": 12.5, "high": None}],
    }


def test_a_lead_asks_for_a_measurement_and_one_waits_at_most(client_for):
    project = labelled(control=16, chosen=16, blind=30)
    client, url = client_for(project.created_by), f"/api/projects/{project.pk}/selection"

    first, second = client.post(url), client.post(url)

    assert (first.status_code, first.json()["kind"]) == (202, "control_arm")
    assert second.json()["id"] == first.json()["id"]


def test_with_too_few_labels_the_answer_says_how_many_more_it_takes(client_for):
    project = labelled(control=2, chosen=16, blind=29)

    answer = client_for(project.created_by).post(f"/api/projects/{project.pk}/selection")

    assert (answer.status_code, answer.json()["code"]) == (409, "too_few_labels")
    assert "random labels: 14 more, blind answers: 1 more" in answer.json()["message"]
    assert not Job.objects.filter(kind=JobKind.CONTROL_ARM).exists()


@pytest.mark.parametrize(("measured", "due"), [(None, True), (6, True), (7, False), (16, False)])
def test_every_tenth_label_of_the_control_arm_measures_again(measured, due):
    project = labelled(control=16, chosen=16, blind=30)
    if measured is not None:
        keep(project, control=measured)

    assert (measure_when_due(project=project) is not None) is due


def test_a_project_without_a_control_arm_is_not_measured_by_itself():
    project = labelled(control=16, chosen=16, blind=30)
    project.control_share = 0

    assert measure_when_due(project=project) is None
