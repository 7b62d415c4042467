"""Import: unpack, decode each picture once, store it, put it into the catalogue chunk by chunk.

Killed at any point, the next attempt skips what is recorded and goes on in the same order, so the catalogue ends up
the same as if nothing had happened.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F

from annotator.common.blobs import BlobChanged, settle, store_picture
from annotator.images.models import ImageSource, ImportBatch
from annotator.images.selectors import recorded_paths, unlabelled_sources
from annotator.images.services import (
    Arrival,
    Refusal,
    fail_batch,
    finish_batch,
    inbox_of,
    insert_images,
    publish_suggestions,
    reject_files,
    remove_inbox,
    run_batch,
    uploads_of,
)
from annotator.labeling.services import record_import_labels
from annotator.projects.selectors import group_ids
from annotator.projects.services import add_classes, clean_name
from worker.formats.archive import extract_zip
from worker.formats.folder import Entry, scan
from worker.media.pool import Decoded, Decoder, Rejected
from worker.media.reasons import Reason
from worker.runner import AttemptLost, Cancelled, Interrupted, JobContext, JobFailed

CHUNK = 64  # pictures a transaction
LABEL_CHUNK = 16  # labels a transaction: each writes several rows, and people label meanwhile
DECODERS = 2
MAX_LABEL = 200
COUNTS = ("found", "imported", "duplicates", "rejected", "labelled", "conflicts")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Delivery:
    """One folder to take files from. What came in a zip has the zip's own path before its paths."""

    root: Path
    prefix: str = ""


@dataclass(frozen=True)
class File:
    """One file to import: where it is, its path in the import, and what its folders say."""

    path: Path
    source: str
    split: str
    label: str


@dataclass
class Work:
    """What the steps of one attempt share."""

    ctx: JobContext
    batch: ImportBatch
    total: int = 0
    done: int = 0
    class_ids: dict[str, int] = field(default_factory=dict)  # by folder name

    @property
    def trusted(self) -> bool:
        """Whether class folders become labels."""
        return self.batch.labels == ImportBatch.Labels.TRUSTED


def handle(ctx: JobContext) -> dict[str, Any]:
    """Import the files of a batch; what is in stays in, also when the job is cancelled or fails."""
    batch = ImportBatch.objects.select_related("project", "created_by").get(pk=ctx.params["batch"])
    if batch.state == ImportBatch.State.UNDONE:
        raise JobFailed("import_undone", "This import was undone.", "Open a new import and send the files again.")
    if batch.state != ImportBatch.State.DONE:
        try:
            _import(Work(ctx, batch))
        except Cancelled:
            _finish(batch, ImportBatch.State.CANCELLED)
            raise
        except (AttemptLost, Interrupted, OperationalError, InterfaceError):
            raise  # another attempt goes on with it
        except Exception:
            fail_batch(batch=batch)
            raise
        _finish(batch, ImportBatch.State.DONE)
    remove_inbox(batch=batch)
    batch.refresh_from_db()
    return {"batch": batch.pk} | {name: getattr(batch, name) for name in COUNTS}


def _finish(batch: ImportBatch, state: ImportBatch.State) -> None:
    """Show what was suggested; then state, event and the embedding job become visible together."""
    if ImageSource.objects.filter(batch=batch, suggests=True).exists():
        publish_suggestions(project_id=batch.project_id)
    finish_batch(batch=batch, state=state)
    remove_inbox(batch=batch)


def _import(work: Work) -> None:
    deliveries = _deliveries(work)
    labels: set[str] = set()
    refused: list[Refusal] = []
    for file in _files(work, deliveries, refused.append):
        work.total += 1
        labels.add(file.label)
    reject_files(batch=work.batch, rows=refused)
    _begin(work, sorted(labels - {""}))
    _label(work, unlabelled_sources(work.batch))  # an earlier attempt was killed between inserting and labelling
    _decode_and_insert(work, deliveries)


# What there is to import


def _deliveries(work: Work) -> list[Delivery]:
    """Find the folders to import, zips unpacked.

    Raises:
        JobFailed: there is nothing (any more).
    """
    batch = work.batch
    root = Path(batch.source_path) if batch.source_path else uploads_of(batch)
    if not root.exists():
        hint = "Check the path." if batch.source_path else "Open a new import and send the files again."
        raise JobFailed("files_gone", f"The files of the import “{batch.name}” are not there (any more).", hint)
    if root.is_file():
        return [_unpacked(work, root, root.name)]
    archives = [(entry.path, entry.source) for entry in scan(root) if _is_archive(entry)]
    return [Delivery(root), *(_unpacked(work, path, source) for path, source in archives)]


def _is_archive(entry: Entry) -> bool:
    return entry.path.suffix.lower() == ".zip"


def _unpacked(work: Work, archive: Path, source: str) -> Delivery:
    """Unpack a zip beside the uploads, unless an earlier attempt has; a whole folder or none at all."""
    folder = inbox_of(work.batch) / "unpacked"
    target = folder / hashlib.sha256(source.encode()).hexdigest()[:16]
    if not target.exists():
        draft = folder / f"{target.name}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        message = f"unpacking {source}"
        report = extract_zip(
            archive, draft, progress=lambda done, total: work.ctx.progress(done, total, "entries", message)
        )
        reject_files(
            batch=work.batch,
            rows=[
                _refusal(source if name == archive.name else f"{source}/{name}", reason, detail)
                for name, reason, detail in report.rejected
            ],
        )
        draft.rename(target)
    return Delivery(target, f"{source}/")


def _files(
    work: Work, deliveries: Iterable[Delivery], refuse: Callable[[Refusal], None] = lambda _: None
) -> Iterator[File]:
    """Yield the files in an order that is always the same; what is no plain file is told to `refuse`."""
    for delivery in deliveries:

        def refused(source: str, reason: Reason, prefix: str = delivery.prefix) -> None:
            refuse(_refusal(prefix + source, reason, ""))

        for entry in scan(delivery.root, refused):
            work.ctx.check()
            if delivery.prefix or not _is_archive(entry):
                label = clean_name(entry.label or "")[:MAX_LABEL].strip()
                yield File(entry.path, delivery.prefix + entry.source, entry.split or "", label)


def _refusal(source: str, reason: Reason, detail: str) -> Refusal:
    return Refusal(source, str(reason), reason.sentence, detail)


def _begin(work: Work, labels: list[str]) -> None:
    """Make the classes that folders name and the project lacks; note how many files there are."""
    project, notices = work.batch.project, []
    with transaction.atomic():
        if work.batch.labels != ImportBatch.Labels.IGNORE and labels:
            known = set(project.classes.filter(archived_at=None).values_list("name", flat=True))
            classes = add_classes(project=project, names=labels, actor=work.batch.created_by)
            work.class_ids = {label: row.pk for label, row in zip(labels, classes, strict=True)}
            groups = group_ids(project.pk) & set(work.class_ids.values())
            if groups:
                shown = ", ".join(label for label in labels if work.class_ids[label] in groups)
                notices.append(f"Groups of classes, which are no labels; pictures of these folders got none: {shown}.")
            new = [label for label in labels if label not in known]
            if new:
                shown = ", ".join(new[:10]) + (" …" if len(new) > 10 else "")
                notices.append(f"Classes made from folder names: {shown}.")
        run_batch(batch=work.batch, found=work.total, notices=notices)


# Decoding and inserting


def _decode_and_insert(work: Work, deliveries: list[Delivery]) -> None:
    under_way: deque[File] = deque()

    def paths() -> Iterator[Path]:
        for file in _fresh(work, deliveries):
            under_way.append(file)
            yield file.path

    arrivals: list[Arrival] = []
    refusals: list[Refusal] = []
    with Decoder(processes=DECODERS) as decoder:
        for result in decoder.process(paths()):
            outcome = _store(under_way.popleft(), result)
            if isinstance(outcome, Arrival):
                arrivals.append(outcome)
            else:
                refusals.append(outcome)
            if len(arrivals) + len(refusals) == CHUNK:
                _save(work, arrivals, refusals)
                arrivals, refusals = [], []
            work.done += 1
            work.ctx.progress(work.done, work.total, "files")
    _save(work, arrivals, refusals)


def _fresh(work: Work, deliveries: list[Delivery]) -> Iterator[File]:
    """Yield the files that no earlier attempt has recorded."""
    for files in _chunks(_files(work, deliveries), CHUNK):
        recorded = recorded_paths(work.batch, [file.source for file in files])
        fresh = [file for file in files if file.source not in recorded]
        work.done += len(files) - len(fresh)
        yield from fresh


def _store(file: File, result: Decoded | Rejected) -> Arrival | Refusal:
    """Put a decoded picture into storage; the catalogue follows with its chunk."""
    if isinstance(result, Rejected):
        return _refusal(file.source, result.reason, result.detail)
    made = result.derivatives
    derivatives = {"thumb": made.thumb.data, "model": made.model.data, "preview": made.preview.data}
    try:
        store_picture(file.path, result.sha256, derivatives)
    except BlobChanged:
        return _refusal(file.source, Reason.UNREADABLE, "the file changed while it was imported")
    except FileNotFoundError as error:
        if file.path.exists():
            raise
        return _refusal(file.source, Reason.UNREADABLE, error.strerror or "")
    return Arrival(
        path=file.source,
        split=file.split,
        folder_label=file.label,
        sha256=result.sha256,
        width=result.width,
        height=result.height,
        format=result.format,
        bytes=result.bytes,
    )


def _save(work: Work, arrivals: list[Arrival], refusals: list[Refusal]) -> None:
    """Record one chunk in short transactions."""
    reject_files(batch=work.batch, rows=refusals)
    if arrivals:
        settle()
        sources = insert_images(batch=work.batch, rows=arrivals)
        _label(work, [source for source in sources if source.folder_label and not source.suggests])


def _label(work: Work, sources: Iterable[ImageSource]) -> None:
    """Take class folders as labels; the batch's count moves with them."""
    if not work.trusted:
        return
    batch = work.batch
    pairs = {source.image_id: work.class_ids[source.folder_label] for source in sources}
    for part in _chunks(pairs.items(), LABEL_CHUNK):
        with transaction.atomic():
            labelled = record_import_labels(
                project=batch.project,
                user=batch.created_by or batch.project.created_by,
                pairs=part,
                batch_id=batch.pk,
            )
            ImportBatch.objects.filter(pk=batch.pk).update(labelled=F("labelled") + labelled)


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
