"""Pools with known classes for the strategies to choose from, and a head that knows something of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tests.worker.ml.synthetic import clusters
from worker.ml.strategies.base import Float16, Float32, InMemory, Int64, Pick, Problem, Probs, Query

TOP = 10  # classes kept for each picture, as in the product
SHARPNESS = 8.0  # of the toy head's softmax


@dataclass
class CountedFeatures:
    """Features that count what is read, as a memory-mapped file would."""

    array: Float16
    rows_read: int = 0
    largest_read: int = 0
    positions_read: set[int] = field(default_factory=set)

    @property
    def shape(self) -> tuple[int, int]:
        """(N, d)."""
        return self.array.shape[0], self.array.shape[1]

    def rows(self, positions: Int64) -> Float16:
        """The rows of some positions, counted."""
        self.rows_read += len(positions)
        self.largest_read = max(self.largest_read, len(positions))
        self.positions_read.update(np.asarray(positions).tolist())
        return self.array[positions]

    def shards(self) -> Iterator[tuple[int, int, Float16]]:
        """(start, stop, rows) of 4,096 rows each, counted."""
        for start in range(0, len(self.array), 4096):
            stop = min(start + 4096, len(self.array))
            yield start, stop, self.rows(np.arange(start, stop))


def problem_of(
    features: npt.NDArray[np.floating],
    *,
    labelled: Sequence[int] = (),
    labels: Sequence[int] | None = None,
    candidates: Sequence[int] | None = None,
    coverage: Sequence[int] | None = None,
    classes: int = 1,
    probs: Probs | None = None,
    targets: Sequence[int] | None = None,
) -> Problem:
    """A problem over given rows: whatever is not labelled may be picked and should be represented."""
    known = np.array(labelled, np.int64)
    pool = np.setdiff1d(np.arange(len(features)), known)
    return Problem(
        features=InMemory(np.asarray(features, np.float16)),
        candidates=pool if candidates is None else np.array(candidates, np.int64),
        labelled=known,
        labels=np.zeros(len(known), np.int64) if labels is None else np.array(labels, np.int64),
        coverage=pool if coverage is None else np.array(coverage, np.int64),
        classes=classes,
        probs=probs,
        targets=None if targets is None else np.array(targets, np.int64),
    )


def clustered(
    rng: np.random.Generator,
    *,
    count: int = 120,
    classes: int = 6,
    dim: int = 32,
    spread: float = 0.6,
    labelled: Sequence[int] = (),
    head: bool = False,
    targets: Sequence[int] | None = None,
) -> tuple[Problem, Int64]:
    """One cluster of unit rows a class -> the problem, the true column of every position.

    With `head` the means of the labelled pictures of each class say what the others are.
    """
    features, truth = clusters(rng, count=count, classes=classes, dim=dim, spread=spread)
    known = np.array(labelled, np.int64)
    probs = mean_head(features, known, truth[known], classes) if head else None
    problem = problem_of(features, labelled=known, labels=truth[known], classes=classes, probs=probs, targets=targets)
    return problem, truth


def mean_head(features: Float16, labelled: Int64, labels: Int64, classes: int) -> Probs:
    """A softmax over the cosines to the class means; a class without labels stands at the origin."""
    means = np.zeros((classes, features.shape[1]), np.float32)
    for column in np.unique(labels):
        means[column] = features[labelled[labels == column]].mean(0)
    return probs_of(features, lambda rows: softmax(SHARPNESS * rows.astype(np.float32) @ means.T))


def probs_of(features: Float16, of_features: Callable[[npt.NDArray[np.floating]], Float32]) -> Probs:
    """What a head that is given as a function says of every row."""
    return probs_from(of_features(features), of_features)


def probs_from(
    full: npt.NDArray[np.floating], of_features: Callable[[npt.NDArray[np.floating]], Float32] | None = None
) -> Probs:
    """The arrays of `Probs` from full probabilities [N, C]; without `of_features` it must not be asked for more."""
    full = np.asarray(full, np.float32)
    order = np.argsort(-full, axis=1, kind="stable")[:, :TOP]
    top = np.take_along_axis(full, order, axis=1)
    margins = top[:, 0] - top[:, 1] if full.shape[1] > 1 else top[:, 0]
    entropies = -(full * np.log(np.maximum(full, 1e-12))).sum(1)
    halves = (values.astype(np.float16) for values in (margins, entropies))
    return Probs(*halves, order.astype(np.int16), top.astype(np.float16), of_features or refuse)


def refuse(_rows: npt.NDArray[np.floating]) -> Float32:
    """A head that a strategy has no business to ask."""
    raise AssertionError("This strategy needs no more than the scores at hand.")


def softmax(logits: npt.NDArray[np.floating]) -> Float32:
    """Row-wise softmax."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return (powers / powers.sum(1, keepdims=True)).astype(np.float32)


def chosen(query: Query, problem: Problem, *, batch: int, seed: int = 0) -> list[int]:
    """The positions that a strategy picks, best first, after checking what every answer must be."""
    picks = query(problem, batch=batch, rng=np.random.default_rng(seed))
    check_picks(picks, problem, batch)
    return [pick.position for pick in picks]


def check_picks(picks: list[Pick], problem: Problem, batch: int) -> None:
    """The right number of different candidates."""
    positions = [pick.position for pick in picks]
    assert len(positions) == min(batch, len(problem.candidates))
    assert len(set(positions)) == len(positions)
    assert set(positions) <= set(problem.candidates.tolist())


def scored(full: npt.ArrayLike, **parts: Sequence[int]) -> Problem:
    """Pictures that look the same, of which only these probabilities [N, C] tell one from another."""
    probabilities = np.asarray(full, np.float32)
    features = np.full((len(probabilities), 4), 0.5)
    return problem_of(features, classes=probabilities.shape[1], probs=probs_from(probabilities), **parts)
