"""ProbCover covers as many pictures as it can with balls around its picks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.ml.strategies.problems import chosen, clustered, problem_of
from worker.ml.strategies import probcover


def test_each_pick_covers_another_group(rng):
    problem, truth = clustered(rng, count=300, classes=6, spread=0.1)
    assert sorted(truth[chosen(probcover.query, problem, batch=6)]) == list(range(6))


def test_a_group_with_a_label_is_covered(rng):
    problem, truth = clustered(rng, count=300, classes=6, spread=0.1, labelled=[0, 1, 2])
    assert sorted(truth[chosen(probcover.query, problem, batch=3)]) == [3, 4, 5]


def test_the_largest_group_is_covered_first(rng):
    small, large = (clustered(rng, count=count, classes=1, spread=0.2)[0].features.array for count in (20, 40))
    problem = problem_of(np.concatenate([small, large]), classes=2)
    assert chosen(probcover.query, problem, batch=1)[0] >= 20


@pytest.mark.parametrize("seed", range(5))
def test_the_greedy_choice_is_that_of_a_plain_search(seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(60, 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    between = probcover.distances(rows, rows[:40])
    to_labelled = probcover.distances(rows, rows[50:52]).min(axis=1)

    assert probcover.cover(between, to_labelled, 0.5, 6).tolist() == plain_cover(between, to_labelled, 0.5, 6)


def plain_cover(between, to_labelled, radius, batch):
    covered = set(np.flatnonzero(to_labelled <= radius))
    picks = []
    for _ in range(batch):
        balls = [set(np.flatnonzero(column <= radius)) - covered for column in between.T]
        picks.append(max(range(len(balls)), key=lambda one: (len(balls[one]), -one)))
        covered |= balls[picks[-1]]
    return picks


def test_when_everything_is_covered_smaller_balls_go_on():
    line = np.array([0, 0.3, 0.6, 0.9], np.float32)
    between = np.abs(line[:, None] - line[None])
    picks = probcover.cover(between, np.full(4, np.inf, np.float32), 1.0, 4)
    assert picks.tolist() == [0, 2, 1, 3]


def test_the_radius_keeps_balls_within_their_group(rng):
    problem, truth = clustered(rng, count=200, classes=4, spread=0.3)
    rows = problem.features.array.astype(np.float32)

    radius = probcover.purest_radius(rows, 4, rng)

    def purity(width):
        inside = probcover.distances(rows, rows) < width
        return np.mean([len(np.unique(truth[row])) == 1 for row in inside])

    assert purity(radius) >= 0.95
    assert purity(radius * 1.1) < 0.95


def test_pictures_that_are_all_equal_have_a_radius(rng):
    assert 0 < probcover.purest_radius(np.ones((20, 4), np.float32) / 2, 3, rng) <= 2


@given(balls=st.integers(1, 100), seed=st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_half_of_the_balls_hold_their_share_of_the_pool(balls, seed):
    rows = np.random.default_rng(seed).normal(size=(90, 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)

    radius = probcover.fair_radius(rows, balls, np.random.default_rng(0))

    held = (probcover.distances(rows, rows) <= radius * 1.0001).sum(axis=1)
    assert np.mean(held >= 90 // balls) >= 0.5
    assert np.mean(held > max(2, 90 // balls)) <= 0.5
