"""What choosing pictures saved: heads on the first labels that a strategy asked for, against as many drawn at random.

Both arms are trained alone and judged on the same blind answers. The random labels are interchangeable, so each size
of that arm is trained on several draws; the strategy's are not, so its curve follows the order in which they came.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from worker.ml.head import probabilities, restore_prior, train_head, train_multilabel_head
from worker.ml.label_sets import chosen, exact_matches, said

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

FIRST = 8  # labels of the smallest heads
DRAWS = 5  # of each number of labels from the control arm
REACH = 4  # times as many labels as the control arm has: further along its curve nobody needs to look
MOST = 2048  # labels of a head at most: somebody waits for the next refresh meanwhile
RESAMPLES = 400
LOW, HIGH = 0.025, 0.975


@dataclass(frozen=True)
class Labelled:
    """Pictures with their labels, in the order in which they were given."""

    features: npt.NDArray[np.float16]  # [n, d] unit rows
    labels: npt.NDArray[np.integer[Any]]  # [n] class ids; or [n, C] targets of 1, 0 and -1, see `train_multilabel_head`


@dataclass(frozen=True)
class CurvePoint:
    """Accuracy of heads on the first n labels of an arm, with the 95 % interval over resampled answers and draws."""

    n: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Saving:
    """How many of the strategy's labels do what n random ones do.

    Attributes:
        n: labels of the control arm.
        needed: of the strategy; None if all that were looked at (`Gain.strategy`) do not reach as far.
        low, high: the 95 % interval of `needed`; `high` (or both) None if it lies beyond the curve.
    """

    n: int
    needed: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Gain:
    """Two curves, and what lies between them."""

    control: list[CurvePoint]
    strategy: list[CurvePoint]
    savings: list[Saving]


def sizes(n: int) -> list[int]:
    """8, 16, 32 … labels, and all n of them."""
    doubled = [FIRST * 2**step for step in range(20) if FIRST * 2**step < n]
    return [*doubled, n] if n >= FIRST else []


def measure_gain(
    control: Labelled,
    strategy: Labelled,
    test: Labelled,
    pool: npt.NDArray[np.float16],
    class_ids: Sequence[int],
    *,
    rng: np.random.Generator,
    report: Callable[[int, int], None],
) -> Gain:
    """Compare the labels of a strategy with random ones, on `test`. Every arm needs 8 labels, the test set one.

    The interval of an accuracy and of the labels needed comes from resampling the test set (the same answers for both
    arms) and, in the control arm, which of the draws is taken. Luck that befell a whole arm is not in it: all of the
    control arm was drawn once, and the strategy went one way only.

    Args:
        pool: [m, d] a sample of pictures without a label; the heads guess the classes' shares from it, as in use.
        class_ids: of the project, in order.
        report: called before each head with the number of those done, and of all.
    """
    of_control = sizes(min(len(control.labels), MOST))
    of_strategy = sizes(min(len(strategy.labels), REACH * of_control[-1], MOST))
    draws = [(n, _draws(n, len(control.labels), rng)) for n in of_control]
    total = sum(len(rows) for _, rows in draws) + len(of_strategy)
    done = itertools.count()

    def hits(arm: Labelled, rows: Int64) -> Float64:
        report(next(done), total)
        return _hits(Labelled(arm.features[rows], arm.labels[rows]), test, pool, class_ids)

    control_hits = [np.stack([hits(control, rows) for rows in several]) for _, several in draws]
    strategy_hits = [hits(strategy, np.arange(n))[None] for n in of_strategy]
    weights = _weights(len(test.labels), rng)
    control_curves = np.stack([_resampled(part, weights, rng) for part in control_hits], axis=1)
    strategy_curves = np.stack([_resampled(part, weights, rng) for part in strategy_hits], axis=1)
    return Gain(
        _points(of_control, control_hits, control_curves),
        _points(of_strategy, strategy_hits, strategy_curves),
        _savings(of_control, of_strategy, (control_hits, strategy_hits), (control_curves, strategy_curves)),
    )


def labels_to_reach(target: float, counts: Sequence[int], accuracies: npt.NDArray[np.floating[Any]]) -> float:
    """Labels at which a curve first reaches an accuracy, interpolated in their logarithm; infinity if it never does.

    Never less than the first of `counts`: nothing is known before it.
    """
    reached = np.flatnonzero(accuracies >= target)
    if not len(reached):
        return float(np.inf)
    at = int(reached[0])
    if at == 0:
        return float(counts[0])
    before, after = accuracies[at - 1], accuracies[at]
    share = (target - before) / (after - before)
    return float(counts[at - 1] * (counts[at] / counts[at - 1]) ** share)


def _draws(n: int, size: int, rng: np.random.Generator) -> list[Int64]:
    """The first n of the arm, and, where that leaves a choice, further n of it."""
    further = DRAWS - 1 if n < size else 0
    return [np.arange(n), *(rng.choice(size, n, replace=False) for _ in range(further))]


def _hits(train: Labelled, test: Labelled, pool: npt.NDArray[np.float16], class_ids: Sequence[int]) -> Float64:
    """1 for each test picture whose label, or whole set of labels, a head trained on `train` gets right, else 0."""
    several = train.labels.ndim == 2
    if several:
        head = train_multilabel_head(train.features, train.labels, class_ids)
        counts = said(train.labels)
    else:
        head = train_head(train.features, train.labels, class_ids)
        counts = np.array([(train.labels == class_id).sum() for class_id in class_ids])
    probs = probabilities(restore_prior(head, pool, counts), test.features)
    right = exact_matches(chosen(probs), test.labels) if several else head.classes[probs.argmax(1)] == test.labels
    return right.astype(np.float64)


def _weights(size: int, rng: np.random.Generator) -> Float64:
    """How often each test picture is in each resample, as shares: [RESAMPLES, size]."""
    return rng.multinomial(size, np.full(size, 1 / size), size=RESAMPLES) / size


def _resampled(hits: Float64, weights: Float64, rng: np.random.Generator) -> Float64:
    """The accuracy in each resample, each time of one of the draws: hits [draws, size] -> [RESAMPLES]."""
    return (weights @ hits.T)[np.arange(RESAMPLES), rng.integers(len(hits), size=RESAMPLES)]


def _points(counts: Sequence[int], hits: Sequence[Float64], curves: Float64) -> list[CurvePoint]:
    low, high = np.quantile(curves, [LOW, HIGH], axis=0)
    means = [float(part.mean()) for part in hits]
    return [CurvePoint(*row) for row in zip(counts, means, low.tolist(), high.tolist(), strict=True)]


def _savings(
    of_control: Sequence[int],
    of_strategy: Sequence[int],
    hits: tuple[Sequence[Float64], Sequence[Float64]],
    curves: tuple[Float64, Float64],
) -> list[Saving]:
    """For every size of the control arm, the labels that the strategy needs, measured and in each resample."""
    means = np.array([part.mean() for part in hits[1]])
    found = []
    for column, n in enumerate(of_control):
        needed = labels_to_reach(float(hits[0][column].mean()), of_strategy, means)
        pairs = zip(curves[0][:, column].tolist(), curves[1], strict=True)
        resampled = [labels_to_reach(target, of_strategy, curve) for target, curve in pairs]
        low, high = np.quantile(resampled, [LOW, HIGH], method="inverted_cdf")
        found.append(Saving(n, *(float(value) if np.isfinite(value) else None for value in (needed, low, high))))
    return found
