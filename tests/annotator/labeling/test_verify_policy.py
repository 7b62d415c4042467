"""The arithmetic of Verify: what is measured makes pages smaller and larger, and never lets more than 1 % through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from annotator.labeling.selectors import verify_policy as policy
from annotator.labeling.selectors.verify_policy import ERROR_LEFT, LADDER, Misses

counts = st.integers(0, 500).flatmap(lambda planted: st.builds(Misses, st.just(planted), st.integers(0, planted)))
shares = st.floats(0, 1)
misses = st.floats(0.001, 0.999)
scales = st.floats(policy.SCALE_LOW, policy.SCALE_HIGH)


def test_a_careful_person_gets_large_pages_and_a_careless_one_small_ones():
    careful, careless = policy.miss_rate(Misses(100, 1)), policy.miss_rate(Misses(100, 30))
    assert policy.page_size(miss=careful, error=0.05) == 120
    assert policy.page_size(miss=careless, error=0.05) == 12
    assert policy.least_confidence(miss=careful) == pytest.approx(0.45, abs=0.01)
    assert policy.least_confidence(miss=careless) == pytest.approx(0.965, abs=0.001)


def test_nobody_is_taken_for_perfect_or_hopeless_before_the_first_planted_picture():
    assert policy.miss_rate(Misses()) == policy.PRIOR_MISS


@given(st.lists(counts, max_size=3))
def test_a_miss_rate_is_a_share_that_is_never_certain(several):
    assert 0 < policy.miss_rate(*several) < 1


@given(counts)
def test_one_more_miss_raises_the_rate_and_one_more_catch_lowers_it(one):
    rate = policy.miss_rate(one)
    assert policy.miss_rate(Misses(one.planted + 1, one.missed + 1)) > rate
    assert policy.miss_rate(Misses(one.planted + 1, one.missed)) < rate


@given(counts)
def test_the_rate_lies_in_its_interval_which_is_that_of_the_beta_distribution(one):
    low, high = policy.miss_interval(one)
    beta = stats.beta(1 + one.missed, 9 + one.planted - one.missed)
    assert low < policy.miss_rate(one) < high
    assert (low, high) == pytest.approx(tuple(beta.ppf([0.025, 0.975])), abs=0.001)


@given(misses, scales, st.floats(0, 1))
def test_what_is_offered_leaves_at_most_one_percent_of_wrong_labels(miss, scale, confidence):
    least = policy.least_confidence(miss=miss, scale=scale)
    assert 0 <= least < 1
    if confidence >= least:
        assert miss * min(1, scale * (1 - confidence)) <= ERROR_LEFT + 1e-9


@given(misses, misses, scales)
def test_who_misses_more_is_offered_less(one, other, scale):
    low, high = sorted([one, other])
    assert policy.least_confidence(miss=low, scale=scale) <= policy.least_confidence(miss=high, scale=scale)


@given(misses, shares)
def test_a_page_has_a_size_of_the_ladder_and_leaves_a_quarter_of_a_wrong_label_at_most(miss, error):
    size = policy.page_size(miss=miss, error=error)
    assert size in LADDER
    assert size * miss * error <= policy.SLIPS or size == LADDER[0]


@given(misses, misses, shares, shares)
def test_pages_never_grow_with_misses_or_with_doubt(one, other, error, doubt):
    (low, high), (sure, unsure) = sorted([one, other]), sorted([error, doubt])
    assert policy.page_size(miss=low, error=sure) >= policy.page_size(miss=high, error=sure)
    assert policy.page_size(miss=low, error=sure) >= policy.page_size(miss=low, error=unsure)


@given(misses, st.integers(0, 500), scales)
def test_doubtful_pictures_come_first_only_for_people_who_were_measured(miss, planted, scale):
    order = policy.page_order(miss=miss, planted=planted, scale=scale)
    assert order in policy.ORDERS
    if planted < policy.ENOUGH_PLANTED:
        assert order == "confident"


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 0.99))
def test_the_scale_follows_what_people_found_within_bounds(expected, found, miss):
    scale = policy.error_scale(expected=expected, found=found, miss=miss)
    assert policy.SCALE_LOW <= scale <= policy.SCALE_HIGH
    assert policy.error_scale(expected=expected, found=found + 1, miss=miss) >= scale


def test_confidence_that_proved_right_is_believed():
    assert policy.error_scale(expected=0, found=0, miss=0.1) == 1
    assert policy.error_scale(expected=90, found=90, miss=0.0) == 1


@given(st.integers(1, 120), st.integers(0, 6))
def test_planted_pictures_are_a_fifth_of_a_page_at_most(size, wanted):
    planted = policy.planted_on(size, wanted)
    assert planted <= wanted
    assert planted <= size / 5


def test_pages_of_a_simulated_person_leave_less_than_promised():
    rng = np.random.default_rng(0)
    for miss in (0.05, 0.2):
        confidence = rng.uniform(0.3, 1, 40_000)
        wrong = rng.random(40_000) > confidence
        planted = 400
        rate = policy.miss_rate(Misses(planted, int(rng.binomial(planted, miss))))
        offered = confidence >= policy.least_confidence(miss=rate)
        left = wrong & offered & (rng.random(40_000) < miss)
        assert left.sum() / offered.sum() <= ERROR_LEFT
