"""What every strategy takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Probs:
    """What the present head says: the margin of every position, and full probabilities on demand."""

    margins: npt.NDArray[np.floating[Any]]  # [N] p1 - p2
    rows: Callable[[Int64], Float32] | None = None  # positions [k] -> probabilities [k, C]


@dataclass(frozen=True)
class Pick:
    """One chosen position and why, in plain JSON values.

    reason: code ("unlike_labelled", "torn", "typical" or "random"), margin (p1 - p2 or None),
    nearest_similarity (cosine to the nearest labelled picture, or None), look_alikes (pictures that it
    stands for).
    """

    position: int
    reason: dict[str, Any]


class Query(Protocol):
    """Choose up to `batch` different positions out of `candidates`, best first."""

    def __call__(
        self,
        *,
        features: npt.NDArray[np.float16],  # [N, d] unit rows, may be memory-mapped
        candidates: Int64,  # [m] positions that may be picked
        labelled: Int64,  # [l] positions that have a label
        coverage: Int64,  # [u] positions that the labelled set should represent
        probs: Probs | None,  # None while there is no head
        batch: int,
        rng: np.random.Generator,
    ) -> list[Pick]: ...


@dataclass(frozen=True)
class Strategy:
    """A registered strategy with what a person needs to choose it."""

    name: str
    title: str
    when: str
    query: Query


def make_reason(
    code: str, *, margin: float | None = None, nearest_similarity: float | None = None, look_alikes: int = 0
) -> dict[str, Any]:
    """A `Pick.reason` with all of its keys."""
    return {
        "code": code,
        "margin": None if margin is None else round(float(margin), 4),
        "nearest_similarity": None if nearest_similarity is None else round(float(nearest_similarity), 4),
        "look_alikes": int(look_alikes),
    }
