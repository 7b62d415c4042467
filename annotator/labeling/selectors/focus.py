"""Which pictures a lead's focus points the queue at, and whose focus counts for whom."""

from __future__ import annotations

import numpy as np
from django.db.models import F
from django.utils import timezone

from annotator.accounts.models import User
from annotator.images.models import Trust
from annotator.images.selectors import columns, score_reader
from annotator.labeling.models import Annotation, QueueFocus, Task
from annotator.projects.models import Project
from annotator.projects.selectors import label_classes

LIKELY = 0.5  # where a picture may have several labels: confidence from which on a class is likely
COUNTED = 2_000  # pictures of which those that people set aside are told apart one by one
CHUNK = 500  # ids in one query


def focuses_for(project: Project, user: User) -> list[QueueFocus]:
    """Return what the queue is pointed at for a person: the own focus first, then everybody's."""
    rows = QueueFocus.objects.filter(project=project).select_related("user", "created_by", "label_class")
    return list(rows.filter(user=user)) + list(rows.filter(user=None))


def all_focuses(project: Project) -> list[QueueFocus]:
    """Return everybody's focus and each person's."""
    rows = QueueFocus.objects.filter(project=project).select_related("user", "created_by", "label_class")
    return list(rows.order_by(F("user__username").asc(nulls_first=True)))


def current_focus(project: Project, user: User) -> tuple[QueueFocus, int] | None:
    """Return the focus that a person's pictures come from, and how many wait in it; None without any.

    It is the first with a picture left. Where none has, it is the first, with 0: the queue is back in its own order.
    """
    found = [(focus, waiting(focus, user)) for focus in focuses_for(project, user)]
    return next((pair for pair in found if pair[1]), found[0] if found else None)


def focused(focus: QueueFocus) -> np.ndarray:
    """Return positions (int64) of the pool's pictures that a focus is about, the most doubtful first.

    Without a suggestion nothing is more doubtful. No row is read, so this takes milliseconds at a million pictures.
    """
    cols = columns(focus.project_id)
    fits = cols.present & ~cols.reserve & ~cols.holdout & (cols.trust == Trust.NONE)
    if "batch" in focus.filter:
        fits &= cols.batch == focus.filter["batch"]
    confidence = np.zeros(cols.length, np.float32)
    likely = _confidences(focus, confidence)
    narrowed = focus.label_class_id is not None or {"min_confidence", "max_confidence"} & set(focus.filter)
    if narrowed:
        low, high = focus.filter.get("min_confidence", 0.0), focus.filter.get("max_confidence", 1.0)
        fits &= likely & (confidence >= low) & (confidence <= high)
    found = np.flatnonzero(fits)
    order: np.ndarray = found[np.argsort(confidence[found], kind="stable")]
    return order


def _confidences(focus: QueueFocus, confidence: np.ndarray) -> np.ndarray:
    """Fill in how sure the machine is of each picture; return which of them (bool) it takes for the focus's class."""
    likely = np.zeros(len(confidence), np.bool_)
    reader = score_reader(focus.project_id)
    if reader is None:
        return likely
    wanted = _wanted(focus)
    n = min(reader.length, len(confidence))
    several = focus.project.label_mode == Project.LabelMode.MULTI
    if several and wanted is not None:
        for class_id in wanted:
            confidence[:n] = np.maximum(confidence[:n], reader.confidence_of(class_id)[:n])
        likely[:n] = confidence[:n] >= LIKELY
    else:
        best, sure = reader.top1()
        confidence[:n] = sure[:n]
        likely[:n] = best[:n] > 0 if wanted is None else np.isin(best[:n], wanted)
    return likely


def _wanted(focus: QueueFocus) -> list[int] | None:
    """The labels that a focus is about: its class, or those in it where it is a group; None for all."""
    if focus.label_class_id is None:
        return None
    leaves = label_classes(focus.project_id)
    return list(leaves.filter(parent=focus.label_class_id).values_list("id", flat=True)) or [focus.label_class_id]


def waiting(focus: QueueFocus, user: User | None = None) -> int:
    """Count the pictures of a focus that nobody has answered; for a person, without those in the hands of others.

    What people set aside or hold is left out while there are at most `COUNTED` pictures, so that the end is told.
    """
    positions = focused(focus)
    if len(positions) > COUNTED:
        return len(positions)
    ids = columns(focus.project_id).image_id[positions].tolist()
    gone = answered(ids)
    if user is not None:
        gone |= _held_by_others(ids, user)
    return len(ids) - len(gone)


def _held_by_others(image_ids: list[int], user: User) -> set[int]:
    held = Task.objects.filter(state=Task.State.LEASED, lease_expires_at__gte=timezone.now()).exclude(leased_to=user)
    found: set[int] = set()
    for start in range(0, len(image_ids), CHUNK):
        ids = image_ids[start : start + CHUNK]
        found.update(held.filter(image__in=ids).values_list("image_id", flat=True))
    return found


def answered(image_ids: list[int]) -> set[int]:
    """Return those of some pictures of the pool of which something stands: set aside, or a first vote."""
    found: set[int] = set()
    for start in range(0, len(image_ids), CHUNK):
        said = Annotation.objects.filter(image__in=image_ids[start : start + CHUNK], undone_by=None)
        found.update(said.exclude(verdict=Annotation.Verdict.UNDO).values_list("image_id", flat=True))
    return found
