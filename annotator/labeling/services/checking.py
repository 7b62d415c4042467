"""Which labels a picture of a project can have, whoever gives them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from annotator.common.errors import DomainError
from annotator.labeling.services.sets import check_set
from annotator.projects.models import Project
from annotator.projects.selectors import class_names, group_ids, label_classes


def sayable_classes(project: Project) -> set[int]:
    """Return the ids of the classes that a label may name."""
    return set(label_classes(project.pk).values_list("id", flat=True))


def check_labels(project: Project, labels: Sequence[int], classes: Collection[int]) -> None:
    """Raise a DomainError for labels that a picture of this project cannot have; `classes` are `sayable_classes`."""
    unknown = [label for label in labels if label not in classes]
    if unknown and unknown[0] in group_ids(project.pk):
        name = class_names(project.pk)[unknown[0]]
        raise DomainError(f"“{name}” is a group of classes, never a label. Choose one of the classes in it.")
    if unknown:
        raise DomainError(f"Class {unknown[0]} is not in this project, or is archived.")
    check_set(project, labels)
