"""TypiClust picks the most typical picture of each group that has few labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.worker.ml.strategies.problems import chosen, clustered, problem_of
from worker.ml.strategies import typiclust


def test_the_first_picks_are_one_typical_picture_of_each_group(rng):
    problem, truth = clustered(rng, count=300, classes=6, spread=0.3)

    picks = chosen(typiclust.query, problem, batch=6)

    assert sorted(truth[picks]) == list(range(6))
    rows = problem.features.array.astype(np.float64)
    for pick in picks:
        members = np.flatnonzero(truth == truth[pick])
        assert pick == members[np.argmax([naive_typicality(rows, one, members) for one in members])]


def naive_typicality(rows, one, members):
    others = rows[members[members != one]]
    return 1 / np.sort(np.linalg.norm(others - rows[one], axis=1))[:20].mean()


def test_groups_without_labels_come_first(rng):
    problem, truth = clustered(rng, count=300, classes=6, spread=0.2, labelled=[0, 1, 2])
    assert sorted(truth[chosen(typiclust.query, problem, batch=3)]) == [3, 4, 5]


def test_among_groups_alike_in_labels_the_largest_comes_first():
    cluster = np.array([0] * 6 + [1] * 8 + [2] * 7 + [1, 0])  # the last two rows are labelled
    usable, small = typiclust.in_order(cluster, offered=21)
    assert usable.tolist() == [2, 1, 0]
    assert small.tolist() == []


def test_a_handful_of_outliers_is_no_group(rng):
    problem, _ = clustered(rng, count=100, classes=2, spread=0.2)
    outliers = -problem.features.array[:5]
    problem = problem_of(np.concatenate([problem.features.array, outliers]))

    picks = chosen(typiclust.query, problem, batch=3)

    assert all(pick < 100 for pick in picks)


def test_when_the_groups_are_used_up_each_gives_its_next_picture(monkeypatch, rng):
    monkeypatch.setattr(typiclust, "MAX_CLUSTERS", 4)
    problem, truth = clustered(rng, count=200, classes=4, spread=0.2)

    picks = chosen(typiclust.query, problem, batch=12)

    for turn in np.split(truth[picks], 3):
        assert sorted(turn) == [0, 1, 2, 3]


def test_its_reason_is_that_the_picture_is_typical(rng):
    problem, _ = clustered(rng)
    picks = typiclust.query(problem, batch=5, rng=rng)
    assert {pick.reason["code"] for pick in picks} == {"typical"}


class Graph:
    """Neighbours at a distance that grows with the position."""

    def of(self, positions):
        cosines = np.repeat(1 - positions[:, None] / 1000, 20, axis=1).astype(np.float16)
        return np.zeros((len(positions), 20), np.int32), cosines


def test_in_a_sample_of_a_large_pool_the_graph_says_what_is_typical(monkeypatch, rng):
    monkeypatch.setattr(typiclust, "MAX_ROWS", 100)
    problem, truth = clustered(rng, count=400, classes=4, spread=0.2)

    picks = chosen(typiclust.query, replace(problem, graph=Graph()), batch=4)

    assert sorted(truth[picks]) == [0, 1, 2, 3]
    assert max(picks) < 60  # the lowest positions of a sample of 25 pictures a group


def test_a_picture_without_neighbours_is_the_least_typical():
    class Lonely:
        def of(self, positions):
            return np.full((len(positions), 20), -1, np.int32), np.zeros((len(positions), 20), np.float16)

    assert typiclust.distance_in_graph(Lonely(), np.arange(3)) == pytest.approx([2, 2, 2])
