"""How pictures and imports are shown to people and programs."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any

from django.db.models import QuerySet

from annotator.images.models import Image, ImageSource, ImportBatch, RejectedFile
from annotator.jobs.models import Job

SHOWN_VARIANTS = ("thumb", "model", "preview")
STATE_OF_JOB = {
    Job.State.FAILED: ImportBatch.State.FAILED,
    Job.State.CANCELLED: ImportBatch.State.CANCELLED,
    Job.State.SUCCEEDED: ImportBatch.State.DONE,
}


def blob_url(project_id: int, sha256: str, variant: str) -> str:
    """Return the address under which members get a variant of a picture."""
    return f"/api/projects/{project_id}/blobs/{sha256}/{variant}"


def image_brief(image: Image) -> dict[str, Any]:
    """Show a picture as lists and tasks do. Prefetch `sources` when showing many."""
    source = min(image.sources.all(), key=lambda row: row.pk, default=None)
    path = source.path if source else ""
    return {
        "id": image.pk,
        "position": image.position,
        "name": PurePosixPath(path).name,
        "source": path,
        "width": image.width,
        "height": image.height,
        "label": image.label_id,
        "trust": image.trust,
        "label_version": image.label_version,
        "urls": {name: blob_url(image.project_id, image.sha256, name) for name in SHOWN_VARIANTS},
    }


def image_detail(image: Image, *, for_lead: bool) -> dict[str, Any]:
    """Show a picture with where it came from and which sets it belongs to; the reserve is for leads to see."""
    shown = image_brief(image) | {
        "sources": [row.path for row in sorted(image.sources.all(), key=lambda row: row.pk)],
        "split": image.split,
        "holdout": image.holdout.name if image.holdout else None,
        "batch": image.batch_id,
    }
    return shown | {"reserve": image.reserve} if for_lead else shown


def batch_state(batch: ImportBatch) -> str:
    """Return the import's state, also when its job ended without the handler having the last word."""
    if batch.job_id is None or batch.state not in (ImportBatch.State.QUEUED, ImportBatch.State.RUNNING):
        return batch.state
    job_state = Job.objects.filter(pk=batch.job_id).values_list("state", flat=True).first()
    return STATE_OF_JOB.get(Job.State(job_state), batch.state) if job_state else batch.state


def unlabelled_sources(batch: ImportBatch) -> QuerySet[ImageSource]:
    """Sources of an import whose class folder was to become the label, and has not yet: its work left over."""
    sources = ImageSource.objects.filter(batch=batch, suggests=False, image__label=None, image__archived_at=None)
    return sources.exclude(folder_label="")


def recorded_paths(batch: ImportBatch, paths: Collection[str]) -> set[str]:
    """Return those of the paths that the import is done with, as a picture or as a rejected file."""
    sources = ImageSource.objects.filter(batch=batch, path__in=paths).values_list("path", flat=True)
    rejected = RejectedFile.objects.filter(batch=batch, path__in=paths).values_list("path", flat=True)
    return {*sources, *rejected}
