"""Sets of labels: which classes a head takes for present, and how many of its sets are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Targets = npt.NDArray[np.integer[Any]]

PRESENT = 0.5  # probability from which on a class is taken for present


def chosen(probabilities: npt.NDArray[np.floating[Any]]) -> Bools:
    """The classes [n, C] taken for present, of each class's own probability [n, C]."""
    return probabilities >= PRESENT


def exact_matches(guesses: Bools, truth: Targets) -> Bools:
    """Whether the whole set is right, bool [n]; guesses [n, C], truth [n, C] of 1 and 0."""
    return (guesses == (truth == 1)).all(axis=1)


def micro_f1(guesses: Bools, truth: Targets) -> float:
    """F1 of all classes' decisions taken together, 2 tp / (2 tp + fp + fn); 1 where nothing is there or guessed."""
    right = int((guesses & (truth == 1)).sum())
    wrong = int((guesses != (truth == 1)).sum())
    return 2 * right / (2 * right + wrong) if right + wrong else 1.0


def said(targets: Targets) -> npt.NDArray[np.int64]:
    """How often each class was said to be present and absent, [C, 2], in targets [n, C] of 1, 0 and -1."""
    return np.column_stack([(targets == 1).sum(axis=0), (targets == 0).sum(axis=0)])
