"""How evenly labels spread over classes, as the numbers that people compare."""

from __future__ import annotations

import math

import numpy as np

from annotator.common.statistics import entropy

BETA = 0.999  # of the effective number of samples


def spread(counts: np.ndarray) -> dict[str, float | None]:
    """Return the spread of `counts` (int64 [C]) as a dict.

    imbalance_ratio: the largest class over the smallest that has any; None without labels.
    effective_number: exp(entropy), how many classes of equal size would be as varied (Hill number of order 1).
    entropy: Shannon entropy over that of C equal classes, 0 … 1; None for fewer than two classes.
    """
    sizes = [int(count) for count in counts if count]
    if not sizes:
        return {"imbalance_ratio": None, "effective_number": None, "entropy": None}
    nats = entropy(sizes)
    return {
        "imbalance_ratio": round(max(sizes) / min(sizes), 3),
        "effective_number": round(math.exp(nats), 3),
        "entropy": round(nats / math.log(len(counts)), 4) if len(counts) > 1 else None,
    }


def effective_samples(counts: np.ndarray, beta: float = BETA) -> np.ndarray:
    """Return what `counts` pictures of a class are worth, since they overlap: (1 − βⁿ) / (1 − β), float64 [C].

    Source: Cui et al., "Class-balanced loss based on effective number of samples", CVPR 2019, proposition 1.
    """
    counts = np.asarray(counts, np.float64)
    if beta <= 0:
        return np.minimum(counts, 1.0)
    return -np.expm1(counts * math.log(beta)) / (1 - beta)
