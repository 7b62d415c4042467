"""A retraction killed at any moment takes every answer back once; the next attempt finishes it."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from annotator.events.models import Event
from annotator.images.models import Image
from annotator.jobs.models import Job
from annotator.labeling.models import Annotation, QueueState
from annotator.labeling.selectors import Stretch
from annotator.labeling.services import Item, request_retraction, retracting, submit_annotations
from annotator.projects.models import Role
from tests.factories import add_member, make_image, make_project, make_user
from tests.worker.killing import Trial

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]


def a_retraction() -> Job:
    """Twelve labels of somebody whose work is to be taken back."""
    project = make_project(lead=make_user("lead"), name="pets", lot_key="0" * 32)
    labeler, cat = add_member(project, Role.ANNOTATOR, make_user("careless")), project.classes.first()
    assert cat is not None
    images = [make_image(project) for _ in range(12)]
    items = [
        Item(client_id=uuid.UUID(int=number), image=image.pk, labels=[cat.pk]) for number, image in enumerate(images)
    ]
    submit_annotations(project=project, user=labeler, items=items)
    stretch = Stretch(project, labeler, timezone.now() - timedelta(hours=1))
    return request_retraction(stretch=stretch, user=project.created_by)


def small_chunks() -> None:
    """Take back five at a time."""
    retracting.CHUNK = 5


def everything() -> dict[str, Any]:
    """Return what is there, without clocks and attempt numbers."""
    events = Event.objects.filter(kind="retracted")
    return {
        "labels": list(Image.objects.order_by("position").values_list("label", "trust")),
        "undos": sorted(Annotation.objects.filter(verdict="undo").values_list("undoes", flat=True)),
        "events": [event.data for event in events],
        "changes": QueueState.objects.get().changes,
        "results": list(Job.objects.filter(kind="retract").values_list("state", "result")),
    }


def kill(folder: Path, count: int) -> None:
    trial = Trial(a_retraction, folder, prepare=small_chunks, everything=everything)
    assert trial.expected["labels"] == [(None, 0)] * 12
    assert trial.expected["events"] == [{"author": "careless", "undone": 12, "kept": 0}]
    milestones = range(len(trial.milestones))
    for milestone in random.Random(count).sample(milestones, min(count, len(milestones))):
        trial.kill_at(milestone)


def test_killed_at_four_points(tmp_path):
    kill(tmp_path, 4)


@pytest.mark.accept
@pytest.mark.timeout(1800)
def test_killed_at_twenty_points(tmp_path):
    kill(tmp_path, 20)
