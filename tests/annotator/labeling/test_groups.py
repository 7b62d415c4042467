"""A class with classes in it is never a label: not said, not imported, not learned, not suggested, not counted."""

from __future__ import annotations

import uuid

import pytest

from annotator.images.models import Image, ImageSource, ImportBatch, ScoreSet
from annotator.images.selectors import score_reader
from annotator.images.services import publish_suggestions
from annotator.insights.selectors import balance
from annotator.labeling.selectors import refresh_data
from annotator.labeling.services import Item, record_import_labels, submit_annotations
from annotator.projects.models import LabelClass, Project
from annotator.projects.services import update_class
from tests.factories import make_image, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """Coat lies in outerwear; hat lies in nothing."""
    project = make_project(classes=("outerwear", "coat", "hat"))
    lead = project.created_by
    update_class(project=project, class_id=of(project, "coat").pk, actor=lead, parent=of(project, "outerwear").pk)
    project.refresh_from_db()
    return project


def of(project: Project, name: str) -> LabelClass:
    return project.classes.get(name=name)


def test_who_says_a_group_is_told_to_choose_a_class_in_it(project):
    image = make_image(project)

    def say(name: str):
        item = Item(client_id=uuid.uuid4(), image=image.pk, labels=[of(project, name).pk], seen_version=0)
        return submit_annotations(project=project, user=project.created_by, items=[item])[0]

    refused = say("outerwear")

    assert refused.status == "invalid"
    assert refused.message == "“outerwear” is a group of classes, never a label. Choose one of the classes in it."
    assert say("coat").status == "created"


def test_an_imports_folder_of_a_groups_name_gives_no_label(project):
    first, second = make_image(project), make_image(project)
    pairs = [(first.pk, of(project, "outerwear").pk), (second.pk, of(project, "coat").pk)]

    assert record_import_labels(project=project, user=project.created_by, pairs=pairs, batch_id=1) == 1
    assert Image.objects.get(pk=first.pk).label is None


def test_no_head_learns_it(project):
    make_image(project)

    assert refresh_data(project, 1).classes.tolist() == [of(project, "coat").pk, of(project, "hat").pk]


def test_no_import_suggests_it(project):
    batch = ImportBatch.objects.create(project=project, name="folders")
    for name in ("outerwear", "coat"):
        image = make_image(project)
        ImageSource.objects.create(image=image, batch=batch, path=f"{name}/1.jpg", folder_label=name, suggests=True)

    publish_suggestions(project_id=project.pk)

    assert ScoreSet.objects.filter(active=True).count() == 1
    best, _ = score_reader(project.pk).top1()
    assert best.tolist() == [0, of(project, "coat").pk]


def test_the_balance_counts_classes_that_can_have_pictures(project):
    assert [row["name"] for row in balance(project)["classes"]] == ["coat", "hat"]
