"""The temperature turns held-out logits into honest probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, softmax

from worker.ml.calibrate import MAX_TEMPERATURE, MIN_TEMPERATURE, fit_sigmoid_temperature, fit_temperature


@pytest.mark.parametrize("true_temperature", [0.4, 1.0, 5.0])
def test_it_recovers_the_factor_by_which_logits_were_exaggerated(rng, true_temperature):
    logits = rng.normal(size=(4000, 5)) * 2
    labels = np.array([rng.choice(5, p=row) for row in softmax(logits, axis=1)])

    assert fit_temperature(logits * true_temperature, labels) == pytest.approx(true_temperature, rel=0.1)


def test_a_prior_is_not_scaled_with_the_logits(rng):
    log_prior = np.log([0.9, 0.07, 0.03])
    logits = rng.normal(size=(6000, 3)) * 2
    labels = np.array([rng.choice(3, p=row) for row in softmax(logits + log_prior, axis=1)])

    assert fit_temperature(logits * 3, labels, log_prior) == pytest.approx(3, rel=0.1)


def test_sigmoids_are_calibrated_alike_and_unknown_answers_left_out(rng):
    log_odds = np.array([-2.0, 0.0])
    logits = rng.normal(size=(4000, 2)) * 2
    targets = (rng.random(logits.shape) < expit(logits + log_odds)).astype(np.int64)
    unknown = rng.random(logits.shape) < 0.3
    logits[unknown] = 1e6

    found = fit_sigmoid_temperature(logits * 3, np.where(unknown, -1, targets), log_odds)

    assert found == pytest.approx(3, rel=0.1)


def test_a_few_right_answers_are_no_proof_of_certainty():
    few, many = (np.eye(3)[np.arange(count) % 3] for count in (6, 3000))

    unsure, sure = (fit_temperature(logits, logits.argmax(1)) for logits in (few, many))

    assert softmax(few / unsure, axis=1).max() < 0.95
    assert softmax(many / sure, axis=1).max() > 0.99


def test_classes_that_could_not_be_predicted_are_left_out(rng):
    logits = rng.normal(size=(2000, 3)) * 2
    labels = np.array([rng.choice(3, p=row) for row in softmax(logits, axis=1)])
    wider = np.column_stack([logits, np.full(2000, -np.inf)])

    assert fit_temperature(wider, labels) == pytest.approx(fit_temperature(logits, labels), rel=0.01)


def test_it_stays_within_its_bounds():
    sure = np.eye(3)[np.arange(3000) % 3]
    assert fit_temperature(sure / 50, sure.argmax(1)) == pytest.approx(MIN_TEMPERATURE, rel=0.1)
    assert fit_temperature(sure * 50, (sure.argmax(1) + 1) % 3) == pytest.approx(MAX_TEMPERATURE, rel=0.1)
