"""Taking a whole import back."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import QuerySet

from annotator.accounts.models import User
from annotator.common.errors import Conflict
from annotator.events.services import record_event
from annotator.images.models import ImportBatch
from annotator.images.services import archive_batch
from annotator.labeling.models import Annotation, Task
from annotator.projects.models import Project

CHUNK = 500


def undo_import(*, batch: ImportBatch, user: User) -> ImportBatch:
    """Archive an import's images and append an undo row for each label it brought.

    Raises:
        Conflict: the import still runs, or is undone already.
    """
    if batch.state not in (ImportBatch.State.DONE, ImportBatch.State.CANCELLED, ImportBatch.State.FAILED):
        raise Conflict(f"An import that is {batch.state} cannot be undone; cancel it first, or wait for it.")
    project = batch.project
    while rows := list(_undoable(batch)[:CHUNK]):
        with transaction.atomic():
            Project.objects.select_for_update().get(pk=project.pk)
            Annotation.objects.bulk_create(_undo_row(row, user) for row in rows)
    archive_batch(batch=batch)
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        waiting = Task.objects.filter(project=project, state=Task.State.OPEN).exclude(image__archived_at=None)
        waiting.update(state=Task.State.WITHDRAWN)
        record_event(project_id=project.pk, kind="import_undone", actor=user, batch=batch.pk, name=batch.name)
    batch.refresh_from_db()
    return batch


def _undoable(batch: ImportBatch) -> QuerySet[Annotation]:
    return Annotation.objects.filter(image__batch=batch, origin=Annotation.Origin.IMPORT, undone_by=None).exclude(
        verdict=Annotation.Verdict.UNDO
    )


def _undo_row(row: Annotation, user: User) -> Annotation:
    return Annotation(
        project_id=row.project_id,
        image_id=row.image_id,
        user=user,
        client_id=uuid.uuid4(),
        verdict=Annotation.Verdict.UNDO,
        origin=Annotation.Origin.IMPORT,
        undoes=row,
    )
