"""Embeddings in any number that lie as real ones do: between pictures and their neighbours, stored as they are."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from annotator.common.arrays import array_path
from annotator.images.selectors import Embeddings
from tests.bench.pools import CACHE, load_pool
from worker.ml.index.projection import to_float32

SETS = ("clothing10", "neu_steel6", "plankton121", "cifar10n_6k")
SHARD = 512  # positions, as embeddings are stored
NEIGHBOURS = 20


def real_embeddings(data: Path) -> npt.NDArray[np.float16]:
    """The embeddings [n, d] of all measuring sets, from the benchmarks' cache."""
    return np.concatenate([load_pool(data / name, CACHE).features for name in SETS])


def store_between(real: npt.NDArray[np.float16], count: int, folder: str, seed: int = 0) -> Embeddings:
    """Store `count` unit rows: random convex combinations of a real embedding and one of its 20 nearest.

    Each shard has a seed of its own, so that the first rows do not depend on how many there are.
    """
    rows = to_float32(real)
    near = faiss.knn(rows, rows, NEIGHBOURS + 1, metric=faiss.METRIC_INNER_PRODUCT)[1][:, 1:]
    shards = []
    for start in range(0, count, SHARD):
        stop = min(start + SHARD, count)
        rng = np.random.default_rng([seed, start])
        one = rng.integers(len(rows), size=SHARD)[: stop - start]
        other = near[one, rng.integers(NEIGHBOURS, size=SHARD)[: stop - start]]
        share = rng.random(SHARD, np.float32)[: stop - start, None]
        between = share * rows[one] + (1 - share) * rows[other]
        between /= np.linalg.norm(between, axis=1, keepdims=True)
        name = f"{folder}/{start:010d}"
        array_path(name).mkdir(parents=True)
        np.save(array_path(name) / "embeddings.npy", between.astype(np.float16))
        shards.append((start, stop, name))
    return Embeddings(shards, count, rows.shape[1])


def first_of(stored: Embeddings, count: int) -> Embeddings:
    """The first rows of what is stored, a whole number of shards."""
    shards = [(start, stop, folder) for start, stop, folder in stored._shards if stop <= count]
    return Embeddings(shards, shards[-1][1], stored.shape[1])
