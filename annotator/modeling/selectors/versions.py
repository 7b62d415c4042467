"""Reads of models: which one serves, how a project decides, which one can serve again at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db.models import QuerySet

from annotator.common.arrays import array_path, read_array
from annotator.images.models import EmbeddingSpace, Image
from annotator.modeling.models import ModelingSettings, ModelVersion
from annotator.projects.models import LabelClass, Project

CARD = "README.md"  # of a model's folder
PARTS = ("blind", "test")
CELL = np.dtype([("position", np.int64), ("confidence", np.float32)])


def serving_model(project: Project) -> ModelVersion | None:
    """Return the model in use, or None before anything was embedded."""
    models = ModelVersion.objects.select_related("space")
    return models.filter(project=project, state=ModelVersion.State.SERVING).first()


def settings_of(project: Project) -> ModelingSettings:
    """Return how the project trains and promotes; the defaults, not stored yet, where nobody has changed anything."""
    return ModelingSettings.objects.filter(project=project).first() or ModelingSettings(project=project)


def models_of(project: Project) -> QuerySet[ModelVersion]:
    """Return the project's models with what their pages show."""
    return ModelVersion.objects.filter(project=project).select_related("run", "snapshot", "space", "promoted_by")


def can_return(version: ModelVersion) -> bool:
    """Say whether the model served before and its embeddings are still there, so that it can serve again at once."""
    space = version.space
    retired = version.state == ModelVersion.State.RETIRED
    return retired and space is not None and space.state == EmbeddingSpace.State.RETIRED and space.length > 0


def accuracy_of(metrics: dict[str, Any], part: str = "blind") -> dict[str, Any]:
    """Return accuracy, its interval (95 %) and macro-F1 on a part of the test set; None each, where it is empty."""
    found = (metrics.get(part) or {}).get("evaluation") or {}
    size = found.get("count") or 0
    values = {name: found.get(name) if size else None for name in ("accuracy", "low", "high", "macro_f1")}
    return values | {"test_size": size}


def classes_of(version: ModelVersion) -> list[dict[str, Any]]:
    """Return [{id, name}] of the classes that the model knows, then of others that its test set has."""
    known = {row["id"] for row in version.classes}
    measured = [row["class_id"] for part in PARTS for row in (version.metrics.get(part) or {}).get("classes", [])]
    others = [class_id for class_id in dict.fromkeys(measured) if class_id not in known]
    names = dict(LabelClass.objects.filter(project_id=version.project_id, pk__in=others).values_list("pk", "name"))
    return version.classes + [{"id": class_id, "name": names.get(class_id, str(class_id))} for class_id in others]


def card_of(version: ModelVersion) -> str:
    """Return the model's card in Markdown; that of a pretrained backbone, which has no files, is made here.

    Raises:
        FileNotFoundError: the model's folder is gone.
    """
    if version.folder:
        return (array_path(version.folder) / CARD).read_text(encoding="utf-8")
    what = "The backbone that the project started with" if version.number == 1 else "A backbone as it can be had"
    return (
        f"# {version.name}\n\n{what}, `{version.backbone}`, with its pretrained weights. It was not trained here, so "
        "there is nothing to download: what it suggests comes from a head that is trained anew on the project's labels "
        "at every refresh.\n"
    )


def cell(version: ModelVersion, *, label: int, predicted: int, part: str) -> np.ndarray:
    """Return the test pictures of one cell of the model's confusion matrix, in order of position.

    Args:
        label, predicted: class ids.
        part: "blind", or "test" for the whole test part.

    Returns:
        structured [k] with `position` (int64) and `confidence` (float32); empty for the first model.
    """
    if not version.folder:
        return np.empty(0, CELL)
    arrays = {name: read_array(version.folder, name) for name in ("position", "label", "predicted", "confidence")}
    mask = (arrays["label"] == label) & (arrays["predicted"] == predicted)
    if part == "blind":
        mask &= read_array(version.folder, "blind")
    found = np.empty(int(mask.sum()), CELL)
    found["position"], found["confidence"] = arrays["position"][mask], arrays["confidence"][mask]
    return np.sort(found, order="position")


def pictures_at(project: Project, positions: list[int]) -> dict[int, Image]:
    """Return the pictures that still are at these positions, by position."""
    images = Image.objects.present().filter(project=project, position__in=positions)
    return {image.position: image for image in images}
