"""Unit-length embeddings in clusters, one cluster a class, that need no backbone and no pictures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def clusters(
    rng: np.random.Generator, *, count: int, classes: int, dim: int = 32, spread: float = 0.6
) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.int64]]:
    """-> features fp16 [count, dim] with unit rows, class indexes int64 [count]; every class occurs."""
    truth = np.arange(count) % classes
    centres = rng.normal(size=(classes, dim))
    points = centres[truth] + spread * rng.normal(size=(count, dim))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points.astype(np.float16), truth
