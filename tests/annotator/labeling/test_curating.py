"""Undoing an import: its pictures are archived, what it said is taken back by new rows."""

from __future__ import annotations

import pytest

from annotator.common.errors import Conflict
from annotator.events.models import Event
from annotator.images.models import Image, ImageSource, ImportBatch
from annotator.jobs.models import Job, JobKind
from annotator.labeling.models import Annotation
from annotator.labeling.services import record_import_labels, undo_import
from tests.factories import make_image, make_project

State = ImportBatch.State


@pytest.fixture
def delivery(db):
    """An import of three pictures with trusted labels, the last of which another import brought too."""
    project = make_project()
    lead, cat = project.created_by, project.classes.first()
    batches = [
        ImportBatch.objects.create(project=project, name=name, state=State.DONE, created_by=lead)
        for name in ("first", "second")
    ]
    images = [make_image(project, batch=batches[0]) for _ in range(3)]
    for number, image in enumerate(images):
        ImageSource.objects.create(image=image, batch=batches[0], path=f"cat/{number}.jpg", folder_label="cat")
    ImageSource.objects.create(image=images[2], batch=batches[1], path="cat/again.jpg", folder_label="cat")
    pairs = [(image.pk, cat.pk) for image in images]
    record_import_labels(project=project, user=lead, pairs=pairs, batch_id=batches[0].pk)
    return batches[0], lead, images


def test_pictures_are_archived_and_their_labels_taken_back_by_new_rows(delivery):
    batch, lead, images = delivery
    assert undo_import(batch=batch, user=lead).state == State.UNDONE
    present = Image.objects.present().values_list("pk", flat=True)
    assert list(present) == [images[2].pk], "the other import still holds this one"
    undone = Annotation.objects.filter(verdict=Annotation.Verdict.UNDO).values_list("image_id", flat=True)
    assert set(undone) == {images[0].pk, images[1].pk}
    assert Annotation.objects.count() == 5, "nothing that was said is deleted"
    assert Event.objects.filter(kind="import_undone").count() == 1


def test_asking_again_changes_nothing(delivery):
    batch, lead, _ = delivery
    undo_import(batch=batch, user=lead)
    undo_import(batch=ImportBatch.objects.get(pk=batch.pk), user=lead)
    assert Annotation.objects.count() == 5
    assert Event.objects.filter(kind="import_undone").count() == 1


@pytest.mark.parametrize("state", [State.RECEIVING, State.QUEUED, State.RUNNING])
def test_an_import_on_its_way_cannot_be_undone(delivery, state):
    batch, lead, _ = delivery
    batch.state = state
    with pytest.raises(Conflict, match="cancel it first"):
        undo_import(batch=batch, user=lead)


def test_an_import_whose_job_failed_for_good_can_be_undone(delivery):
    batch, lead, _ = delivery
    job = Job.objects.create(kind=JobKind.IMPORT, queue="cpu", project=batch.project, state=Job.State.FAILED)
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.RUNNING, job_id=job.pk)
    assert undo_import(batch=ImportBatch.objects.get(pk=batch.pk), user=lead).state == State.UNDONE
