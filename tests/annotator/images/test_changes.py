"""Changes to pictures in the catalogue: the label's mirror, hold-outs, the reserve, archiving an import."""

from __future__ import annotations

import pytest
from django.db import transaction

from annotator.common.errors import DomainError, NotFound
from annotator.events.models import Event
from annotator.images.models import Holdout, Image, ImportBatch, Trust
from annotator.images.selectors import columns, score_reader
from annotator.images.services import (
    archive_batch,
    drop_holdout,
    insert_images,
    mirror_label,
    publish_suggestions,
    release_reserve,
    set_holdout,
)
from annotator.projects.models import Project
from tests.annotator.images.arrivals import arrival, open_batch
from tests.factories import make_image, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(reserve_share=0)


def mirror(image: Image, *, version: int) -> int | None:
    with transaction.atomic():
        return mirror_label(
            project_id=image.project_id,
            image_id=image.pk,
            label_id=image.project.classes.get(name="cat").pk,
            trust=Trust.HUMAN,
            expected_version=version,
        )


def test_a_label_is_mirrored_when_its_version_is_the_one_that_was_seen(project):
    image = make_image(project)
    before = image.change_seq

    assert mirror(image, version=0) == 1

    image.refresh_from_db()
    assert (image.label.name, image.trust, image.label_version) == ("cat", Trust.HUMAN, 1)
    assert image.change_seq > before


def test_a_stale_version_changes_nothing(project):
    image = make_image(project, label_version=3)

    assert mirror(image, version=2) is None

    image.refresh_from_db()
    assert (image.label, image.trust, image.label_version) == (None, Trust.NONE, 3)


class TestHoldout:
    """Pictures kept out of everything, to measure on."""

    def test_the_same_name_adds_to_it_and_its_pictures_leave_the_reserve(self, project):
        first, second = make_image(project, reserve=True), make_image(project)

        set_holdout(project=project, name="test", image_ids=[first.pk], user=project.created_by)
        holdout = set_holdout(project=project, name="test", image_ids=[second.pk, first.pk])

        assert Holdout.objects.get() == holdout
        assert holdout.images.count() == 2
        assert not Image.objects.filter(reserve=True).exists()
        event = Event.objects.filter(kind="holdout_added").order_by("seq").first()
        assert (event.actor, event.data) == (project.created_by, {"name": "test", "added": 1})

    def test_a_picture_of_another_project_is_refused_and_nothing_is_kept(self, project):
        mine, foreign = make_image(project), make_image(make_project())

        with pytest.raises(DomainError, match="1 of these pictures") as error:
            set_holdout(project=project, name="test", image_ids=[mine.pk, foreign.pk])

        assert "images" in error.value.errors
        assert not Holdout.objects.exists()
        assert not Image.objects.exclude(holdout=None).exists()

    def test_an_archived_picture_is_refused(self, project):
        image = make_image(project, archived_at=project.created_at)

        with pytest.raises(DomainError):
            set_holdout(project=project, name="test", image_ids=[image.pk])

    def test_it_needs_a_name(self, project):
        with pytest.raises(DomainError):
            set_holdout(project=project, name="  ", image_ids=[make_image(project).pk])

    def test_dropped_its_pictures_return(self, project):
        image = make_image(project)
        set_holdout(project=project, name="test", image_ids=[image.pk])

        assert drop_holdout(project=project, name="test") == 1

        assert not Holdout.objects.exists()
        assert columns(project.pk).holdout.tolist() == [False]

    def test_one_that_is_not_there_cannot_be_dropped(self, project):
        with pytest.raises(NotFound):
            drop_holdout(project=project, name="test")


def test_releasing_the_reserve_keeps_what_was_answered(project):
    waiting = make_image(project, reserve=True)
    answered = make_image(project, reserve=True, trust=Trust.HUMAN)

    assert release_reserve(project=project, user=project.created_by) == 1

    waiting.refresh_from_db()
    answered.refresh_from_db()
    assert (waiting.reserve, answered.reserve) == (False, True)
    assert Event.objects.get(kind="reserve_released").data == {"count": 1}
    assert columns(project.pk).reserve.tolist() == [False, True]


class TestArchive:
    """Undoing an import."""

    def test_its_pictures_become_tombstones(self, project):
        batch = open_batch(project)
        insert_images(batch=batch, rows=[arrival("a"), arrival("b")])
        insert_images(batch=open_batch(project), rows=[arrival("c")])

        assert archive_batch(batch=batch) == 2

        batch.refresh_from_db()
        assert batch.state == ImportBatch.State.UNDONE
        cols = columns(project.pk)
        assert cols.length == 3
        assert cols.present.tolist() == [False, False, True]
        assert cols.archived.tolist() == [True, True, False]

    def test_a_picture_that_another_import_brought_too_stays_until_that_is_undone_as_well(self, project):
        first, second = open_batch(project), open_batch(project)
        insert_images(batch=first, rows=[arrival("a", "x")])
        insert_images(batch=second, rows=[arrival("b", "x")])

        assert archive_batch(batch=first) == 0
        assert archive_batch(batch=second) == 1

    def test_what_it_suggested_is_taken_back(self, project):
        stays, goes = open_batch(project), open_batch(project, labels="suggestions")
        insert_images(batch=stays, rows=[arrival("a", "x")])
        insert_images(batch=goes, rows=[arrival("cat/a", "x", label="cat")])
        publish_suggestions(project_id=project.pk)
        assert score_reader(project.pk).top(0)

        archive_batch(batch=goes)

        assert score_reader(project.pk).top(0) == []

    def test_again_it_does_nothing(self, project):
        batch = open_batch(project)
        insert_images(batch=batch, rows=[arrival("a")])
        archive_batch(batch=batch)

        assert archive_batch(batch=batch) == 0
