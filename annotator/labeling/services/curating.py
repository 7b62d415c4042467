"""Taking a whole import back."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import QuerySet

from annotator.accounts.models import User
from annotator.common.errors import Conflict
from annotator.events.services import record_event
from annotator.images.models import Image, ImportBatch
from annotator.images.selectors import batch_state
from annotator.images.services import archive_batch
from annotator.labeling.models import Annotation, Task
from annotator.labeling.services.counting import count_changes
from annotator.projects.models import Project

CHUNK = 500
State = ImportBatch.State


def undo_import(*, batch: ImportBatch, user: User) -> ImportBatch:
    """Archive what came in through this import alone, and append an undo row for each label it brought.

    Asking again finishes an undo that was cut short, and otherwise changes nothing.

    Raises:
        Conflict: the import still receives files, waits or runs.
    """
    state = batch_state(batch)
    if state in (State.RECEIVING, State.QUEUED, State.RUNNING):
        raise Conflict(f"An import that is {state} cannot be undone; cancel it first, or wait for it.")
    archive_batch(batch=batch)
    project = batch.project
    while rows := list(_undoable(batch)[:CHUNK]):
        with transaction.atomic():
            Project.objects.select_for_update().get(pk=project.pk)
            Annotation.objects.bulk_create(_undo_row(row, user) for row in rows)
            count_changes(project=project, count=len(rows))
    if state != State.UNDONE:
        with transaction.atomic():
            Project.objects.select_for_update().get(pk=project.pk)
            waiting = Task.objects.filter(project=project, state=Task.State.OPEN).exclude(image__archived_at=None)
            waiting.update(state=Task.State.WITHDRAWN)
            record_event(project_id=project.pk, kind="import_undone", actor=user, batch=batch.pk, name=batch.name)
    batch.refresh_from_db()
    return batch


def _undoable(batch: ImportBatch) -> QuerySet[Annotation]:
    """Labels from class folders on the pictures that the undo archived."""
    rows = Annotation.objects.filter(project=batch.project, origin=Annotation.Origin.IMPORT, undone_by=None)
    gone = Image.objects.filter(project=batch.project, sources__batch=batch).exclude(archived_at=None)
    return rows.filter(image__in=gone).exclude(verdict=Annotation.Verdict.UNDO)


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
