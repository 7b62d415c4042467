"""A shorter stand-in for each embedding: the main directions of variation, in which neighbours are cheap to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import faiss
import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

Float16 = npt.NDArray[np.float16]
Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]

DIMS = 96
SAMPLE = 10_000  # rows that the directions are fitted on


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
class Projection:
    """The centred principal directions of a sample.

    Distances between projected rows are never greater than between the rows themselves, and for unit rows the squared
    distance is 2 - 2 cos: so what is too far apart here is not alike there either.
    """

    mean: Float32  # [d]
    basis: Float32  # [d, p], orthonormal columns

    def of(self, rows: npt.NDArray[np.floating]) -> Float32:
        """The projected rows, float32 [k, p]."""
        return np.asarray((to_float32(rows) - self.mean) @ self.basis, np.float32)


def to_float32(rows: npt.NDArray[np.floating]) -> Float32:
    """The rows in single precision; FAISS does it on all cores and much faster than numpy."""
    if rows.dtype != np.float16 or not len(rows):
        return np.asarray(rows, np.float32)
    codec = faiss.ScalarQuantizer(rows.shape[1], faiss.ScalarQuantizer.QT_fp16)
    decoded: Float32 = codec.decode(np.ascontiguousarray(rows).view(np.uint8))
    return decoded


def fit(features: Features, *, dims: int = DIMS) -> Projection:
    """Fit the main directions on a sample, the same at each call; never more of them than the rows are wide."""
    count, width = features.shape
    rng = np.random.default_rng(0)
    positions = np.sort(rng.choice(count, min(count, SAMPLE), replace=False))
    sample = to_float32(features.rows(positions))
    sample = sample[sample.any(axis=1)]
    if not len(sample):
        sample = np.zeros((1, width), np.float32)
    mean = sample.mean(axis=0)
    centred = sample - mean
    _, directions = eigh(centred.T @ centred, subset_by_index=(max(0, width - dims), width - 1))
    return Projection(mean, np.ascontiguousarray(directions[:, ::-1], np.float32))


def encode(
    features: Features, projection: Projection, path: Path, report: Callable[[int], None]
) -> tuple[Float16, npt.NDArray[np.bool_]]:
    """Project every row into a file; `report` is told how many are done.

    Returns:
        float16 [N, p], memory-mapped; and bool [N], the rows that are of a readable picture.
    """
    count = features.shape[0]
    codes = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(count, projection.basis.shape[1]))
    readable = np.zeros(count, np.bool_)
    for start, stop, rows in features.shards():
        readable[start:stop] = rows.any(axis=1)
        codes[start:stop] = projection.of(rows)
        report(stop)
    return codes, readable
