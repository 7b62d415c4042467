"""Rare-class selection grows classes with few labels from the neighbours of their labelled pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.worker.ml.strategies.problems import (
    CountedFeatures,
    chosen,
    clustered,
    mean_head,
    problem_of,
    probs_from,
)
from worker.ml.strategies import margin, random, rare_class


class Graph:
    """The exact 20 nearest neighbours of every row."""

    def __init__(self, features):
        rows = features.astype(np.float32)
        cosines = rows @ rows.T
        np.fill_diagonal(cosines, -2)
        self.neighbours = np.argsort(-cosines, axis=1)[:, :20].astype(np.int32)
        self.cosines = np.take_along_axis(cosines, self.neighbours.astype(np.int64), axis=1).astype(np.float16)

    def of(self, positions):
        return self.neighbours[positions], self.cosines[positions]


def with_a_rare_class(rng, *, rare=10, count=2000):
    """0.5 % of the pictures are of class 2, one of them labelled; the rest of classes 0 and 1."""
    problem, truth = clustered(rng, count=3 * count, classes=3, spread=1.0)
    shares = (count // 2, count - count // 2 - rare, rare)
    kept = np.concatenate([np.flatnonzero(truth == column)[:share] for column, share in enumerate(shares)])
    features, truth = problem.features.array[kept], truth[kept]
    labelled = np.concatenate([np.flatnonzero(truth == column)[:many] for column, many in enumerate((8, 8, 1))])
    return problem_with_head(features, truth, labelled), truth


def problem_with_head(features, truth, labelled):
    head = mean_head(features, labelled, truth[labelled], 3)
    return problem_of(features, labelled=labelled, labels=truth[labelled], classes=3, probs=head)


@pytest.mark.parametrize("with_graph", [True, False])
def test_pictures_of_the_rare_class_are_found_and_named(with_graph, rng):
    problem, truth = with_a_rare_class(rng)
    if with_graph:
        problem = replace(problem, graph=Graph(problem.features.array))

    picks = rare_class.query(problem, batch=12, rng=rng)

    assert np.sum(truth[[pick.position for pick in picks]] == 2) >= 7
    assert {(pick.reason["code"], pick.reason["column"]) for pick in picks} == {("rare", 2)}


def test_a_class_of_half_a_percent_is_found_far_sooner_than_at_random(rng):
    def labels_until_found(query):
        problem, truth = with_a_rare_class(rng)
        graph = Graph(problem.features.array)
        while np.sum(problem.labels == 2) < 8:
            picks = query(replace(problem, graph=graph), batch=4, rng=rng)
            labelled = np.concatenate([problem.labelled, [pick.position for pick in picks]])
            problem = problem_with_head(problem.features.array, truth, labelled)
        return len(problem.labelled)

    assert labels_until_found(rare_class.query) * 10 <= labels_until_found(random.query)


def test_candidates_come_from_the_neighbours_in_the_graph_alone(rng):
    problem, _ = with_a_rare_class(rng)
    graph = Graph(problem.features.array)
    features = CountedFeatures(problem.features.array)
    anchor = problem.labelled[problem.labels == 2]

    picks = chosen(rare_class.query, replace(problem, features=features, graph=graph), batch=5)

    assert set(picks) <= set(graph.neighbours[anchor].ravel().tolist())
    assert features.rows_read < 4000  # of 2000 pictures: a few hundred, and the reasons' sample


def test_neighbours_of_neighbours_follow_when_there_are_too_few(rng):
    problem, _ = with_a_rare_class(rng)
    graph = Graph(problem.features.array)
    picks = chosen(rare_class.query, replace(problem, graph=graph), batch=60)
    first = set(graph.neighbours[problem.labelled[problem.labels == 2]].ravel().tolist())
    assert len(set(picks) & first) == len(first - set(problem.labelled.tolist()))
    assert len(picks) == 60


def test_without_a_graph_the_nearest_of_all_candidates_are_found(rng):
    problem, _ = clustered(rng, count=500)
    offered = rng.random(500) < 0.7
    features = CountedFeatures(problem.features.array)
    anchors = np.array([3, 4])

    positions, _ = rare_class.nearest_of_all(features, offered, anchors, 25)

    cosines = problem.features.array[anchors].astype(np.float32) @ problem.features.array.astype(np.float32).T
    cosines[:, ~offered] = -2
    for found, row in zip(positions, cosines, strict=True):
        assert row[found].min() >= np.sort(row)[-25] - 1e-6
        assert len(set(found)) == 25


def test_the_likeliest_come_first_and_those_without_a_chance_by_nearness():
    problem = problem_of(np.eye(4), classes=2, probs=probs_from(np.zeros((4, 2)), lambda rows: rows[:, 2:4] @ TABLE))
    order = rare_class.likeliest(problem, 1, np.arange(4), np.array([0.1, 0.9, 0.2, 0.3], np.float32))
    assert order.tolist() == [2, 3, 1, 0]


TABLE = np.array([[0.2, 0.8], [0.7, 0.3]], np.float32)


def test_picks_go_to_rare_classes_in_inverse_proportion_to_their_labels():
    rarity = rare_class.rarity(np.array([20.0, 30, 2, 4, 0]))
    assert rarity.tolist() == [0, 0, 1 / 2, 1 / 4, 0]


def test_when_no_class_is_rarer_than_others_doubt_decides(rng):
    problem, _ = clustered(rng, labelled=range(12), head=True)
    picks = chosen(rare_class.query, problem, batch=10)
    assert picks == chosen(margin.query, problem, batch=10)
