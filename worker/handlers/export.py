"""Export: write a snapshot as one file, whole or not at all. The same snapshot makes the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction

from annotator.accounts.models import User
from annotator.common.arrays import publish
from annotator.common.blobs import ORIGINAL, BlobChanged, local_path
from annotator.common.responses import safe_cell
from annotator.images.models import Image, Trust
from annotator.images.selectors import active_space, embeddings, score_reader
from annotator.projects.models import Project
from annotator.snapshots.models import Export, Snapshot, Split
from annotator.snapshots.selectors import Row, content_rows
from annotator.snapshots.services import collect_garbage, publish_export
from worker.formats.arrays import EMBEDDINGS, PREDICTIONS, EmbeddingsFile, PredictionsFile
from worker.formats.card import Card, ClassCount
from worker.formats.image_folder import HuggingFace, ImageFolder
from worker.formats.naming import class_folders, safe_name
from worker.formats.packing import ARCHIVES
from worker.formats.tables import CsvTable, JsonLinesTable, ParquetTable, Record, Table
from worker.runner import JobContext, JobFailed

LAYOUTS: dict[str, type[ImageFolder]] = {
    Export.Format.IMAGE_FOLDER: ImageFolder,
    Export.Format.HUGGING_FACE: HuggingFace,
}
PREVIEW = "JPEG"  # what every preview is
TOP = 10  # predictions of a picture
TRUST = dict(Trust.choices)


@dataclass
class Work:
    """What the steps of one attempt share."""

    ctx: JobContext
    snapshot: Snapshot
    done: int = 0

    @cached_property
    def annotators(self) -> dict[int, str]:
        """Usernames of the project's people."""
        return dict(User.objects.values_list("id", "username"))

    @property
    def several(self) -> bool:
        """Whether pictures may have several labels."""
        return self.snapshot.project.label_mode == Project.LabelMode.MULTI

    @property
    def folders(self) -> dict[str, str]:
        """Folder of each class, in class order."""
        return class_folders([row["name"] for row in self.snapshot.classes])

    def batches(self) -> Iterator[list[Row]]:
        """Yield the snapshot's rows, and look for a request to cancel between batches."""
        for rows in content_rows(self.snapshot):
            self.ctx.check()
            yield rows

    def report(self, count: int) -> None:
        """Tell that so many more pictures are written."""
        self.done += count
        self.ctx.progress(self.done, self.snapshot.rows, "pictures")

    def record(self, row: Row) -> Record:
        """Return a row as exports show it, people by name."""
        annotator = row["annotator_id"]
        return Record(
            file="",
            sha256=row["sha256"],
            label=row["label"],
            trust=TRUST[row["trust"]],
            split=row["split"],
            origin=row["origin"],
            annotator="" if annotator is None else self.annotators.get(annotator, ""),
            suggestion=row["suggestion"] or "",
            confidence=row["suggestion_confidence"],
            head=row["suggestion_head"] or "",
            source=row["source"],
            position=row["position"],
            group=row["group"],
            blind=row["blind"],
            labels=tuple(row.get("labels") or ()),
            absent=tuple(row.get("absent") or ()),
        )


def handle(ctx: JobContext) -> dict[str, Any]:
    """Write the export; its row and the end of the job become visible together."""
    snapshot = Snapshot.objects.filter(project=ctx.project, pk=ctx.params["snapshot"]).first()
    if snapshot is None:
        raise JobFailed("snapshot_gone", "The snapshot is not there any more.", "Make another one.")
    work = Work(ctx, snapshot)
    chosen, archive = ctx.params["format"], ctx.params["archive"]
    filename = f"{safe_name(ctx.project.name)}-{snapshot.number}-{chosen}.{archive or chosen}"
    draft = ctx.attempt_dir / "export"
    draft.mkdir()
    _write(work, draft / filename)
    size, sha256 = (draft / filename).stat().st_size, _sha256_of(draft / filename)
    folder = f"exports/{ctx.project.pk}/{ctx.job.pk}-{ctx.attempt}"
    publish(draft, folder)
    with transaction.atomic():
        export = publish_export(job=ctx.job, folder=folder, filename=filename, size=size, sha256=sha256)
        result = {"export": export.pk, "filename": filename, "bytes": size, "sha256": sha256}
        ctx.succeed(result)
    collect_garbage(ctx.project.pk)
    return result


def _write(work: Work, path: Path) -> None:
    chosen = work.ctx.params["format"]
    if chosen in LAYOUTS:
        _write_pictures(work, path, LAYOUTS[chosen])
    elif chosen == Export.Format.ARRAYS:
        _write_arrays(work, path)
    else:
        _write_table(work, _table(chosen, path, several=work.several))


def _sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _table(chosen: str, path: Path, *, several: bool) -> Table:
    if chosen == Export.Format.CSV:
        return CsvTable(path, safe_cell, several=several)
    kind = JsonLinesTable if chosen == Export.Format.JSONL else ParquetTable
    return kind(path, several=several)


def _write_table(work: Work, table: Table) -> None:
    with table:
        for rows in work.batches():
            table.add([work.record(row) for row in rows])
            work.report(len(rows))


# Pictures


def _write_pictures(work: Work, path: Path, layout: type[ImageFolder]) -> None:
    variant = work.ctx.params["pictures"]
    with (
        path.open("wb") as file,
        ARCHIVES[work.ctx.params["archive"]](file, work.ctx.attempt_dir) as archive,
        layout(archive, work.ctx.attempt_dir, work.folders, safe_cell) as pictures,
    ):
        for rows in work.batches():
            formats = _formats(work, rows) if variant == ORIGINAL else {}
            for row in rows:
                _add_picture(work, pictures, row, formats.get(row["position"], PREVIEW))
        pictures.finish(_card(work, layout.contents))


def _formats(work: Work, rows: list[Row]) -> dict[int, str]:
    """Return the format of each picture's original by position."""
    positions = [row["position"] for row in rows]
    images = Image.objects.filter(project=work.snapshot.project_id, position__range=(positions[0], positions[-1]))
    return dict(images.values_list("position", "format"))


def _add_picture(work: Work, pictures: ImageFolder, row: Row, picture_format: str) -> None:
    """Append one picture; an original is verified on the way.

    Raises:
        JobFailed: the picture is gone or damaged.
    """
    variant, source = work.ctx.params["pictures"], row["source"]
    hint = "Import it again under the same name, or make a snapshot without it."
    try:
        path = local_path(row["sha256"], variant)
        record = pictures.add(work.record(row), path, picture_format)
    except FileNotFoundError as error:
        raise JobFailed("picture_missing", f"The file of the picture “{source}” is gone.", hint) from error
    except BlobChanged as error:
        raise JobFailed("picture_damaged", f"The file of the picture “{source}” is damaged.", hint) from error
    if variant == ORIGINAL and record.sha256 != row["sha256"]:
        raise JobFailed("picture_damaged", f"The file of the picture “{source}” is damaged.", hint)
    work.report(1)


def _card(work: Work, contents: tuple[tuple[str, str], ...]) -> Card:
    """Tell what the snapshot is. No clock of the export, so that the same snapshot makes the same bytes."""
    snapshot, folders = work.snapshot, work.folders
    asked, report = snapshot.settings, snapshot.report
    splits = asked["splits"]
    shares = splits if isinstance(splits, str) else ", ".join(f"{name} {share:g}" for name, share in splits.items())
    classes = [
        ClassCount(row["name"], folders[row["name"]], tuple(row[name] for name in Split.values))
        for row in snapshot.classes
    ]
    facts = [
        ("project", work.ctx.project.name),
        ("snapshot", f"{snapshot.number}, {snapshot.name}"),
        ("frozen at", f"{snapshot.created_at:%Y-%m-%d %H:%M} UTC"),
        ("content (SHA-256)", snapshot.hash),
        ("least trust", asked["min_trust"]),
        ("certified labels", "included" if asked["include_certified"] else "not included"),
        ("splits", shares),
        ("pictures", work.ctx.params["pictures"]),
        ("made with", f"Annotator {settings.VERSION}"),
    ]
    return Card(work.ctx.project.name, classes, facts, _notes(report), contents)


def _notes(report: dict[str, Any]) -> list[str]:
    """Say what the snapshot's report says."""
    left_out, similar = report["left_out"], report["look_alikes"]
    notes = [f"Class left out for being small: {name} ({count})." for name, count in left_out["small_classes"].items()]
    if left_out.get("above_maximum"):
        notes.append(f"{left_out['above_maximum']} pictures above the most per class were left out.")
    if report["groups_moved"]:
        notes.append(f"{report['groups_moved']} duplicate groups were kept together in one split.")
    if similar is not None:
        notes.append(
            f"{similar['pairs']} pairs of a training and a test picture look alike (cosine similarity of at least "
            f"{similar['threshold']}; {similar['test_compared']} of {similar['test']} test pictures were compared)."
        )
    return notes


# Arrays


def _write_arrays(work: Work, path: Path) -> None:
    """Write labels, embeddings and predictions, row by row in the same order.

    Raises:
        JobFailed: nothing is embedded yet.
    """
    scratch = work.ctx.attempt_dir
    labels = "labels.parquet"
    space = active_space(work.ctx.project.pk)
    if space is None:
        raise JobFailed("nothing_embedded", "Nothing is embedded yet.", "Wait for the embedding to end.")
    vectors, scores = embeddings(space), score_reader(work.ctx.project.pk)
    names = dict(work.ctx.project.classes.values_list("id", "name"))
    with (
        ParquetTable(scratch / labels, several=work.several) as table,
        EmbeddingsFile(scratch / EMBEDDINGS, work.snapshot.rows, vectors.shape[1]) as embedded,
        PredictionsFile(scratch / PREDICTIONS) as predicted,
    ):
        for rows in work.batches():
            table.add([work.record(row) for row in rows])
            position = np.array([row["position"] for row in rows])
            part = np.zeros((len(rows), vectors.shape[1]), np.float16)  # zero: not embedded, or unreadable
            part[position < vectors.shape[0]] = vectors.rows(position[position < vectors.shape[0]])
            embedded.add(part)
            if scores is not None:
                predicted.add(
                    [
                        (place, scores.name_at(place), [(names[label], p) for label, p in scores.top(place, TOP)])
                        for place in position.tolist()
                    ]
                )
            work.report(len(rows))
    with path.open("wb") as file, ARCHIVES[work.ctx.params["archive"]](file, work.ctx.attempt_dir) as archive:
        for name in (labels, EMBEDDINGS, PREDICTIONS):
            archive.add(name, scratch / name)
