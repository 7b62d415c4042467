"""What a trained model and the serving one say of a snapshot's test pictures, and whether the new one may serve."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from scipy.special import softmax

from annotator.common.arrays import array_path
from annotator.images.selectors import embeddings
from annotator.modeling.models import ModelingSettings, ModelVersion
from worker.handlers.training.data import Material
from worker.ml.artifacts import load
from worker.ml.classifier import OnBatch, create, predict
from worker.ml.device import Compute
from worker.ml.evaluate import Assessment, Evaluation, assess
from worker.ml.gate import GateResult, GateRules, judge
from worker.ml.head import probabilities, train_head
from worker.ml.recipes import Recipe
from worker.ml.train import TrainResult

NOBODY = -1  # class id of a prediction that could not be made
BELOW = 30.0  # how far below the least logit those of a class lie that the model cannot know


@dataclass(frozen=True)
class Champion:
    """What the serving model would say: its embeddings, with a head trained on the same pictures."""

    name: str
    predicted: npt.NDArray[np.int64]  # [t] class ids of the test rows, NOBODY for pictures that are not embedded
    as_trained: npt.NDArray[np.int64] | None = None  # [t] what its own classifier says; None if it has none


@dataclass(frozen=True)
class Verdict:
    """Everything that is known of a model once it is evaluated."""

    blind: Assessment | None  # None without such pictures
    test: Assessment | None
    champion: Champion | None  # None before anything was embedded
    gate: GateResult | None  # None without a champion
    not_embedded: int  # test pictures that the champion does not know, and is not compared on
    arrays: dict[str, npt.NDArray[Any]]  # of a ModelVersion, over the test rows

    def metrics(self, material: Material, validation: Evaluation | None) -> dict[str, Any]:
        """Return what a ModelVersion keeps, as JSON values."""
        parts = {"blind": self.blind, "test": self.test}
        every = list(material.names)
        found: dict[str, Any] = {
            name: None if part is None else part.to_json() | {"class_ids": every} for name, part in parts.items()
        }
        return found | {"validation": _validation_json(validation, list(material.class_ids))}


def logits_of_test(
    recipe: Recipe, result: TrainResult, material: Material, *, compute: Compute, on_batch: OnBatch
) -> npt.NDArray[np.float32]:
    """Return the trained model's logits of the test rows, fp32 [t, C]."""
    model = create(recipe.backbone, len(material.class_ids)).eval()
    model.load_state_dict(load_file(result.weights))
    model = model.to(compute.device).to(memory_format=torch.channels_last)
    size = max(1, recipe.batch_size // result.parts)
    pictures = material.train.pictures
    return predict(model, result.frame, pictures, material.test, compute=compute, batch_size=size, on_batch=on_batch)


def ask_champion(
    version: ModelVersion | None, material: Material, *, compute: Compute, on_batch: OnBatch
) -> Champion | None:
    """Let the serving model speak; None if there is none, or none of the training pictures is embedded."""
    if version is None or version.space is None or version.space.length == 0:
        return None
    vectors = embeddings(version.space)
    train = material.train.train[material.position[material.train.train] < vectors.shape[0]]
    if len(train) == 0:
        return None
    head = train_head(vectors.rows(material.position[train]), material.label[train], material.class_ids)
    position = material.position[material.test]
    known = position < vectors.shape[0]
    predicted = np.full(len(position), NOBODY, np.int64)
    predicted[known] = head.classes[probabilities(head, vectors.rows(position[known])).argmax(1)]
    return Champion(version.name, predicted, _as_trained(version, material, compute=compute, on_batch=on_batch))


def _as_trained(
    version: ModelVersion, material: Material, *, compute: Compute, on_batch: OnBatch
) -> npt.NDArray[np.int64] | None:
    """What a trained model's own classifier says of the test rows, class ids [t]."""
    if not version.folder:
        return None
    classifier = load(array_path(version.folder))
    model = classifier.model().to(compute.device).to(memory_format=torch.channels_last)
    pictures, rows = material.train.pictures, material.test
    logits = predict(model, classifier.frame, pictures, rows, compute=compute, on_batch=on_batch)
    return np.array([row["id"] for row in version.classes], np.int64)[logits.argmax(1)]


def pass_verdict(
    logits: npt.NDArray[np.float32],
    material: Material,
    champion: Champion | None,
    *,
    temperature: float,
    settings: ModelingSettings,
) -> Verdict:
    """Judge the logits [t, C] of the test rows by themselves, and beside the champion on the blind ones.

    A picture of a class without training pictures counts as wrong for both.
    """
    classes = np.array(list(material.names), np.int64)
    wide = _with_unknown_classes(logits, len(classes))
    label, blind = material.label[material.test], material.blind[material.test]
    chances = softmax(wide / temperature, axis=1)
    predicted = classes[chances.argmax(1)]
    said = champion.predicted if champion else np.full(len(label), NOBODY, np.int64)
    compared = blind & (said != NOBODY)
    gate = None
    if champion is not None:
        right, theirs = predicted == label, said == label
        rules = GateRules(settings.gate_margin, settings.gate_class_drop, settings.gate_confidence)
        before = None if champion.as_trained is None else (champion.as_trained == label)[compared]
        gate = judge(right[compared], theirs[compared], label[compared], material.names, rules, in_use=before)
    arrays = {
        "position": material.position[material.test],
        "label": label,
        "predicted": predicted,
        "confidence": chances.max(1, initial=0.0).astype(np.float32),
        "champion_predicted": said,
        "blind": blind,
    }

    def assessed(rows: npt.NDArray[np.bool_]) -> Assessment | None:
        if not rows.any():
            return None
        return assess(wide[rows], label[rows], classes.tolist(), temperature=temperature)

    return Verdict(
        blind=assessed(blind),
        test=assessed(np.ones(len(label), np.bool_)),
        champion=champion,
        gate=gate,
        not_embedded=int(np.sum(said == NOBODY)) if champion else 0,
        arrays=arrays,
    )


def _with_unknown_classes(logits: npt.NDArray[np.float32], classes: int) -> npt.NDArray[np.float64]:
    """Append columns without any mass for classes that the model does not know: [t, C] -> [t, classes]."""
    lowest = logits.min(axis=1, keepdims=True, initial=0.0) - BELOW
    missing = np.broadcast_to(lowest, (len(logits), classes - logits.shape[1]))
    return np.concatenate([logits, missing], axis=1, dtype=np.float64)


def _validation_json(found: Evaluation | None, class_ids: list[int]) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"evaluation": asdict(found) | {"confusion": found.confusion.tolist()}, "class_ids": class_ids}
