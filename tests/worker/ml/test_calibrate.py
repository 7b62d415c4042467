"""The temperature turns held-out logits into honest probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from worker.ml.calibrate import MAX_TEMPERATURE, MIN_TEMPERATURE, fit_temperature


@pytest.mark.parametrize("true_temperature", [0.4, 1.0, 5.0])
def test_it_recovers_the_factor_by_which_logits_were_exaggerated(rng, true_temperature):
    logits = rng.normal(size=(4000, 5)) * 2
    labels = np.array([rng.choice(5, p=row) for row in softmax(logits, axis=1)])

    assert fit_temperature(logits * true_temperature, labels) == pytest.approx(true_temperature, rel=0.1)


def test_it_stays_within_its_bounds():
    assert fit_temperature(np.eye(3) / 50, np.arange(3)) == pytest.approx(MIN_TEMPERATURE, rel=0.1)
    assert fit_temperature(np.eye(3) * 50, np.array([1, 2, 0])) == pytest.approx(MAX_TEMPERATURE, rel=0.1)
