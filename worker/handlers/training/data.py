"""A snapshot's pictures as training and evaluation read them, and which of them are left out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from annotator.common.blobs import BlobChanged, local_path
from annotator.snapshots.models import Snapshot, Split
from annotator.snapshots.selectors import read_columns
from worker.handlers.training.workdir import Workdir
from worker.ml.embed import DECODERS, decode
from worker.ml.train import OnAside, TrainData
from worker.runner import JobFailed

CHUNK = 256  # pictures looked at between two reports
COLUMNS = ("position", "sha256", "label_id", "split", "blind")


@dataclass(frozen=True)
class Material:
    """What a run works with; `train.labels` is −1 for a class that nothing can be learned of."""

    train: TrainData
    class_ids: tuple[int, ...]  # [C] of the model, in class order
    names: dict[int, str]  # of all classes of the snapshot: the model's, then those without training pictures
    position: npt.NDArray[np.int64]  # [n]
    label: npt.NDArray[np.int64]  # [n] class ids
    test: npt.NDArray[np.int64]  # rows
    blind: npt.NDArray[np.bool_]  # [n]
    left_out: dict[str, Any] = field(default_factory=dict)


def read_material(snapshot: Snapshot, workdir: Workdir, report: OnAside) -> Material:
    """Read a snapshot's rows and find their pictures.

    Pictures that cannot be read, and classes without a training picture, are left out, the latter from training and
    validation only: whoever cannot know a class is wrong about its test pictures.

    Raises:
        JobFailed: fewer than two classes have training pictures that can be read, or pictures vanished meanwhile.
    """
    rows = read_columns(snapshot, COLUMNS)
    paths = _paths(rows["sha256"], report)
    readable = _readable(rows["position"], paths, workdir, report)
    pictures = [path for path, fine in zip(paths, readable, strict=True) if fine]
    label, split, blind = (rows[name][readable] for name in ("label_id", "split", "blind"))
    classes = {row["id"]: row["name"] for row in snapshot.classes}
    learned = [class_id for class_id in classes if np.any((label == class_id) & (split == Split.TRAIN))]
    _check_enough(learned, classes, lost=int(np.sum(~readable)))
    workdir.keep_unreadable(rows["position"][~readable])
    column = {class_id: number for number, class_id in enumerate(learned)}
    labels = np.array([column.get(class_id, -1) for class_id in label.tolist()], np.int64)
    unknown = {classes[class_id]: int(np.sum(label == class_id)) for class_id in classes if class_id not in column}
    train = TrainData(
        pictures=_all_there(pictures),
        labels=labels,
        classes=tuple(classes[class_id] for class_id in learned),
        train=np.flatnonzero(split == Split.TRAIN),
        validation=np.flatnonzero((split == Split.VALIDATION) & (labels >= 0)),
    )
    return Material(
        train=train,
        class_ids=tuple(learned),
        names={
            class_id: classes[class_id] for class_id in (*learned, *(each for each in classes if each not in column))
        },
        position=rows["position"][readable],
        label=label.astype(np.int64),
        test=np.flatnonzero(split == Split.TEST),
        blind=blind.astype(np.bool_),
        left_out={"unreadable": int(np.sum(~readable)), "classes_without_training": unknown},
    )


def _paths(hashes: npt.NDArray[np.object_], report: OnAside) -> list[Path | None]:
    """Return the derivative that models read of each picture, fetched if need be; None where there is none."""
    paths: list[Path | None] = []
    for number, sha256 in enumerate(hashes.tolist()):
        try:
            paths.append(local_path(sha256, "model"))
        except (FileNotFoundError, BlobChanged):
            paths.append(None)
        if number % CHUNK == 0:
            report("finding the pictures", number, len(hashes))
    return paths


def _readable(
    position: npt.NDArray[np.int64], paths: list[Path | None], workdir: Workdir, report: OnAside
) -> npt.NDArray[np.bool_]:
    """Say of each picture whether it can be decoded: as the first attempt found, so that all have the same data."""
    known = workdir.unreadable()
    if known is not None:
        return ~np.isin(position, known)
    fine = np.zeros(len(paths), np.bool_)
    with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as pool:
        for start in range(0, len(paths), CHUNK):
            part = paths[start : start + CHUNK]
            fine[start : start + CHUNK] = list(pool.map(_decodes, part))
            report("reading the pictures", start + len(part), len(paths))
    return fine


def _all_there(paths: list[Path | None]) -> list[Path]:
    there = [path for path in paths if path is not None]
    if len(there) < len(paths):
        raise JobFailed(
            "picture_unreadable",
            f"{len(paths) - len(there)} pictures that this run learns from are gone since it began.",
            "Restore the picture storage and try again, or start another run, which does without them.",
        )
    return there


def _decodes(path: Path | None) -> bool:
    return path is not None and decode(path) is not None


def _check_enough(learned: list[int], classes: dict[int, str], *, lost: int) -> None:
    if len(learned) >= 2:
        return
    only = f" ({classes[learned[0]]})" if learned else ""
    unreadable = f" {lost} pictures cannot be read any more." if lost else ""
    raise JobFailed(
        "too_few_classes",
        f"The training part has pictures of {len(learned)} class{'' if learned else 'es'}{only}; training needs two."
        f"{unreadable}",
        "Restore the picture storage, then try again." if lost else "Label pictures of more classes, then train again.",
    )
