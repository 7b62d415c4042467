"""Every write to snapshots and exports: ask for one, write its file, make it visible, archive, remove."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.arrays import array_path, publish, remove
from annotator.common.errors import DomainError
from annotator.events.services import record_event
from annotator.images.models import Trust
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.projects.models import Project
from annotator.projects.services import next_change
from annotator.snapshots.models import Export, Snapshot, Split
from annotator.snapshots.selectors import BATCH, CONTENT, SCHEMA, SETS_SCHEMA, Row, canonical

DEFAULT_SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
IMPORTED = "imported"
ORPHAN_SECONDS = 24 * 3600  # no attempt lives this long between renaming its output and naming it in a row
WITH_PICTURES = (Export.Format.IMAGE_FOLDER, Export.Format.HUGGING_FACE)


def request_snapshot(
    *,
    project: Project,
    user: User | None,
    name: str = "",
    min_trust: int = Trust.IMPORTED,
    include_certified: bool = False,
    min_per_class: int | None = None,
    max_per_class: int | None = None,
    splits: dict[str, float] | str | None = None,
) -> Job:
    """Ask a worker to freeze the project's labels as they will be when it begins.

    Args:
        splits: shares of train, validation and test, which add up to one; or "imported", for the splits that came
            with the pictures, and the default shares for pictures that brought none.

    Raises:
        DomainError: the shares are not shares, a limit leaves nothing, or classes are limited where a picture may
            count for several.
    """
    if project.label_mode == Project.LabelMode.MULTI and (min_per_class or max_per_class):
        message = "Pictures of this project count for several classes at once, so classes cannot be limited in size."
        raise DomainError(message, errors={"min_per_class" if min_per_class else "max_per_class": [message]})
    settings = snapshot_settings(
        min_trust=min_trust,
        include_certified=include_certified,
        min_per_class=min_per_class,
        max_per_class=max_per_class,
        splits=splits,
    )
    name = name.strip() or f"Snapshot of {timezone.now():%Y-%m-%d %H:%M}"
    return enqueue(
        kind=JobKind.SNAPSHOT,
        project=project,
        title=f"Snapshot {name}"[:200],
        params={"name": name[:200], "settings": settings},
        created_by=user,
    )


def snapshot_settings(
    *,
    min_trust: int = Trust.IMPORTED,
    include_certified: bool = False,
    min_per_class: int | None = None,
    max_per_class: int | None = None,
    splits: dict[str, float] | str | None = None,
) -> dict[str, Any]:
    """Return what a worker must know to freeze, as JSON values; the arguments are those of `request_snapshot`.

    Raises:
        DomainError: the shares are not shares, or a limit leaves nothing.
    """
    splits = splits or DEFAULT_SHARES
    check_splits(splits)
    if min_per_class and max_per_class and min_per_class > max_per_class:
        message = "The least number of pictures per class is above the most."
        raise DomainError(message, errors={"min_per_class": [message]})
    return {
        "min_trust": Trust(min_trust).label,
        "include_certified": include_certified,
        "min_per_class": min_per_class,
        "max_per_class": max_per_class,
        "splits": splits,
    }


def check_splits(splits: dict[str, float] | str) -> None:
    """Raise DomainError unless these are shares of the three splits, or the word "imported"."""
    message = "Give the shares of train, validation and test, which add up to 1, or “imported”."
    if splits == IMPORTED:
        return
    if isinstance(splits, str) or set(splits) != set(Split.values):
        raise DomainError(message, errors={"splits": [message]})
    shares = list(splits.values())
    in_range = all(0 <= share <= 1 for share in shares)
    if not in_range or not math.isclose(sum(shares), 1, abs_tol=1e-6) or splits["train"] == 0:
        raise DomainError(message, errors={"splits": [message]})


class ContentWriter:
    """Writes a snapshot's rows to a Parquet file and hashes them. The same rows have the same hash on every host."""

    def __init__(self, draft: Path, *, several: bool = False) -> None:
        self._draft = draft
        self._schema = SETS_SCHEMA if several else SCHEMA
        self._digest = hashlib.sha256()
        self._file: pq.ParquetWriter | None = None

    def __enter__(self) -> ContentWriter:
        self._draft.mkdir(parents=True)
        self._file = pq.ParquetWriter(self._draft / CONTENT, self._schema, compression="zstd", write_statistics=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows, which are to come in order of position."""
        assert self._file is not None, "use it in a with statement"
        for row in rows:
            self._digest.update(canonical(row))
        self._file.write_table(pa.Table.from_pylist(list(rows), schema=self._schema), row_group_size=BATCH)

    @property
    def hash(self) -> str:
        """SHA-256, in hexadecimal, of the rows so far."""
        return self._digest.hexdigest()


def store_content(*, project_id: int, draft: Path, hash_: str, job: Job) -> str:
    """Move written rows to their place, unless another snapshot has the same; return the folder."""
    known = Snapshot.objects.filter(project_id=project_id, hash=hash_).values_list("folder", flat=True).first()
    if known is not None and (array_path(known) / CONTENT).exists():
        return known
    folder = f"snapshots/{project_id}/{hash_}-{job.pk}-{job.attempt}"
    publish(draft, folder)
    return folder


def publish_snapshot(
    *,
    job: Job,
    folder: str,
    hash_: str,
    rows: int,
    classes: list[Any],
    report: Any,
    name: str | None = None,
    settings: dict[str, Any] | None = None,
) -> Snapshot:
    """Make a stored snapshot visible under the project's next number, inside the caller's transaction.

    Args:
        name, settings: what was asked for; by default as the job's parameters say.
    """
    assert connection.in_atomic_block, "it becomes visible together with the end of its job"
    assert job.project_id is not None
    next_change(project_id=job.project_id)  # locks the project, so that numbers are given one by one
    last = Snapshot.objects.filter(project_id=job.project_id).aggregate(last=Max("number"))["last"] or 0
    snapshot = Snapshot.objects.create(
        project_id=job.project_id,
        number=last + 1,
        name=job.params["name"] if name is None else name,
        hash=hash_,
        folder=folder,
        rows=rows,
        classes=classes,
        settings=job.params["settings"] if settings is None else settings,
        report=report,
        created_by=job.created_by,
    )
    record_event(
        project_id=job.project_id,
        kind="snapshot_made",
        actor=job.created_by,
        snapshot=snapshot.pk,
        number=snapshot.number,
        name=snapshot.name,
        rows=rows,
    )
    return snapshot


@transaction.atomic
def archive_snapshot(*, snapshot: Snapshot, archived: bool, user: User) -> Snapshot:
    """Put a snapshot out of sight, or bring it back; what it holds stays as it is."""
    if (snapshot.archived_at is not None) != archived:
        snapshot.archived_at = timezone.now() if archived else None
        snapshot.save(update_fields=["archived_at"])
        kind = "snapshot_archived" if archived else "snapshot_restored"
        record_event(project_id=snapshot.project_id, kind=kind, actor=user, number=snapshot.number, name=snapshot.name)
    return snapshot


def request_export(
    *,
    snapshot: Snapshot,
    user: User | None,
    format: str,  # noqa: A002 - it is what people and the API call it
    archive: str = Export.Archive.ZIP,
    pictures: str = Export.Pictures.ORIGINAL,
) -> Job:
    """Ask a worker to write a snapshot as a file. `archive` and `pictures` matter to formats that hold files.

    Raises:
        DomainError: a format with a folder for each class, where pictures may have several labels.
    """
    has_pictures = format in WITH_PICTURES
    if has_pictures and snapshot.project.label_mode == Project.LabelMode.MULTI:
        message = (
            "A folder for each class needs one label a picture, and pictures of this project may have several. "
            "Choose CSV, JSON lines, Parquet or arrays, which hold all labels."
        )
        raise DomainError(message, errors={"format": [message]})
    params = {
        "snapshot": snapshot.pk,
        "format": str(format),
        "archive": str(archive) if has_pictures or format == Export.Format.ARRAYS else "",
        "pictures": str(pictures) if has_pictures else "",
    }
    return enqueue(
        kind=JobKind.EXPORT,
        project=snapshot.project,
        title=f"Export {snapshot.name} as {Export.Format(format).label}"[:200],
        params=params,
        created_by=user,
    )


def publish_export(*, job: Job, folder: str, filename: str, size: int, sha256: str) -> Export:
    """Make a stored export visible, inside the caller's transaction."""
    assert connection.in_atomic_block, "it becomes visible together with the end of its job"
    assert job.project_id is not None
    export = Export.objects.create(
        project_id=job.project_id,
        snapshot_id=job.params["snapshot"],
        format=job.params["format"],
        archive=job.params["archive"],
        pictures=job.params["pictures"],
        folder=folder,
        filename=filename,
        bytes=size,
        sha256=sha256,
        created_by=job.created_by,
    )
    record_event(
        project_id=job.project_id, kind="export_made", actor=job.created_by, export=export.pk, filename=filename
    )
    return export


def remove_export(*, export: Export) -> None:
    """Delete an export and its file; the snapshot stays, so it can be made again."""
    folder = export.folder
    export.delete()
    remove([folder])


def collect_garbage(project_id: int) -> int:
    """Delete stored snapshots and exports that no row names, left by attempts that died; return how many."""
    named = set(Snapshot.objects.filter(project_id=project_id).values_list("folder", flat=True))
    named |= set(Export.objects.filter(project_id=project_id).values_list("folder", flat=True))
    oldest = time.time() - ORPHAN_SECONDS
    found = [
        f"{kind}/{project_id}/{path.name}"
        for kind in ("snapshots", "exports")
        for path in array_path(f"{kind}/{project_id}").glob("*")
        if path.stat().st_mtime < oldest
    ]
    orphans = [folder for folder in found if folder not in named]
    remove(orphans)
    return len(orphans)
