"""Proportions and entropy, held against scipy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from annotator.common.statistics import entropy, wilson_interval


def test_nine_of_ten_may_be_six_or_almost_all():
    low, high = wilson_interval(9, 10)

    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)


@given(trials=st.integers(1, 100_000), share=st.floats(0, 1))
def test_the_interval_is_wilsons(trials, share):
    successes = round(trials * share)

    expected = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")

    assert wilson_interval(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-6)


@given(trials=st.integers(1, 10_000), share=st.floats(0, 1))
def test_the_interval_holds_the_share_and_stays_a_proportion(trials, share):
    successes = round(trials * share)

    low, high = wilson_interval(successes, trials)

    assert 0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 2)])
def test_what_is_no_proportion_has_no_interval(successes, trials):
    with pytest.raises(ValueError, match="no proportion"):
        wilson_interval(successes, trials)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any))
def test_entropy_is_scipys(counts):
    assert entropy(counts) == pytest.approx(stats.entropy(counts), abs=1e-9)


@given(st.integers(1, 200), st.integers(1, 50))
def test_equal_classes_are_worth_their_number(classes, size):
    assert math.exp(entropy([size] * classes)) == pytest.approx(classes)


def test_nothing_has_no_entropy():
    with pytest.raises(ValueError, match="nothing"):
        entropy([0, 0])
