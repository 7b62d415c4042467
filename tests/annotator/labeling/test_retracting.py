"""Taking back a person's work as a whole: labels before it return, what others said stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from annotator.common.errors import DomainError
from annotator.events.models import Event
from annotator.images.models import Image, Trust
from annotator.jobs.models import Job, JobKind
from annotator.labeling.models import Annotation, QueueState
from annotator.labeling.selectors import Stretch
from annotator.labeling.services import request_retraction, retract_chunk
from annotator.projects.models import Role
from tests.annotator.labeling.test_annotating import say
from tests.factories import add_member, make_image, make_project

HOUR = timedelta(hours=1)


@pytest.fixture
def spoiled(db):
    """Five pictures that the lead labelled as cats, four of which a labeler then called dogs, one of them twice."""
    project = make_project()
    lead, labeler = project.created_by, add_member(project, Role.ANNOTATOR)
    cat, dog = project.classes.all()
    images = [make_image(project) for _ in range(5)]
    for image in images:
        say(project, lead, image=image.pk, labels=[cat.pk])
    for image in [*images[:4], images[0]]:
        image.refresh_from_db()
        say(project, labeler, image=image.pk, labels=[dog.pk], seen_version=image.label_version)
    return Stretch(project, labeler, timezone.now() - HOUR), lead, images, (cat, dog)


def labels(images):
    return list(
        Image.objects.filter(pk__in=[image.pk for image in images]).order_by("pk").values_list("label", "trust")
    )


def retract(stretch, user):
    newest = Annotation.objects.order_by("-pk").values_list("pk", flat=True)[0]
    total = 0
    while count := retract_chunk(stretch=stretch, user=user, newest=newest):
        total += count
    return total


def test_every_answer_of_the_person_gets_an_undo_row_and_the_labels_before_return(spoiled):
    stretch, lead, images, (cat, dog) = spoiled
    assert [label for label, _ in labels(images)] == [dog.pk] * 4 + [cat.pk]
    before = QueueState.objects.get().changes
    assert retract(stretch, lead) == 5
    assert labels(images) == [(cat.pk, Trust.HUMAN)] * 5
    undos = Annotation.objects.filter(verdict=Annotation.Verdict.UNDO)
    assert {(row.user, row.undoes.user, row.conflict) for row in undos} == {(lead, stretch.author, False)}
    assert Annotation.objects.count() == 15, "nothing that was said is deleted"
    assert QueueState.objects.get().changes == before + 5


def test_a_label_that_somebody_changed_since_stays(spoiled):
    stretch, lead, images, (cat, dog) = spoiled
    images[3].refresh_from_db()
    say(stretch.project, lead, image=images[3].pk, labels=[dog.pk], seen_version=images[3].label_version)
    retract(stretch, lead)
    assert [label for label, _ in labels(images)] == [cat.pk] * 3 + [dog.pk, cat.pk]
    assert Annotation.objects.filter(conflict=True, verdict=Annotation.Verdict.UNDO).count() == 1


def test_only_the_stretch_that_was_named_is_taken_back(spoiled):
    stretch, lead, images, (_, dog) = spoiled
    Annotation.objects.filter(user=stretch.author, image=images[1]).update(created_at=timezone.now() - 2 * HOUR)
    retract(stretch, lead)
    assert labels(images)[1] == (dog.pk, Trust.HUMAN)
    earlier = Stretch(stretch.project, stretch.author, timezone.now() - 3 * HOUR, timezone.now() - HOUR)
    assert earlier.standing().count() == 1


def test_asking_for_it_says_how_much_it_would_be_and_makes_a_job(spoiled):
    stretch, lead, *_ = spoiled
    client = APIClient()
    client.force_authenticate(lead)
    address = f"/api/projects/{stretch.project.pk}/members/{stretch.author.pk}/retract"
    since = stretch.since.isoformat()
    assert client.get(address, {"since": since}).json() == {"answers": 5, "labels": 5}
    answer = client.post(address, {"since": since}, format="json")
    assert answer.status_code == 202, answer.content
    assert Job.objects.get(kind=JobKind.RETRACT).params["author"] == stretch.author.pk
    assert client.get(f"/api/projects/{stretch.project.pk}/members/999999/retract", {"since": since}).status_code == 404
    assert client.post(address, {"since": "yesterday"}, format="json").json()["errors"]["since"]


def test_an_empty_stretch_and_one_without_answers_are_refused(spoiled):
    stretch, lead, *_ = spoiled
    now = timezone.now()
    with pytest.raises(DomainError, match="must come after"):
        request_retraction(stretch=Stretch(stretch.project, stretch.author, now, now - HOUR), user=lead)
    with pytest.raises(DomainError, match="said nothing"):
        request_retraction(stretch=Stretch(stretch.project, stretch.author, now + HOUR), user=lead)
    assert not Event.objects.filter(kind="retracted").exists()
