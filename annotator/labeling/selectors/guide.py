"""What helps to tell classes apart: a class's guide in pictures, and the labelled pictures nearest to one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.db.models import QuerySet

from annotator.images.models import Image, Trust
from annotator.images.selectors import Columns, LookAlikes, columns, labelled_look_alikes, score_reader
from annotator.labeling.models import ClassExample, ImageLabel, Task
from annotator.projects.models import LabelClass, Project

SHOWN = 8  # pictures of each side of a guide


@dataclass(frozen=True)
class GuidePicture:
    """One picture of a guide, with the note of whoever pinned it."""

    image: Image
    note: str = ""
    pinned: bool = False


@dataclass(frozen=True)
class Guide:
    """Pictures that show a class, and pictures that do not although one may think so; at most `SHOWN` of each."""

    shows: list[GuidePicture]
    differs: list[GuidePicture]


def guide(project: Project, label_class: LabelClass) -> Guide:
    """Put a class's guide together: pinned pictures first, then trusted ones, the most trusted first."""
    pinned = list(_pinned(label_class))
    taken = {row.image_id for row in pinned}
    sides = []
    for shows, further in zip((True, False), _trusted(project, label_class), strict=True):
        side = [GuidePicture(row.image, row.note, pinned=True) for row in pinned if row.shows == shows][:SHOWN]
        ids = [image_id for image_id in further if image_id not in taken][: SHOWN - len(side)]
        rows = Image.objects.present().prefetch_related("sources").in_bulk(ids)
        sides.append(side + [GuidePicture(rows[image_id]) for image_id in ids if image_id in rows])
    return Guide(*sides)


def _pinned(label_class: LabelClass) -> QuerySet[ClassExample]:
    """What is pinned and may still be shown: a picture can be archived, or be held out, afterwards."""
    rows = ClassExample.objects.filter(label_class=label_class, image__archived_at=None, image__holdout=None)
    return rows.select_related("image").prefetch_related("image__sources").order_by("pk")


def _trusted(project: Project, label_class: LabelClass) -> tuple[list[int], list[int]]:
    """Ids of trusted pictures of the class, and of those that are not of it; more than are shown, best first."""
    cols = columns(project.pk)
    usable = cols.present & ~cols.holdout & ~cols.reserve & (cols.trust > Trust.CERTIFIED)
    if project.label_mode == Project.LabelMode.MULTI:
        return _said(cols, usable, label_class, present=True), _said(cols, usable, label_class, present=False)
    confidence = np.zeros(cols.length, np.float32)
    taken_for = np.zeros(cols.length, np.bool_)
    reader = score_reader(project.pk)
    if reader is not None:
        n = min(reader.length, cols.length)
        best, sure = reader.top1()
        taken_for[:n] = best[:n] == label_class.pk
        confidence[:n] = np.where(taken_for[:n], sure[:n], 0)
    own = cols.label == label_class.pk
    return _best(cols, usable & own, confidence), _best(cols, usable & ~own & taken_for, confidence)


def _best(cols: Columns, fits: np.ndarray, confidence: np.ndarray) -> list[int]:
    """Image ids of the most trusted, and among them of those that the model is surest of."""
    found = np.flatnonzero(fits)
    order = np.lexsort((-confidence[found], -cols.trust[found]))
    ids: list[int] = cols.image_id[found[order[: 4 * SHOWN]]].tolist()
    return ids


def _said(cols: Columns, usable: np.ndarray, label_class: LabelClass, *, present: bool) -> list[int]:
    """Image ids where people said that the class is present, or absent, the most trusted first."""
    rows = ImageLabel.objects.filter(label_class=label_class, present=present, trust__gt=Trust.CERTIFIED)
    found = rows.order_by("-trust", "-image").values_list("image", "image__position")[: 16 * SHOWN]
    return [image_id for image_id, position in found if position < cols.length and usable[position]][: 4 * SHOWN]


def labelled_neighbours(image: Image, count: int) -> LookAlikes:
    """Return the trusted pictures nearest to one; none for a picture that is to be answered blind."""
    waiting = (Task.State.OPEN, Task.State.LEASED)
    if Task.objects.filter(image=image, blind=True, state__in=waiting).exists():
        return LookAlikes(np.zeros(0, np.int64), np.zeros(0, np.float32), "blind")
    return labelled_look_alikes(image, count)
