"""Both ways to spread picks out give what their definitions give, without multiplying factors out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from worker.ml.strategies import seeding
from worker.ml.strategies.seeding import Rows, spread_by_lot, spread_greedily

small = arrays.arrays(np.float32, st.tuples(st.integers(1, 60), st.integers(1, 6)), elements=st.integers(-3, 3))


def far(rows):
    return np.full(len(rows), np.inf, np.float32)


def test_the_greedy_spread_takes_the_farthest_each_time():
    rows = Rows(np.array([[0], [1], [5], [9]], np.float32))
    closest = rows.distances(np.array([0]))[0]
    assert spread_greedily(rows, 3, closest=closest).tolist() == [3, 2, 1]


def test_distances_are_those_between_outer_products(rng):
    left, right = rng.normal(size=(12, 5)).astype(np.float32), rng.normal(size=(12, 7)).astype(np.float32)
    whole = np.einsum("nc,nd->ncd", left, right).reshape(12, -1)
    some = np.array([3, 0, 7])

    distances = Rows(left, right).distances(some)

    expected = np.square(whole[some][:, None] - whole[None]).sum(-1)
    np.testing.assert_allclose(distances, expected, rtol=1e-4, atol=1e-4)
    assert [distances[rank, index] for rank, index in enumerate(some)] == [0, 0, 0]


@pytest.fixture
def _small_steps(monkeypatch):
    """So that few rows already go through every branch of the lazy search."""
    monkeypatch.setattr(seeding, "DRAWN", 4)
    monkeypatch.setattr(seeding, "RENEWED", 3)


@pytest.mark.usefixtures("_small_steps")
@settings(max_examples=80, deadline=None)
@given(array=small, count=st.integers(0, 70))
def test_the_lazy_search_is_as_far_as_the_definition_at_every_step(array, count):
    rows = Rows(array)
    start = rows.distances(np.array([0]))[0]
    closest = start.copy()

    taken = spread_greedily(rows, count, closest=start)

    assert len(set(taken.tolist())) == len(taken) == min(count, len(rows))
    for index in taken:
        assert closest[index] == pytest.approx(max(closest.max(), 0), abs=1e-3)
        closest = np.minimum(closest, np.square(array - array[index]).sum(1))
        closest[index] = -1


@settings(max_examples=50, deadline=None)
@given(array=small, count=st.integers(0, 70), seed=st.integers(0, 2**32 - 1))
def test_draws_are_different_until_all_the_rest_are_copies(array, count, seed):
    rows = Rows(array)
    start = rows.distances(np.array([0]))[0]

    taken = spread_by_lot(rows, count, np.random.default_rng(seed), closest=start)

    kinds = len({tuple(row) for row in array.tolist()}) - 1
    assert len({tuple(array[index]) for index in taken}) == len(taken) == min(count, kinds)


def test_draws_go_by_the_squared_distance_to_those_before(rng):
    rows = Rows(np.array([[0], [1], [2], [4]], np.float32))
    start = rows.distances(np.array([0]))[0]
    trials = 4000

    pairs = [tuple(spread_by_lot(rows, 2, rng, closest=start).tolist()) for _ in range(trials)]

    # First by 1 : 4 : 16 from row 0; after row 3 was drawn rows 1 and 2 are left at 1 and 4, and so on.
    expected = {
        (1, 2): 1 / 21 * 1 / 10,
        (1, 3): 1 / 21 * 9 / 10,
        (2, 1): 4 / 21 * 1 / 5,
        (2, 3): 4 / 21 * 4 / 5,
        (3, 1): 16 / 21 * 1 / 5,
        (3, 2): 16 / 21 * 4 / 5,
    }
    for pair, share in expected.items():
        assert pairs.count(pair) / trials == pytest.approx(share, abs=4 * np.sqrt(share / trials))


def test_weights_multiply_the_chances(rng):
    rows = Rows(np.array([[0], [1], [1.0001]], np.float32))
    start = np.array([0, 1, 1], np.float32)
    weights = np.array([1, 1, 9], np.float32)

    firsts = [int(spread_by_lot(rows, 1, rng, closest=start, weights=weights)[0]) for _ in range(1000)]

    assert firsts.count(2) / 1000 == pytest.approx(0.9, abs=0.05)


def test_nothing_comes_of_no_rows(rng):
    rows = Rows(np.zeros((0, 3), np.float32))
    assert len(spread_greedily(rows, 5, closest=far(rows))) == 0
    assert len(spread_by_lot(rows, 5, rng, closest=far(rows))) == 0
