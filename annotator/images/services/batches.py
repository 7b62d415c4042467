"""The life of an import: created, files received into its inbox, started, run, finished."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError
from annotator.events.services import record_event
from annotator.images.models import EmbeddingSpace, ImportBatch
from annotator.images.services.catalogue import Refusal, add_notices, reject_files
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.projects.models import Project

MAX_PATH = 1000  # bytes, well below what file systems take
MAX_COMPONENT = 255  # bytes, what file systems take
UNSAFE_PATH = "unsafe_path"
UNSAFE_MESSAGE = "The path leads outside the delivery, or cannot be the name of a file. Rename it."
State = ImportBatch.State


def create_batch(*, project: Project, user: User, labels: str, name: str = "", source_path: str = "") -> ImportBatch:
    """Open an import: its files come by upload, or lie in `source_path`, a folder or zip on the server."""
    name = name.strip() or f"Upload of {timezone.now():%Y-%m-%d %H:%M}"
    return ImportBatch.objects.create(
        project=project, created_by=user, labels=labels, name=name[:200], source_path=source_path
    )


def inbox_of(batch: ImportBatch) -> Path:
    """Return the folder that holds an import's files until it is done."""
    return Path(settings.INBOX_DIR) / str(batch.pk)


def uploads_of(batch: ImportBatch) -> Path:
    """Return the folder in the inbox that uploaded files arrive in, under their relative paths."""
    return inbox_of(batch) / "files"


def receive_files(*, batch: ImportBatch, files: Sequence[tuple[str, TemporaryUploadedFile]]) -> list[Refusal]:
    """Move uploaded files into the inbox under their paths; the same path again replaces the file.

    Returns:
        The files that were turned away because of their paths; they are recorded as rejected.

    Raises:
        Conflict: the import has been started.
    """
    if batch.state != State.RECEIVING:
        raise Conflict("This import has been started, so it takes no more files. Open another one.")
    refused = []
    for path, file in files:
        problem = path_problem(path) or _place(uploads_of(batch), path, file)
        if problem:
            refused.append(Refusal(printable(path), UNSAFE_PATH, UNSAFE_MESSAGE, problem))
    reject_files(batch=batch, rows=refused)
    return refused


def path_problem(path: str) -> str:
    """Say why a client's relative path cannot be used, or return an empty string."""
    if path != printable(path):
        return f"control characters, broken Unicode, or more than {MAX_PATH} bytes"
    if "\\" in path or path.startswith("/") or path[1:2] == ":":
        return "not a relative path with forward slashes"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "empty or dotted folders"
    if any(len(part.encode()) > MAX_COMPONENT for part in parts):
        return f"a name of more than {MAX_COMPONENT} bytes"
    return ""


def printable(path: str) -> str:
    """Return the path as text that can be stored and shown, whatever it holds."""
    text = path.encode("utf-8", "replace")[:MAX_PATH].decode("utf-8", "ignore")
    return "".join("\ufffd" if ord(letter) < 32 or ord(letter) == 127 else letter for letter in text)


def _place(root: Path, path: str, file: TemporaryUploadedFile) -> str:
    """Move one upload to its place; return what kept it from getting there, or an empty string."""
    target = root.joinpath(*path.split("/"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file.temporary_file_path(), target)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        return "a file and a folder of the same name"
    return ""


def start_batch(*, batch: ImportBatch, user: User) -> Job:
    """Hand a received import to a worker; asking again while it waits or runs gives the same job.

    Raises:
        DomainError: there is nothing to import.
        Conflict: the import has ended.
    """
    if batch.state in (State.QUEUED, State.RUNNING) and batch.job_id is not None:
        return Job.objects.get(pk=batch.job_id)
    if not batch.source_path and not _has_files(uploads_of(batch)):
        raise DomainError("No file has been received yet. Send some, then start the import.", code="nothing_received")
    with transaction.atomic():
        if not ImportBatch.objects.filter(pk=batch.pk, state=State.RECEIVING).update(state=State.QUEUED):
            raise Conflict("This import has been started already, or has ended.")
        job = enqueue(
            kind=JobKind.IMPORT,
            project=batch.project,
            title=f"Import {batch.name}"[:200],
            params={"batch": batch.pk},
            created_by=user,
            dedupe_key=f"import:{batch.pk}",
        )
        ImportBatch.objects.filter(pk=batch.pk).update(job_id=job.pk)
        record_event(project_id=batch.project_id, kind="import_started", actor=user, batch=batch.pk, name=batch.name)
    batch.refresh_from_db()
    return job


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def run_batch(*, batch: ImportBatch, found: int, notices: Iterable[str] = ()) -> None:
    """Note that a worker has begun, and how many files it found besides those that were turned away before decoding.

    A later attempt leaves the number as it is.
    """
    with transaction.atomic():
        unfinished = ImportBatch.objects.filter(pk=batch.pk).exclude(state__in=(State.DONE, State.UNDONE))
        unfinished.filter(found=0).update(found=F("rejected") + found)
        unfinished.update(state=State.RUNNING)
        add_notices(batch=batch, notices=list(notices))


def finish_batch(*, batch: ImportBatch, state: ImportBatch.State) -> Job | None:
    """End an import as done or cancelled; pictures without an embedding are embedded next.

    Returns:
        The embedding job, or None when there is nothing to embed.
    """
    with transaction.atomic():
        ended = ImportBatch.objects.filter(pk=batch.pk).exclude(state__in=(state, State.UNDONE))
        if not ended.update(state=state):
            return None
        if state == State.DONE:  # a source folder may have changed since it was counted
            ImportBatch.objects.filter(pk=batch.pk).update(found=F("imported") + F("duplicates") + F("rejected"))
        batch.refresh_from_db()
        project = batch.project
        record_event(
            project_id=project.pk,
            kind="import_finished",
            actor=batch.created_by,
            batch=batch.pk,
            name=batch.name,
            state=str(state),
            imported=batch.imported,
            duplicates=batch.duplicates,
            rejected=batch.rejected,
            labelled=batch.labelled,
        )
        embedded = EmbeddingSpace.objects.filter(project=project, state=EmbeddingSpace.State.ACTIVE).first()
        project.refresh_from_db()
        if project.next_position <= (embedded.length if embedded else 0):
            return None
        return enqueue(kind=JobKind.EMBED, project=project, title="Embed new pictures", slot=f"embed:{project.pk}")


def fail_batch(*, batch: ImportBatch) -> None:
    """Note that the job failed; its files stay in the inbox, so that it can be retried."""
    ImportBatch.objects.filter(pk=batch.pk, state__in=(State.QUEUED, State.RUNNING)).update(state=State.FAILED)


def remove_inbox(*, batch: ImportBatch) -> None:
    """Delete an import's files, once they are in the catalogue or no longer wanted."""
    shutil.rmtree(inbox_of(batch), ignore_errors=True)
