"""BADGE: k-means++ on the gradients that the predictions would give the head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.ml.strategies.problems import CountedFeatures, chosen, clustered, problem_of, probs_of
from worker.ml.strategies import badge
from worker.ml.strategies.badge import draw, loss_gradients, query, sample, squared_doubt
from worker.ml.strategies.seeding import Rows


def test_the_picks_are_doubtful_and_unlike_one_another(rng):
    problem, truth = clustered(rng, count=240, spread=0.3, labelled=[0, 1, 2, 3], head=True)

    positions = chosen(query, problem, batch=8)

    assert {4, 5} <= set(truth[positions])  # what the head has never seen
    assert problem.probs.margins[positions].mean() < problem.probs.margins[problem.candidates].mean()


def gradients(problem):
    """Every candidate's embedding, multiplied out: [m, C x d]."""
    rows = problem.features.array[problem.candidates].astype(np.float64)
    probabilities = problem.probs.of_features(rows)
    onehot = np.eye(problem.classes)[probabilities.argmax(1)]
    return np.einsum("nc,nd->ncd", probabilities - onehot, rows).reshape(len(rows), -1)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_longest_gradient_comes_first(seed):
    problem, _ = clustered(np.random.default_rng(seed), labelled=range(6), head=True)
    lengths = np.linalg.norm(gradients(problem), axis=1)

    first = chosen(query, problem, batch=1)[0]

    assert lengths[problem.candidates == first] == pytest.approx(lengths.max(), abs=1e-3)


def test_the_next_is_drawn_by_the_squared_distance_of_the_gradients(rng):
    problem, _ = clustered(rng, count=14, classes=3, labelled=range(6), head=True)
    features = problem.features.array[problem.candidates].astype(np.float32)
    rows = Rows(loss_gradients(problem.probs.of_features(features)), features)
    whole, trials = gradients(problem), 3000
    first = int(np.linalg.norm(whole, axis=1).argmax())
    chances = np.square(whole - whole[first]).sum(1)

    nothing, even = np.full(8, np.inf, np.float32), np.ones(8, np.float32)
    draws = np.array([draw(rows, 2, rng, closest=nothing, weights=even) for _ in range(trials)])

    assert (draws[:, 0] == first).all()
    shares = np.bincount(draws[:, 1], minlength=8) / trials
    np.testing.assert_allclose(shares, chances / chances.sum(), atol=0.04)


def test_copies_of_a_picture_are_not_picked_while_others_are_left(rng):
    problem, _ = clustered(rng, count=20, labelled=[0], head=True)
    twins = np.concatenate([problem.features.array] * 2)
    of_features = problem.probs.of_features
    twice = problem_of(twins, candidates=range(40), labelled=[0], classes=6, probs=probs_of(twins, of_features))

    positions = chosen(query, twice, batch=20)

    assert len({position % 20 for position in positions}) == 20


def test_before_there_is_a_head_it_spreads_out_over_the_features(rng):
    problem, truth = clustered(rng, count=600, spread=0.05, labelled=[0, 1])

    positions = chosen(query, problem, batch=4)

    assert sorted(truth[positions]) == [2, 3, 4, 5]


def test_a_large_pool_is_sampled_as_draws_from_all_would_go(rng):
    problem, _ = clustered(rng, count=4000, classes=3, labelled=range(3), head=True)
    doubt = squared_doubt(problem.probs, problem.candidates)
    doubtful = doubt > np.median(doubt)

    some, weights = sample(problem, 400, rng)

    length = squared_doubt(problem.probs, some)
    assert len(some) == 400
    assert doubtful[np.searchsorted(problem.candidates, some)].mean() > 0.55
    # Weighted, sums over the sample are like sums over the pool.
    assert (weights * length).sum() == pytest.approx(doubt.sum(), rel=0.1)


def test_the_classes_that_are_kept_tell_the_length_of_the_gradient(rng):
    problem, _ = clustered(rng, labelled=range(6), head=True)
    expected = np.square(loss_gradients(problem.probabilities(problem.candidates))).sum(1)
    np.testing.assert_allclose(squared_doubt(problem.probs, problem.candidates), expected, atol=2e-3)


def test_of_a_large_pool_little_is_read(rng, monkeypatch):
    monkeypatch.setattr(badge, "MAX_ROWS", 200)
    problem, _ = clustered(rng, count=20_000, labelled=range(12), head=True)
    features = CountedFeatures(problem.features.array)

    chosen(query, replace(problem, features=features), batch=10)

    assert features.rows_read < 2000  # most of them to explain the picks
