"""A pool's class shares, guessed from a head's logits and the labels so far."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ml.priors import class_shares, most_likely_shares


def evidence(rng, shares, *, count, sharpness=2.0):
    """Log-likelihoods [count, K] of pictures drawn by `shares`, from a head that is right about what it says."""
    truth = rng.choice(len(shares), count, p=shares)
    readings = rng.normal(size=(count, len(shares))) + sharpness * np.eye(len(shares))[truth]
    return sharpness * readings  # of unit-variance readings whose mean is `sharpness` higher for the true class


def test_a_known_shift_comes_back(rng):
    shares = np.array([0.7, 0.2, 0.06, 0.04])
    pool = evidence(rng, shares, count=8000)

    assert most_likely_shares(pool, np.full(4, 0.1)) == pytest.approx(shares, abs=0.015)


def test_labels_chosen_evenly_hold_half_of_it_back(rng):
    shares, even = np.array([0.7, 0.2, 0.06, 0.04]), np.full(4, 0.25)
    pool = evidence(rng, shares, count=4000)

    found = class_shares(pool, np.full(4, 1000))

    assert 0.3 < np.abs(found - even).sum() / np.abs(shares - even).sum() < 0.6
    assert (np.sign(found - even) == np.sign(shares - even)).all()


def test_a_few_labels_move_little(rng):
    pool = evidence(rng, np.array([0.9, 0.1]), count=4000)

    few = class_shares(pool, np.array([2, 2]))
    many = class_shares(pool, np.array([400, 400]))

    assert 0.5 < few[0] < 0.6
    assert few[0] < many[0] < 0.9


def test_without_a_pool_the_labels_speak_and_without_labels_the_belief():
    nothing = np.zeros((0, 3))
    assert class_shares(nothing, np.zeros(3)) == pytest.approx([1 / 3] * 3)
    assert class_shares(nothing, np.zeros(2), base=np.array([0.1, 0.9])) == pytest.approx([0.1, 0.9])
    assert class_shares(nothing, np.array([84, 4, 4]), belief=1) == pytest.approx([85 / 95, 5 / 95, 5 / 95])


@given(
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(1, 12),
    pool=st.integers(0, 40),
    most=st.integers(0, 10_000),
    scale=st.floats(0, 1e4),
)
def test_shares_are_positive_sum_to_one_and_stay_within_what_was_believed(seed, classes, pool, most, scale):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, most + 1, classes)

    shares = class_shares(scale * rng.normal(size=(pool, classes)), counts)

    assert shares.shape == (classes,)
    assert shares.sum() == pytest.approx(1)
    assert (shares >= 4 / (4 * classes + 2 * counts.sum()) - 1e-9).all(), "no class falls below its first labels"


@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_classes_and_pictures_and_a_constant_a_row_say_nothing(seed):
    rng = np.random.default_rng(seed)
    pool, counts = rng.normal(size=(30, 4)), rng.integers(0, 50, 4)
    order = rng.permutation(4)

    plain = class_shares(pool, counts)
    turned = class_shares((pool + rng.normal(size=(30, 1)))[rng.permutation(30)][:, order], counts[order])

    assert plain[order] == pytest.approx(turned, abs=1e-3)
