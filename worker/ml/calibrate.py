"""Temperature scaling: make a head's confidence mean what it says."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.1, 20.0


def fit_temperature(logits: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> float:
    """The temperature in [0.1, 20] with the least negative log-likelihood of held-out predictions.

    logits [n, C] of predictions made without the row's own label, labels [n] indexes into the columns
    (Guo et al. 2017, section 4.2).
    """
    own = logits[np.arange(len(labels)), labels]

    def loss(log_temperature: float) -> float:
        scale = np.exp(-log_temperature)
        return float((logsumexp(logits * scale, axis=1) - own * scale).mean())

    bounds = (np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
