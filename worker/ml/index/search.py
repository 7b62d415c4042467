"""The FAISS index that fits a collection's size and the machine: flat, inverted lists, compact codes; on a GPU."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np

from worker.ml.index.projection import Float32

FLAT_BELOW = 200_000  # vectors: every one is looked at
COMPACT_FROM = 5_000_000  # a byte a dimension
PROBES = 16  # inverted lists looked at for each query
SAMPLES = 64  # vectors a list that the lists are trained on
ITERATIONS = 10
PART = 65_536  # vectors converted at once, which bounds the memory
CELL = 1024  # vectors in a cluster of the order of likeness


def kind_of(count: int) -> str:
    """The FAISS factory's name of the index for so many vectors."""
    if count < FLAT_BELOW:
        return "Flat"
    lists = round(4 * count**0.5)
    return f"IVF{lists},SQ8" if count >= COMPACT_FROM else f"IVF{lists},SQfp16"


def make_index(vectors: np.ndarray, *, kind: str = "") -> Any:
    """A trained FAISS index (squared distances, nearest first) that holds all vectors under their row numbers.

    Args:
        vectors: float [n, p], may be memory-mapped.
        kind: a name for FAISS's factory; by size if it is not given.
    """
    count, width = vectors.shape
    index: Any = faiss.index_factory(width, kind or kind_of(count), faiss.METRIC_L2)
    if not index.is_trained:
        index.cp.niter, index.cp.max_points_per_centroid = ITERATIONS, SAMPLES
        chosen = np.random.default_rng(0).choice(count, min(count, SAMPLES * index.nlist), replace=False)
        index.train(_float32(vectors[np.sort(chosen)]))
        index.nprobe = PROBES
    index = on_gpu(index)
    for start in range(0, count, PART):
        index.add(_float32(vectors[start : start + PART]))
    return index


def _float32(vectors: np.ndarray) -> Float32:
    return np.ascontiguousarray(vectors, np.float32)


def on_gpu(index: Any) -> Any:
    """The index on the first GPU, where FAISS was built for one and there is one; else the index itself."""
    if not hasattr(faiss, "StandardGpuResources") or faiss.get_num_gpus() < 1:
        return index
    return faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, index)


def in_order_of_likeness(vectors: np.ndarray) -> np.ndarray:
    """The row numbers, int64 [n], such that vectors that are near one another come near one another.

    A search that goes this way finds most of what it reads in the processor's caches.
    """
    count = len(vectors) // CELL
    if count < 2:
        return np.arange(len(vectors))
    chosen = np.random.default_rng(0).choice(len(vectors), SAMPLES * count, replace=False)
    means = _means(_float32(vectors[np.sort(chosen)]), count)
    groups = _means(means, round(count**0.5))
    rank = np.empty(count, np.int64)
    rank[np.argsort(_nearest(means, groups), kind="stable")] = np.arange(count)
    return np.argsort(rank[_nearest(vectors, means)], kind="stable")


def _means(vectors: Float32, count: int) -> Float32:
    means = faiss.Kmeans(vectors.shape[1], count, niter=ITERATIONS, seed=0, min_points_per_centroid=1)
    means.train(vectors)
    return np.asarray(means.centroids, np.float32)


def _nearest(vectors: np.ndarray, means: Float32) -> np.ndarray:
    """The number of the nearest of the means for each vector, int64 [n]."""
    parts = (_float32(vectors[start : start + PART]) for start in range(0, len(vectors), PART))
    return np.concatenate([faiss.knn(part, means, 1)[1][:, 0] for part in parts])
