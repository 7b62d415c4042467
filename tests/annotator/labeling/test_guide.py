"""A class's guide in pictures: pinned ones first, then trusted ones, and those that are taken for it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotator.images.models import Image, Trust
from annotator.images.services import set_holdout
from annotator.labeling.models import ClassExample, ImageLabel
from annotator.labeling.selectors.guide import guide
from annotator.labeling.services.examples import MAX_PINNED
from annotator.projects.models import LabelClass, Project, Role
from tests.annotator.insights.heads import publish_head
from tests.factories import add_member, make_image, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def lead(client_for, project):
    return client_for(project.created_by)


def of(project: Project, name: str) -> LabelClass:
    return project.classes.get(name=name)


def labelled(project: Project, name: str, trust: Trust = Trust.HUMAN, **fields) -> Image:
    project.refresh_from_db()
    return make_image(project, label=of(project, name), trust=trust, **fields)


def pin(client, project: Project, image: Image, name: str = "cat", *, body: dict | None = None, **fields):
    address = f"/api/projects/{project.pk}/classes/{of(project, name).pk}/examples"
    return client.post(address, {"image": image.pk, **fields, **(body or {})}, format="json")


def read(client, project: Project, name: str = "cat") -> dict:
    return client.get(f"/api/projects/{project.pk}/classes/{of(project, name).pk}/guide").json()


def test_a_labeler_sees_what_a_class_is_and_what_it_is_not(project, lead, client_for):
    noor = client_for(add_member(project, Role.ANNOTATOR))
    sphinx, tom, lion = (labelled(project, name) for name in ("cat", "cat", "dog"))
    publish_head(project, [of(project, "cat")] * 3)
    LabelClass.objects.filter(pk=of(project, "cat").pk).update(instructions="Tame ones **only**.")
    pin(lead, project, sphinx, note="without fur, still a cat")

    seen = read(noor, project)

    assert seen["instructions"] == "Tame ones **only**."
    assert [(row["image"]["id"], row["note"], row["pinned"]) for row in seen["shows"]] == [
        (sphinx.pk, "without fur, still a cat", True),
        (tom.pk, "", False),
    ]
    assert [(row["image"]["id"], row["label"], row["pinned"]) for row in seen["not"]] == [
        (lion.pk, of(project, "dog").pk, False)
    ]


def test_the_most_trusted_come_first_and_what_a_machine_said_never(project):
    trusts = (Trust.HUMAN, Trust.GOLD, Trust.IMPORTED, Trust.CERTIFIED, Trust.REVIEWED, Trust.PAGE_VERIFIED)
    images = {trust: labelled(project, "cat", trust) for trust in trusts}

    found = guide(project, of(project, "cat")).shows

    best_first = (Trust.GOLD, Trust.REVIEWED, Trust.HUMAN, Trust.PAGE_VERIFIED)
    assert [picture.image for picture in found] == [images[trust] for trust in best_first]


def test_each_side_has_eight_at_most(project, lead):
    images = [labelled(project, "cat") for _ in range(12)]
    for image in images[:3]:
        pin(lead, project, image)

    shown = [picture.image for picture in guide(project, of(project, "cat")).shows]

    assert len(shown) == len(set(shown)) == 8
    assert shown[:3] == images[:3]


def test_the_test_set_is_not_shown_nor_pinned(project, lead):
    waiting, answered = labelled(project, "cat", Trust.NONE, reserve=True), labelled(project, "cat", reserve=True)
    held = labelled(project, "cat")
    set_holdout(project=project, name="exam", image_ids=[held.pk], user=project.created_by)

    assert guide(project, of(project, "cat")).shows == []
    assert [pin(lead, project, image).status_code for image in (waiting, held, answered)] == [400, 400, 201]


def test_a_picture_that_goes_away_leaves_the_guide(project, lead):
    image = labelled(project, "cat")
    pin(lead, project, image)
    Image.objects.filter(pk=image.pk).update(archived_at=timezone.now(), change_seq=10**6)
    Project.objects.filter(pk=project.pk).update(change_seq=10**6)

    assert read(lead, project)["shows"] == []


def test_pinning_again_changes_side_and_note_and_it_can_be_taken_off(project, lead):
    image = labelled(project, "dog")
    pin(lead, project, image, shows=True)

    assert pin(lead, project, image, shows=False, note="a dog").json() == {
        "image": image.pk,
        "shows": False,
        "note": "a dog",
    }
    assert [row["note"] for row in read(lead, project)["not"]] == ["a dog"]
    address = f"/api/projects/{project.pk}/classes/{of(project, 'cat').pk}/examples?image={image.pk}"
    assert [lead.delete(address).status_code for _ in range(2)] == [204, 404]
    assert not ClassExample.objects.exists()


def test_a_full_side_takes_no_more(project, lead):
    answers = [pin(lead, project, labelled(project, "cat")).status_code for _ in range(MAX_PINNED + 1)]

    assert answers == [201] * MAX_PINNED + [409]
    assert pin(lead, project, labelled(project, "dog"), shows=False).status_code == 201


def test_another_projects_picture_or_class_is_not_reached(project, lead, client_for):
    other = make_project()
    theirs = labelled(other, "cat")

    assert pin(lead, project, theirs).status_code == 400
    assert pin(lead, other, theirs).status_code == 404
    address = f"/api/projects/{project.pk}/classes/{of(other, 'cat').pk}/guide"
    assert lead.get(address).status_code == 404


@pytest.mark.parametrize("body", [{"image": 10**30}, {"image": "x"}, {"note": "x" * 201}, {"note": "\0"}])
def test_what_cannot_be_pinned_is_refused(project, lead, body):
    image = labelled(project, "cat")

    assert pin(lead, project, image, body=body).status_code == 400


def test_with_several_labels_what_people_said_of_the_class_counts(project):
    Project.objects.filter(pk=project.pk).update(label_mode=Project.LabelMode.MULTI)
    project.refresh_from_db()
    both, none = labelled(project, "dog"), labelled(project, "dog")
    for image, present in ((both, True), (none, False)):
        ImageLabel.objects.create(
            image=image, label_class=of(project, "cat"), present=present, trust=Trust.HUMAN, version=1
        )

    found = guide(project, of(project, "cat"))

    assert [[picture.image for picture in side] for side in (found.shows, found.differs)] == [[both], [none]]
