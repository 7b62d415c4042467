"""The lowest scores come first, and equal ones by lot."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from worker.ml.strategies.ranking import lowest


def test_the_lowest_scores_come_first(rng):
    assert lowest(np.array([0.5, 0.1, 0.9, 0.3]), 2, rng).tolist() == [1, 3]


def test_equal_scores_come_in_an_order_of_their_own_each_time():
    scores = np.array([0.2] * 50 + [0.1])
    first, second = (lowest(scores, 20, np.random.default_rng(seed)).tolist() for seed in range(2))
    assert first[0] == second[0] == 50
    assert set(first) != set(second)


@given(
    scores=arrays.arrays(np.float16, st.integers(0, 40), elements=st.floats(0, 1, width=16)),
    count=st.integers(0, 50),
    seed=st.integers(0, 2**32 - 1),
)
def test_it_is_the_beginning_of_a_full_sort(scores, count, seed):
    few = lowest(scores, count, np.random.default_rng(seed))
    assert scores[few].tolist() == np.sort(scores)[:count].tolist()
    assert len(set(few.tolist())) == len(few)
