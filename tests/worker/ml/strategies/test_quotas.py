"""How a batch is shared out among classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.ml.strategies.problems import clustered
from worker.ml.strategies.quotas import expected_counts, level_up, share_out, take_turns

counts_of_classes = st.lists(st.integers(0, 50), min_size=1, max_size=8)


def test_picks_are_shared_out_in_proportion():
    assert share_out(np.array([3.0, 0, 1]), 8).tolist() == [6, 0, 2]


@given(weights=counts_of_classes.filter(any), batch=st.integers(0, 200))
def test_shares_add_up_and_are_off_by_less_than_one(weights, batch):
    shares = share_out(np.array(weights, float), batch)
    assert shares.sum() == batch
    assert np.all(np.abs(shares - np.array(weights) * batch / sum(weights)) < 1)


def test_nothing_is_shared_out_when_nothing_is_lacking():
    assert share_out(np.zeros(3), 5).tolist() == [0, 0, 0]


def test_the_lowest_counts_are_raised_to_one_level():
    assert level_up(np.array([1.0, 9, 3]), 6).tolist() == [4, 0, 2]


@given(counts=counts_of_classes, batch=st.integers(1, 200))
def test_levelling_uses_the_whole_batch_and_raises_no_class_above_a_raised_one(counts, batch):
    counts = np.array(counts, float)
    raised = level_up(counts, batch)
    assert raised.sum() == pytest.approx(batch)
    level = (counts + raised)[raised > 0]
    assert np.ptp(level) == pytest.approx(0, abs=1e-9)
    assert np.all(counts[raised == 0] >= level.min() - 1e-9)


def test_turns_give_each_group_its_share_at_every_length():
    turns = take_turns([[10, 11, 12, 13], [20, 21], []])
    assert [group for group, _ in turns] == [0, 1, 0, 0, 1, 0]
    assert [member for group, member in turns if group == 0] == [10, 11, 12, 13]


def test_a_label_that_is_not_known_yet_counts_as_the_head_expects(rng):
    problem, _ = clustered(rng, classes=3, labelled=range(6), head=True)
    problem = replace(problem, labels=np.array([0, 1, 2, 0, 1, -1]))

    counts = expected_counts(problem, rng)

    assert counts.sum() == pytest.approx(6)
    assert counts == pytest.approx([2, 2, 1] + problem.probabilities(np.array([5]))[0])
    assert expected_counts(replace(problem, probs=None), rng).tolist() == [2, 2, 1]
