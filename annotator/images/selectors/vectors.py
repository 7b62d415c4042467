"""Embeddings as they lie in the array store: which space is active, its shards, rows by position."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from annotator.common.arrays import read_array
from annotator.images.models import EmbeddingShard, EmbeddingSpace


def active_space(project_id: int) -> EmbeddingSpace | None:
    """Return the space that heads are trained in, or None before anything was embedded."""
    return EmbeddingSpace.objects.filter(project_id=project_id, state=EmbeddingSpace.State.ACTIVE).first()


def embedding_shards(space: EmbeddingSpace) -> list[tuple[int, int, np.ndarray]]:
    """Return (start, stop, float16 [stop − start, dim]) of each shard, mapped into memory, in order of position."""
    return list(embeddings(space).shards())


def embeddings(space: EmbeddingSpace) -> Embeddings:
    """Pin the shards that `space.length` promises; what is embedded later is not seen."""
    shards = EmbeddingShard.objects.filter(space=space, start__lt=space.length).order_by("start")
    return Embeddings(list(shards.values_list("start", "stop", "folder")), space.length, space.dim)


class Embeddings:
    """Rows 0 … length of a space: float16 [length, dim], L2-normalised, zero where a picture is unreadable.

    Shards are mapped only while they are read: a mapping holds a file descriptor, and there may be thousands.
    """

    def __init__(self, shards: list[tuple[int, int, str]], length: int, dim: int) -> None:
        self._shards = shards
        self._starts = np.array([start for start, _, _ in shards], np.int64)
        self.shape = (length, dim)

    def shards(self) -> Iterator[tuple[int, int, np.ndarray]]:
        """Yield (start, stop, rows) in order of position."""
        for start, stop, folder in self._shards:
            yield start, stop, read_array(folder, "embeddings")

    def rows(self, positions: np.ndarray) -> np.ndarray:
        """Return float16 [k, dim], the rows of `positions` (int [k], any order).

        Raises:
            IndexError: a position is negative, or beyond what is embedded.
        """
        positions = np.asarray(positions, np.int64)
        result = np.empty((len(positions), self.shape[1]), np.float16)
        if len(positions) == 0:
            return result
        if positions.min() < 0 or positions.max() >= self.shape[0]:
            raise IndexError(f"positions must lie in 0 … {self.shape[0] - 1}")
        shard_of = np.searchsorted(self._starts, positions, side="right") - 1
        order = np.argsort(shard_of, kind="stable")
        numbers, firsts = np.unique(shard_of[order], return_index=True)
        for number, here in zip(numbers, np.split(order, firsts[1:]), strict=True):
            start, _, folder = self._shards[number]
            result[here] = read_array(folder, "embeddings")[positions[here] - start]
        return result
