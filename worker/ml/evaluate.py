"""How well predictions agree with known labels: accuracy with its interval, macro-F1, confusion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Z95 = 1.959963984540054  # two-sided 95 %


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
