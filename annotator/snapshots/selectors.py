"""Reads of snapshots: what would be frozen now, and the rows of what was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.db.models import OuterRef, QuerySet, Subquery

from annotator.common.arrays import array_path
from annotator.images.models import Image, ImageSource, Trust
from annotator.images.selectors import ScoreReader
from annotator.labeling.models import Annotation, ImageLabel
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot, Split

CONTENT = "content.parquet"
BATCH = 5000
DIGITS = 4  # of a confidence, which is float16 to begin with

SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("label_id", pa.int64(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("trust", pa.int8(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("blind", pa.bool_(), nullable=False),
        pa.field("group", pa.int64(), nullable=False),
        pa.field("origin", pa.string(), nullable=False),
        pa.field("annotator_id", pa.int64()),
        pa.field("suggestion_head", pa.string()),
        pa.field("suggestion", pa.string()),
        pa.field("suggestion_confidence", pa.float64()),
    ]
)
# Of a project in which pictures may have several labels; `label` is then the first, or empty.
SETS_SCHEMA = pa.schema(
    [
        *SCHEMA,
        pa.field("labels", pa.list_(pa.string()), nullable=False),
        pa.field("absent", pa.list_(pa.string()), nullable=False),
    ]
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Candidates:
    """Labelled pictures as one statement read them, in order of position; all arrays are n long.

    Attributes:
        position, image_id, label, group: int64; label 0 where pictures may have several, and this has none.
        lot: int64, the draw of the *group's* first picture.
        trust: int8.
        protected: bool, reserve or hold-out.
        blind: bool, an answered picture of the reserve.
        imported: int8, index into `Split` of the split that came with the picture, −1 for none.
        said: int64, the annotation that the label stems from, 0 for none.
        sha256: bytes [64].
    """

    position: np.ndarray
    image_id: np.ndarray
    label: np.ndarray
    group: np.ndarray
    lot: np.ndarray
    trust: np.ndarray
    protected: np.ndarray
    blind: np.ndarray
    imported: np.ndarray
    said: np.ndarray
    sha256: np.ndarray

    def __len__(self) -> int:
        return len(self.position)

    def of(self, chosen: np.ndarray) -> Candidates:
        """Return only the chosen ones (bool [n], or indices)."""
        return Candidates(**{name: array[chosen] for name, array in vars(self).items()})


_RECORD = np.dtype(
    [
        *[(name, np.int64) for name in ("position", "image_id", "label", "group", "lot", "said")],
        *[(name, np.int8) for name in ("trust", "imported")],
        *[(name, np.bool_) for name in ("protected", "blind")],
        ("sha256", "S64"),
    ]
)


def candidates(project: Project, *, min_trust: int) -> Candidates:
    """Return the pictures whose label is trusted enough. One statement reads them, so they are of one moment."""
    newest = Annotation.objects.filter(image=OuterRef("pk"), applied=True, undone_by=None).order_by("-id")
    head = Image.objects.filter(project=project, position=OuterRef("group"))
    images = Image.objects.present().filter(project=project, trust__gte=max(min_trust, Trust.IMPORTED))
    if project.label_mode == Project.LabelMode.SINGLE:
        images = images.exclude(label=None)
    images = images.order_by("position")
    images = images.annotate(said=Subquery(newest.values("pk")[:1]), group_lot=Subquery(head.values("lot")[:1]))
    fields = ("position", "pk", "label_id", "group", "group_lot", "lot", "said", "trust", "split", "reserve")
    read = images.values_list(*fields, "holdout_id", "sha256").iterator(BATCH)
    rows = np.fromiter((_record(row) for row in read), _RECORD)
    return Candidates(**{name: np.ascontiguousarray(rows[name]) for name in Candidates.__dataclass_fields__})


def _record(row: tuple[Any, ...]) -> tuple[Any, ...]:
    position, image_id, label, group, group_lot, lot, said, trust, split, reserve, holdout, sha256 = row
    numbers = (position, image_id, label or 0, group, lot if group_lot is None else group_lot, said or 0)
    imported = Split.values.index(split) if split in Split.values else -1
    blind = reserve and trust >= Trust.PAGE_VERIFIED
    return (*numbers, trust, imported, reserve or holdout is not None, blind, sha256)


class Provenance:
    """Looks up where labels and suggestions come from, a batch of pictures at a time; all labels with `several`."""

    def __init__(self, names: dict[int, str], scores: ScoreReader | None, *, several: bool = False) -> None:
        self.names = names
        self.scores = scores
        self.several = several

    def rows(self, chosen: Candidates, split: np.ndarray) -> list[Row]:
        """Return the rows of a snapshot for these pictures; `split` int8 [n] are indices into `Split`."""
        sources = _first_sources(chosen.image_id.tolist())
        answers = Annotation.objects.in_bulk(chosen.said[chosen.said > 0].tolist())
        sets = _sets(chosen.image_id.tolist(), self.names) if self.several else {}
        places = zip(*(getattr(chosen, name).tolist() for name in ("position", "label", "trust", "blind")), strict=True)
        rows = []
        for number, (position, label, trust, blind) in enumerate(places):
            said = answers.get(int(chosen.said[number]))
            head, suggestion, confidence = self._suggestion(position, said)
            row = {
                "position": position,
                "sha256": chosen.sha256[number].decode(),
                "source": sources.get(int(chosen.image_id[number]), ""),
                "label_id": label,
                "label": self.names[label] if label else "",
                "trust": trust,
                "split": Split.values[split[number]],
                "blind": blind,
                "group": int(chosen.group[number]),
                "origin": said.origin if said else "",
                "annotator_id": said.user_id if said else None,
                "suggestion_head": head,
                "suggestion": suggestion,
                "suggestion_confidence": confidence,
            }
            if self.several:
                row["labels"], row["absent"] = sets.get(int(chosen.image_id[number]), ([], []))
            rows.append(row)
        return rows

    def _suggestion(self, position: int, said: Annotation | None) -> tuple[str | None, str | None, float | None]:
        """What the machine said: as it stood on the screen when the label was given, else what it says now."""
        if said is not None and said.suggestion_class_id in self.names:
            confidence = said.suggestion_confidence
            shown = None if confidence is None else round(confidence, DIGITS)
            return said.suggestion_model, self.names[said.suggestion_class_id], shown
        best = self.scores.top(position, 1) if self.scores is not None else []
        if self.scores is None or not best or best[0][0] not in self.names:
            return None, None, None
        return self.scores.name_at(position), self.names[best[0][0]], round(best[0][1], DIGITS)


def _sets(image_ids: Sequence[int], names: dict[int, str]) -> dict[int, tuple[list[str], list[str]]]:
    """Names of the classes that each picture has, the first as it was said first, and of those verified absent."""
    rows = ImageLabel.objects.filter(image__in=image_ids).order_by("id")
    found: dict[int, tuple[list[str], list[str]]] = {}
    for image_id, label, present in rows.values_list("image_id", "label_class_id", "present"):
        labels, absent = found.setdefault(image_id, ([], []))
        (labels if present else absent).append(names[label])
    return found


def _first_sources(image_ids: Sequence[int]) -> dict[int, str]:
    sources = ImageSource.objects.filter(image__in=image_ids).order_by("-id")
    return dict(sources.values_list("image_id", "path"))  # the earliest comes last, and stays


def canonical(row: Row) -> bytes:
    """Return a row as the JSON line that a snapshot's hash is taken over: keys in order of the schema, no spaces."""
    values = {name: row[name] for name in SETS_SCHEMA.names if name in row}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def content_path(snapshot: Snapshot) -> Path:
    """Return the snapshot's Parquet file."""
    return array_path(snapshot.folder) / CONTENT


def read_columns(snapshot: Snapshot, columns: Sequence[str]) -> dict[str, np.ndarray]:
    """Return whole columns of a snapshot, in order of position; text is an object array."""
    table = pq.read_table(content_path(snapshot), columns=list(columns))
    return {name: table.column(name).to_numpy() for name in columns}


def content_rows(snapshot: Snapshot) -> Iterator[list[Row]]:
    """Yield a snapshot's rows in batches, in order of position."""
    with pq.ParquetFile(content_path(snapshot)) as file:
        for batch in file.iter_batches(BATCH):
            yield batch.to_pylist()


def page_of_rows(
    snapshot: Snapshot, *, after: int, limit: int, split: str = "", label: int | None = None
) -> tuple[list[Row], int | None]:
    """Return up to `limit` rows beyond position `after`, and the position to go on after (None at the end)."""
    found: list[Row] = []
    with pq.ParquetFile(content_path(snapshot)) as file:
        for number in range(file.num_row_groups):
            if file.metadata.row_group(number).column(0).statistics.max <= after:
                continue
            for row in file.read_row_group(number).to_pylist():
                fits = split in ("", row["split"]) and label in (None, row["label_id"])
                if row["position"] > after and fits:
                    found.append(row)
                if len(found) > limit:
                    return found[:limit], found[limit - 1]["position"]
    return found, None


def snapshots_of(project: Project) -> QuerySet[Snapshot]:
    """The project's snapshots, archived ones included."""
    return Snapshot.objects.filter(project=project).select_related("created_by")
