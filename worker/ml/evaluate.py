"""How well predictions agree with known labels: accuracy with its interval, each class, confusion, calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

Z95 = 1.959963984540054  # two-sided 95 %
BINS = 15  # of the reliability curve


@dataclass(frozen=True)
class Evaluation:
    """What is known about a classifier from n pictures with known labels."""

    count: int
    correct: int
    accuracy: float | None  # None while count is 0
    low: float  # Wilson's 95 % interval
    high: float
    macro_f1: float | None  # over the classes that occur among labels or predictions
    confusion: npt.NDArray[np.int64]  # [C, C] rows: label, columns: prediction, in the order of class_ids


@dataclass(frozen=True)
class ClassScore:
    """How well one class is found."""

    class_id: int
    precision: float | None  # None if it was never predicted
    recall: float | None  # None without pictures of it
    f1: float | None  # None if it neither occurs nor was predicted
    support: int  # pictures of it


@dataclass(frozen=True)
class Reliability:
    """Whether predictions made with confidence c are right in a share c of the cases."""

    counts: tuple[int, ...]  # [BINS] predictions with a confidence in (i / BINS, (i + 1) / BINS]
    confidence: tuple[float | None, ...]  # [BINS] their mean confidence; None for an empty bin
    accuracy: tuple[float | None, ...]  # [BINS] the share of them that is right
    ece: float | None  # expected calibration error: the mean distance of the two, weighted by count


@dataclass(frozen=True)
class Assessment:
    """Everything that is told about a classifier on a set of pictures."""

    evaluation: Evaluation
    classes: tuple[ClassScore, ...]  # in the order of class_ids
    reliability: Reliability  # at the temperature
    ece_before: float | None  # at temperature 1
    temperature: float
    log_loss: float | None  # mean -log p of the label at the temperature, nats

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        values = asdict(self)
        values["evaluation"]["confusion"] = self.evaluation.confusion.tolist()
        return values


def assess(
    logits: npt.NDArray[np.floating[Any]], labels: npt.ArrayLike, class_ids: Sequence[int], *, temperature: float = 1.0
) -> Assessment:
    """Judge logits [n, C] (columns in the order of `class_ids`) against class ids [n].

    The temperature comes from other pictures (`calibrate.fit_temperature` on the validation part); it changes no
    prediction. Raises ValueError for a label that is not in `class_ids`.
    """
    truth, ids = np.asarray(labels, np.int64), np.asarray(class_ids, np.int64)
    predictions = ids[logits.argmax(1)]
    evaluation = evaluate(truth, predictions, class_ids)
    right = predictions == truth
    raw, scaled = (softmax(np.asarray(logits, np.float64) / t, axis=1) for t in (1.0, temperature))
    own = scaled[ids == truth[:, None]]
    return Assessment(
        evaluation=evaluation,
        classes=class_scores(evaluation.confusion, class_ids),
        reliability=reliability(scaled.max(1, initial=0.0), right),
        ece_before=reliability(raw.max(1, initial=0.0), right).ece,
        temperature=temperature,
        log_loss=float(-np.log(np.maximum(own, 1e-300)).mean()) if len(own) else None,
    )


def class_scores(confusion: npt.NDArray[np.int64], class_ids: Sequence[int]) -> tuple[ClassScore, ...]:
    """Precision, recall and F1 of each class from a confusion [C, C] (rows: label, columns: prediction)."""
    columns = (np.diag(confusion), confusion.sum(0), confusion.sum(1))
    return tuple(
        ClassScore(
            class_id,
            precision=right / predicted if predicted else None,
            recall=right / support if support else None,
            f1=2 * right / (predicted + support) if predicted + support else None,
            support=support,
        )
        for class_id, right, predicted, support in zip(class_ids, *(each.tolist() for each in columns), strict=True)
    )


def reliability(confidence: npt.NDArray[np.floating[Any]], right: npt.NDArray[np.bool_]) -> Reliability:
    """The reliability curve and the expected calibration error in 15 equal bins (Guo et al. 2017, section 2).

    confidence [n] of the predicted class, in (0, 1]; right [n], whether it is the label.
    """
    bins = np.digitize(confidence, np.arange(1, BINS) / BINS, right=True)
    counts = np.bincount(bins, minlength=BINS)
    sums = [np.bincount(bins, weights=each, minlength=BINS) for each in (confidence, right)]
    means = [
        [total / n if n else None for total, n in zip(each.tolist(), counts.tolist(), strict=True)] for each in sums
    ]
    ece = float(np.abs(sums[0] - sums[1]).sum() / len(confidence)) if len(confidence) else None
    return Reliability(tuple(counts.tolist()), tuple(means[0]), tuple(means[1]), ece)


def evaluate(labels: npt.ArrayLike, predictions: npt.ArrayLike, class_ids: Sequence[int]) -> Evaluation:
    """Compare two lists of class ids [n]. Raises ValueError for an id that is not in `class_ids`."""
    confusion = confusion_matrix(labels, predictions, class_ids)
    count, correct = int(confusion.sum()), int(np.trace(confusion))
    low, high = wilson_interval(correct, count)
    accuracy = correct / count if count else None
    return Evaluation(count, correct, accuracy, low, high, macro_f1(confusion), confusion)


def confusion_matrix(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, class_ids: Sequence[int]
) -> npt.NDArray[np.int64]:
    """Counts [C, C]; rows: label, columns: prediction."""
    index = {class_id: row for row, class_id in enumerate(class_ids)}
    matrix = np.zeros((len(index), len(index)), np.int64)
    pairs = zip(np.asarray(labels).tolist(), np.asarray(predictions).tolist(), strict=True)
    try:
        for label, prediction in pairs:
            matrix[index[label], index[prediction]] += 1
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is not among the classes") from error
    return matrix


def macro_f1(confusion: npt.NDArray[np.int64]) -> float | None:
    """Mean F1 over the classes that occur as a label or as a prediction; None if none does."""
    occurrences = confusion.sum(0) + confusion.sum(1)
    occurring = occurrences > 0
    if not occurring.any():
        return None
    return float((2 * np.diag(confusion)[occurring] / occurrences[occurring]).mean())


def wilson_interval(correct: int, count: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval for a share of `correct` in `count` (Wilson 1927); (0, 1) for no trials."""
    if count == 0:
        return 0.0, 1.0
    share, spread = correct / count, z * z / count
    centre = share + spread / 2
    half = z * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    # The ends are exact, whatever the rounding of the formula.
    low = 0.0 if correct == 0 else (centre - half) / (1 + spread)
    high = 1.0 if correct == count else (centre + half) / (1 + spread)
    return low, high
