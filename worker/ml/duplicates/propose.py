"""Which pairs of pictures are worth comparing: near in embedding, or alike in their perceptual hashes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

NEIGHBOURS = 16
MIN_COSINE = 0.6
MAX_BITS = 10  # of 64 that differ
HASH_MATCHES = 16

Shards = Iterable[tuple[int, int, npt.NDArray[np.float16]]]


def near_embeddings(
    queries: npt.NDArray[np.float16], start: int, shards: Shards, *, neighbours: int = NEIGHBOURS
) -> list[npt.NDArray[np.int64]]:
    """For each query, the positions of its nearest *earlier* pictures, nearest first.

    That a picture looks back only makes the answer the same in whatever portions pictures arrive.

    Args:
        queries: [q, dim], unit rows (zero: no picture) of positions start … start + q.
        start: position of the first query.
        shards: (start, stop, rows) in order of position, at least up to the last query.
        neighbours: how many at most; all have a cosine of at least MIN_COSINE.
    """
    rows = queries.astype(np.float32)
    own = start + np.arange(len(rows))
    cosine = np.full((len(rows), neighbours), -1, np.float32)
    position = np.full((len(rows), neighbours), -1, np.int64)
    for first, stop, vectors in shards:
        last = min(stop, start + len(rows) - 1)
        if last <= first:
            break
        likeness = rows @ np.asarray(vectors[: last - first], np.float32).T
        likeness[np.arange(first, last)[None, :] >= own[:, None]] = -1
        better = np.flatnonzero(likeness.max(axis=1) > cosine[:, -1])
        merged = np.concatenate([cosine[better], likeness[better]], axis=1)
        here = np.broadcast_to(np.arange(first, last), (len(better), last - first))
        where = np.concatenate([position[better], here], axis=1)
        best = np.argsort(-merged, axis=1, kind="stable")[:, :neighbours]
        cosine[better] = np.take_along_axis(merged, best, 1)
        position[better] = np.take_along_axis(where, best, 1)
    return [found[near >= MIN_COSINE] for found, near in zip(position, cosine, strict=True)]


def near_hashes(
    straight: npt.NDArray[np.uint64],
    mirrored: npt.NDArray[np.uint64],
    start: int,
    earlier: npt.NDArray[np.uint64],
) -> list[npt.NDArray[np.int64]]:
    """For each query, the earlier positions whose hash is near its own or its mirror image's, nearest first.

    Args:
        straight, mirrored: uint64 [q], hashes of positions start … start + q.
        start: position of the first query.
        earlier: uint64 [start + q] or longer, the hash of every position.
    """
    found = []
    for offset, (one, other) in enumerate(zip(straight, mirrored, strict=True)):
        before = earlier[: start + offset]
        bits = np.minimum(np.bitwise_count(before ^ one), np.bitwise_count(before ^ other))
        near = np.flatnonzero(bits <= MAX_BITS)
        found.append(near[np.argsort(bits[near], kind="stable")[:HASH_MATCHES]])
    return found
