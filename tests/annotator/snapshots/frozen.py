"""Builders for snapshots and exports as workers leave them."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from annotator.common.arrays import publish
from annotator.jobs.models import Job
from annotator.projects.models import Project
from annotator.snapshots.models import Export, Snapshot
from annotator.snapshots.selectors import Row
from annotator.snapshots.services import (
    ContentWriter,
    publish_export,
    publish_snapshot,
    request_export,
    request_snapshot,
    store_content,
)


def make_row(position: int, label: str = "cat", **fields: Any) -> Row:
    """Return a row of a snapshot."""
    row: Row = {
        "position": position,
        "sha256": hashlib.sha256(str(position).encode()).hexdigest(),
        "source": f"photos/{position}.jpg",
        "label_id": 1,
        "label": label,
        "trust": 4,
        "split": "train",
        "blind": False,
        "group": position,
        "origin": "single",
        "annotator_id": None,
        "suggestion_head": None,
        "suggestion": None,
        "suggestion_confidence": None,
    }
    return row | fields


def make_snapshot(project: Project, rows: list[Row] | None = None, **fields: Any) -> Snapshot:
    """Freeze rows (one, unless told otherwise) as the worker does."""
    rows = [make_row(0)] if rows is None else rows
    job = request_snapshot(project=project, user=project.created_by, name="frozen")
    draft = Path(settings.SCRATCH_DIR) / uuid.uuid4().hex
    with ContentWriter(draft) as writer:
        writer.add(rows)
    folder = store_content(project_id=project.pk, draft=draft, hash_=writer.hash, job=job)
    classes = [{"id": 1, "name": "cat", "train": len(rows), "validation": 0, "test": 0}]
    report = {
        "left_out": {"certified": 0, "small_classes": {}},
        "groups_moved": 0,
        "groups_moved_examples": [],
        "groups_across_splits": 0,
        "copies_across_splits": 0,
        "look_alikes": None,
    }
    given = {"rows": len(rows), "classes": classes, "report": report} | fields
    with transaction.atomic():
        snapshot = publish_snapshot(job=job, folder=folder, hash_=writer.hash, **given)
    Job.objects.filter(pk=job.pk).update(state=Job.State.SUCCEEDED)
    return snapshot


def make_export(snapshot: Snapshot, content: bytes = b"0123456789", filename: str = "pets-1.csv") -> Export:
    """Store a file as the worker stores an export."""
    job = request_export(snapshot=snapshot, user=snapshot.created_by, format=Export.Format.CSV)
    draft, folder = Path(settings.SCRATCH_DIR) / uuid.uuid4().hex, f"exports/{snapshot.project_id}/{job.pk}-1"
    draft.mkdir(parents=True)
    (draft / filename).write_bytes(content)
    publish(draft, folder)
    sha256 = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        export = publish_export(job=job, folder=folder, filename=filename, size=len(content), sha256=sha256)
    Job.objects.filter(pk=job.pk).update(state=Job.State.SUCCEEDED)
    return export
