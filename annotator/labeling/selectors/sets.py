"""Reads of label sets: what is known to be present in, and absent from, pictures that may have several labels."""

from __future__ import annotations

import numpy as np

from annotator.images.models import Image
from annotator.images.selectors import Columns
from annotator.labeling.models import ImageLabel
from annotator.projects.models import Project

PRESENT, ABSENT, UNKNOWN = 1, 0, -1
FETCH = 5000


def present_labels(image: Image) -> list[int]:
    """Return ids of the classes that a picture has now, the one that it mirrors first."""
    ids = ImageLabel.objects.filter(image=image, present=True).order_by("id").values_list("label_class", flat=True)
    return list(ids)


def labels_where(project: Project, cols: Columns, mask: np.ndarray) -> np.ndarray:
    """Return the class ids of the pictures of a mask (bool [n] over positions), int64: one each, or all that they have.

    0 stands for a picture without a label where a picture has one.
    """
    if project.label_mode != Project.LabelMode.MULTI:
        return cols.label[mask]
    rows = ImageLabel.objects.filter(image__project=project, image__archived_at=None, present=True)
    read = rows.values_list("image__position", "label_class_id").iterator(FETCH)
    said = np.fromiter(read, np.dtype([("position", np.int64), ("label", np.int64)]))
    said = said[said["position"] < len(mask)]
    return said["label"][mask[said["position"]]]


def label_targets(project: Project, positions: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return int8 [n, C]: whether each of `classes` (ids) is present (1) or absent (0), or nobody has said (-1).

    positions int64 [n], ascending.
    """
    targets = np.full((len(positions), len(classes)), UNKNOWN, np.int8)
    if not targets.size:
        return targets
    rows = ImageLabel.objects.filter(image__project=project, image__archived_at=None)
    read = rows.values_list("image__position", "label_class_id", "present").iterator(FETCH)
    said = np.fromiter(read, np.dtype([("position", np.int64), ("label", np.int64), ("present", np.int8)]))
    order = np.argsort(classes)
    row = np.searchsorted(positions, said["position"]).clip(max=len(positions) - 1)
    column = order[np.searchsorted(classes, said["label"], sorter=order).clip(max=len(classes) - 1)]
    asked = (positions[row] == said["position"]) & (classes[column] == said["label"])
    targets[row[asked], column[asked]] = said["present"][asked]
    return targets


def assume_absent(targets: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return targets [n, C] in which what a person left unsaid counts as absent, where too little else was said.

    whole bool [n]: a person named the picture's whole set. A class that was said to be present more often than it was
    verified to be absent would look as if it were everywhere; "assume negative" of Cole et al. 2021, "Multi-Label
    Learning from Single Positive Labels", section 4.
    """
    seldom = (targets == ABSENT).sum(axis=0) < (targets == PRESENT).sum(axis=0)
    unsaid = (targets == UNKNOWN) & whole[:, None] & seldom
    return np.where(unsaid, ABSENT, targets).astype(np.int8)
