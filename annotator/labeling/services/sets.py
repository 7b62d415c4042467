"""Several labels a picture: what a set may hold, and what it says to be absent."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from annotator.common.errors import DomainError
from annotator.images.models import Image
from annotator.labeling.models import ImageLabel, Task
from annotator.projects.models import Project

ALL_SHOWN = 24  # classes at most that a Label page without a suggestion has all before the person's eyes


def check_set(project: Project, labels: Sequence[int]) -> None:
    """Raise a DomainError for labels that a picture of this project cannot have together."""
    if project.label_mode == Project.LabelMode.MULTI:
        if len(set(labels)) < len(labels):
            raise DomainError("A picture has each class once at most; this set names one twice.")
    elif not labels:
        raise DomainError("A label names at least one class.")
    elif len(labels) > 1:
        raise DomainError("A picture of this project has exactly one label.")


def said_absent(
    project: Project, *, image: Image, task: Task | None, labels: Sequence[int], classes: Collection[int]
) -> list[int]:
    """Class ids that an answer verifies to be absent, in order; none where a picture has one label.

    These are the classes that were before the person's eyes and were not chosen: what was suggested, or all of
    `classes` (those that can be said) where nothing was suggested and they fit on the page; and what was known of the
    picture when the person corrects it. "None of these" with nothing before the eyes speaks of all classes.
    """
    if project.label_mode != Project.LabelMode.MULTI:
        return []
    seen: set[int] = set()
    if task is None:
        seen.update(ImageLabel.objects.filter(image=image).values_list("label_class", flat=True))
    elif task.suggestion_top and not task.blind:
        seen.update(label for label, _ in task.suggestion_top)
    elif len(classes) <= ALL_SHOWN:
        seen.update(classes)
    if not labels and not seen:
        seen.update(classes)
    return sorted(seen.intersection(classes).difference(labels))
