"""What an import does with the files it is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotator.images.models import Image, ImportBatch, Trust
from annotator.images.services import create_batch, start_batch
from annotator.jobs.models import Job, JobKind
from annotator.projects.models import Project
from tests.factories import make_project, picture_bytes
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


def put(root: Path, files: dict[str, bytes]) -> Path:
    """Write files under a folder."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def start(project: Project, folder: Path, labels: str = "ignore") -> tuple[ImportBatch, Job]:
    """Open an import of a folder on the server and start it."""
    user = project.created_by
    batch = create_batch(project=project, user=user, labels=labels, name="photos", source_path=str(folder))
    return batch, start_batch(batch=batch, user=user)


def run(project: Project, folder: Path, labels: str = "ignore") -> ImportBatch:
    """Import a folder to the end."""
    batch, job = start(project, folder, labels)
    run_job(job.pk)
    batch.refresh_from_db()
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error_message
    return batch


def test_class_folders_become_trusted_labels_and_the_pictures_are_embedded_next(tmp_path):
    project = make_project(classes=("cat",))
    folder = put(
        tmp_path / "in",
        {f"train/{c}/{n}.jpg": picture_bytes(10 * n + ord(c[0])) for c in ("cat", "dog") for n in range(3)},
    )

    batch = run(project, folder, labels="trusted")

    assert batch.state == ImportBatch.State.DONE
    assert (batch.found, batch.imported, batch.labelled, batch.rejected) == (6, 6, 6, 0)
    images = Image.objects.order_by("position")
    assert [(i.position, i.label.name, i.trust, i.split) for i in images] == [
        (n, "cat" if n < 3 else "dog", Trust.IMPORTED, "train") for n in range(6)
    ]
    assert Job.objects.filter(kind=JobKind.EMBED, state=Job.State.QUEUED, slot=f"embed:{project.pk}").count() == 1
    assert batch.notices == ["Classes made from folder names: dog."]
