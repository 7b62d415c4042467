"""Which pictures a report counts as what."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotator.images.models import Image, Trust
from annotator.images.services import set_holdout
from annotator.modeling.selectors import live_balance
from tests.annotator.modeling.balanced import Pictures
from tests.factories import make_project

pytestmark = pytest.mark.django_db


def test_labels_blind_answers_certified_ones_and_the_pool_are_kept_apart():
    project = make_project()
    pictures = Pictures(project)
    pictures.add(5, "cat")
    pictures.add(2, "cat", trust=Trust.CERTIFIED)
    pictures.add(3, "cat", guess=("cat", 0.9), reserve=True)
    pictures.add(4, guess=("cat", 0.9), reserve=True)  # not answered yet
    pictures.add(1, "cat", trust=Trust.IMPORTED, guess=("cat", 0.9), reserve=True)  # not by a person
    pictures.add(6, guess=("dog", 0.8))
    pictures.publish_head()

    report = live_balance(project)

    cat, dog = report["classes"]
    assert (cat["trusted"], cat["certified"], cat["labelled"]) == (11, 2, 5)
    assert (report["summary"]["pool"], report["correction"]["test_size"]) == (6, 3)
    assert (cat["predicted_raw"], dog["predicted_raw"]) == (0, 6)


def test_holdouts_and_archived_pictures_count_nowhere():
    project = make_project()
    pictures = Pictures(project)
    held = pictures.add(2, "dog") + pictures.add(2)
    set_holdout(project=project, name="exam", image_ids=[image.pk for image in held], user=project.created_by)
    pictures.add(1, "cat", archived_at=timezone.now())
    pictures.add(1, archived_at=timezone.now())

    report = live_balance(project)

    assert (report["summary"]["trusted"], report["summary"]["pool"]) == (0, 0)


def test_an_archived_class_stays_for_as_long_as_pictures_have_it():
    project = make_project(classes=("cat", "dog", "emu"))
    Pictures(project).add(3, "dog")
    project.classes.filter(name__in=("dog", "emu")).update(archived_at=timezone.now())

    report = live_balance(project)

    assert [(row["name"], row["archived"], row["trusted"]) for row in report["classes"]] == [
        ("cat", False, 0),
        ("dog", True, 3),
    ]


def test_pictures_that_came_after_the_head_are_shared_out_and_named():
    project = make_project()
    pictures = Pictures(project)
    pictures.add(8, "cat", guess=("cat", 0.9), reserve=True)
    pictures.add(10, guess=("cat", 0.9))
    pictures.publish_head()
    pictures.add(90)

    report = live_balance(project)

    assert report["summary"]["pool"] == 100
    assert sum(row["predicted"] for row in report["classes"]) == pytest.approx(100, abs=0.2)
    assert report["classes"][0]["predicted_raw"] == 10
    assert {"code": "unscored", "values": {"number": 90}} in report["correction"]["notes"]


def test_what_an_import_suggested_is_not_the_heads_word():
    project = make_project()
    pictures = Pictures(project)
    pictures.add(4, guess=("cat", 0.9))
    pictures.publish_suggestions()

    report = live_balance(project)

    assert report["classes"][0]["predicted_raw"] is None
    assert report["correction"]["head"] is None


def test_it_costs_a_handful_of_queries_however_many_pictures(django_assert_max_num_queries):
    project = make_project()
    pictures = Pictures(project)
    pictures.add(30, "cat", guess=("cat", 0.9), reserve=True)
    pictures.add(30, guess=("dog", 0.9))
    pictures.publish_head()
    assert Image.objects.count() == 60

    with django_assert_max_num_queries(8):
        live_balance(project)
