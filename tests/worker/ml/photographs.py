"""Tiny pictures whose class is plain to see and still has to be learned: colour, and the direction of stripes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SIDE = 48


def stripes(rng: np.random.Generator, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """uint8 [n, 48, 48, 3]: stripes along 3 directions in 2 tints by label (0-5), under noise."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    pictures = []
    for label in labels.tolist():
        along = (x, y, x + y)[label % 3]
        wave = np.sin(along / 3 + rng.uniform(0, 6))[..., None]
        tint = np.array([1.0, 0.4, 0.2] if label < 3 else [0.2, 0.4, 1.0])
        pixels = 128 + 80 * wave * tint + rng.normal(0, 25, (SIDE, SIDE, 3))
        pictures.append(pixels.clip(0, 255).astype(np.uint8))
    return np.stack(pictures)
