"""What every strategy takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from worker.ml.label_sets import chosen

Float16 = npt.NDArray[np.float16]
Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]


class Features(Protocol):
    """The embeddings of all N pictures, which need not fit into memory; a zero row is an unreadable picture."""

    @property
    def shape(self) -> tuple[int, int]:
        """(N, d)."""

    def rows(self, positions: Int64) -> Float16:
        """The unit rows [k, d] of some positions, in any order."""

    def shards(self) -> Iterator[tuple[int, int, Float16]]:
        """(start, stop, rows) in order of position."""


@dataclass(frozen=True)
class InMemory:
    """Features in one array [N, d]."""

    array: Float16
    shard: int = 8192

    @property
    def shape(self) -> tuple[int, int]:
        """(N, d)."""
        return self.array.shape[0], self.array.shape[1]

    def rows(self, positions: Int64) -> Float16:
        """The rows [k, d] of some positions."""
        return np.asarray(self.array[positions])

    def shards(self) -> Iterator[tuple[int, int, Float16]]:
        """(start, stop, rows) in order of position."""
        for start in range(0, len(self.array), self.shard):
            rows = self.array[start : start + self.shard]
            yield start, start + len(rows), rows


class Neighbours(Protocol):
    """A graph of the nearest pictures of each picture."""

    def of(self, positions: Int64) -> tuple[npt.NDArray[np.int32], Float16]:
        """Positions [k, 20] (-1 for none) and cosines [k, 20] of the neighbours, nearest first."""


@dataclass(frozen=True)
class Probs:
    """What the present head says of every position; the arrays may be memory-mapped."""

    margins: npt.NDArray[np.floating[Any]]  # [N] p1 - p2; with `multi_label` the least |2p - 1| of the classes
    entropies: npt.NDArray[np.floating[Any]]  # [N] nats
    top_class: npt.NDArray[np.int16]  # [N, k] columns of the head, best first
    top_prob: npt.NDArray[np.floating[Any]]  # [N, k]
    of_features: Callable[[npt.NDArray[np.floating[Any]]], Float32]  # rows [k, d] -> probabilities [k, C]
    multi_label: bool = False  # classes are independent: each has a probability of its own

    def surest(self, positions: Int64) -> Float32:
        """How sure [k] the head is of what it says: p1, or of the class that it is least sure of max(p, 1 - p)."""
        if self.multi_label:
            return np.asarray(self.margins[positions], np.float32) / np.float32(2) + np.float32(0.5)
        return np.asarray(self.top_prob[positions, 0], np.float32)


@dataclass(frozen=True)
class Problem:
    """A pool to choose from, and what is known about it."""

    features: Features
    candidates: Int64  # [m] positions that may be picked
    labelled: Int64  # [l] positions that have a label, or are about to get one
    labels: Int64  # [l] their columns, 0 … C - 1; -1 where the label is not known yet
    coverage: Int64  # [u] positions that the labelled set should represent
    classes: int  # C
    probs: Probs | None = None  # None while there is no head
    targets: Int64 | None = None  # [C] pictures wanted of each class
    graph: Neighbours | None = None  # None while it is not built

    def probabilities(self, positions: Int64) -> Float32:
        """What the head says of some positions: [k, C]. Raises ValueError while there is none."""
        if self.probs is None:
            raise ValueError("There is no head yet.")
        return self.probs.of_features(self.features.rows(positions))


@dataclass(frozen=True)
class Pick:
    """One chosen position and why: `make_reason` gives the reason's keys."""

    position: int
    reason: dict[str, Any]


class Query(Protocol):
    """Choose min(batch, m) different candidates, best first; the same generator gives the same picks."""

    def __call__(self, problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]: ...


@dataclass(frozen=True)
class Strategy:
    """A registered strategy with what a person needs to choose it."""

    name: str
    title: str
    when: str
    query: Query


def make_reason(
    code: str,
    *,
    margin: float | None = None,
    nearest_similarity: float | None = None,
    look_alikes: int = 0,
    column: int | None = None,
) -> dict[str, Any]:
    """A `Pick.reason` with all of its keys, in plain JSON values.

    code: "torn" (between two classes), "unsure" (no class stands out), "unlike_labelled", "typical", "rare" or
    "short" (of the class `column`, which has few labels or fewer than wanted), "random", "control". margin: p1 - p2.
    nearest_similarity: cosine to the nearest labelled picture. look_alikes: pictures that it stands for.
    """
    return {
        "code": code,
        "margin": None if margin is None else round(float(margin), 4),
        "nearest_similarity": None if nearest_similarity is None else round(float(nearest_similarity), 4),
        "look_alikes": int(look_alikes),
        "column": None if column is None else int(column),
    }


def decisions(probabilities: Float32, *, multi_label: bool) -> npt.NDArray[np.bool_]:
    """The class named for each row of [n, C], or the classes taken for present: bool [n, C]."""
    if multi_label:
        return chosen(probabilities)
    named = np.zeros(probabilities.shape, np.bool_)
    named[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
    return named


def at_most(positions: Int64, limit: int, rng: np.random.Generator) -> Int64:
    """`positions`, or a sorted random sample of `limit` of them if they are more."""
    if len(positions) <= limit:
        return positions
    return np.sort(rng.choice(positions, limit, replace=False))
