"""Temperature scaling: make a head's confidence mean what it says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import expit, logsumexp

Float64 = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating]
Int64 = npt.NDArray[np.int64]

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.1, 20.0


def fit_temperature(logits: Float64, labels: Int64, log_prior: Floats | float = 0.0) -> float:
    """The temperature T in [0.1, 20] at which softmax(logits / T + log_prior) has the least negative log-likelihood.

    logits [n, C] of predictions made without the row's own label, -inf where a class cannot be predicted; labels [n]
    indexes into the columns; log_prior [C] of the labels' shares if the logits are without it (Guo et al. 2017,
    section 4.2). As if one more prediction had been wrong, each label gives up 1 / (n + 2) to the classes that can be
    predicted (Platt 1999, section 2.2): without that, a few predictions that are all right ask for certainty.
    """
    possible = np.isfinite(logits)
    doubt = np.where(possible, 1 / (len(labels) + 2) / possible.sum(axis=1, keepdims=True), 0.0)
    targets = doubt.copy()
    targets[np.arange(len(labels)), labels] += 1 - doubt.sum(axis=1)
    finite = np.where(possible, logits, 0.0)
    own, prior = (targets * finite).sum(), (targets * log_prior).sum()

    def loss(scale: float) -> float:
        return float(logsumexp(logits * scale + log_prior, axis=1).sum() - own * scale - prior)

    return _least(loss)


def fit_sigmoid_temperature(logits: Float64, targets: Int64, log_odds: Floats | float = 0.0) -> float:
    """`fit_temperature` for sigmoid(logits / T + log_odds): targets [n, C] are 1, 0, or -1 for unknown."""
    known = targets >= 0
    signs = np.where(targets > 0, 1.0, -1.0)
    doubt = 1 / (len(targets) + 2)

    def loss(scale: float) -> float:
        right = expit(signs * (logits * scale + log_odds))[known].clip(1e-12, 1 - 1e-12)
        return float(-((1 - doubt / 2) * np.log(right) + doubt / 2 * np.log(1 - right)).sum())

    return _least(loss)


def _least(loss: Callable[[float], float]) -> float:
    """Find the temperature whose inverse has the least loss."""
    bounds = (np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE))
    found = minimize_scalar(lambda log_temperature: loss(np.exp(-log_temperature)), bounds=bounds, method="bounded")
    return float(np.exp(found.x))
