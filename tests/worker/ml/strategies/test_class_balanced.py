"""Class-balanced selection fills up the classes that lack pictures most."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from tests.worker.ml.strategies.problems import chosen, clustered, mean_head, problem_of, probs_from
from worker.ml.strategies import class_balanced, random


def test_picks_are_shared_out_by_what_each_class_lacks_of_its_target(rng):
    problem, truth = clustered(
        rng, count=600, classes=3, spread=0.3, labelled=range(30), head=True, targets=[10, 16, 40]
    )

    picks = chosen(class_balanced.query, problem, batch=12)

    assert Counter(truth[picks].tolist()) == {1: 2, 2: 10}


def test_its_reason_names_the_class_that_is_short(rng):
    problem, _ = clustered(rng, classes=3, spread=0.3, labelled=range(6), head=True, targets=[2, 2, 9])
    picks = class_balanced.query(problem, batch=4, rng=rng)
    assert {(pick.reason["code"], pick.reason["column"]) for pick in picks} == {("short", 2)}


def test_without_targets_counts_are_levelled_up(rng):
    problem, truth = clustered(rng, count=600, classes=3, spread=0.3, labelled=[0, 3, 6, 9, 1, 4, 7, 2], head=True)
    picks = chosen(class_balanced.query, problem, batch=7)
    assert Counter(truth[[*problem.labelled, *picks]].tolist()) == {0: 5, 1: 5, 2: 5}


def test_reached_targets_are_as_good_as_none(rng):
    problem, _ = clustered(rng, classes=3, labelled=range(9), head=True)
    reached = replace(problem, targets=np.array([1, 2, 3]))
    assert chosen(class_balanced.query, reached, batch=6) == chosen(class_balanced.query, problem, batch=6)


def imbalanced(rng):
    """900 pictures of class 0, 60 of class 1, 40 of class 2, clearly different."""
    problem, truth = clustered(rng, count=2700, classes=3, spread=0.5)
    kept = np.concatenate([np.flatnonzero(truth == column)[:count] for column, count in enumerate((900, 60, 40))])
    return problem.features.array[kept], truth[kept]


def labels_until_targets_are_reached(query, features, truth, targets, rng):
    labelled = np.concatenate([np.flatnonzero(truth == column)[:1] for column in range(3)])
    while np.any(np.bincount(truth[labelled], minlength=3) < targets):
        head = mean_head(features, labelled, truth[labelled], 3)
        problem = problem_of(
            features, labelled=labelled, labels=truth[labelled], classes=3, probs=head, targets=targets
        )
        picks = query(problem, batch=10, rng=rng)
        labelled = np.concatenate([labelled, [pick.position for pick in picks]])
    return len(labelled)


def test_targets_are_reached_several_times_sooner_than_at_random(rng):
    features, truth = imbalanced(rng)
    targets = np.array([20, 20, 20])

    balanced = labels_until_targets_are_reached(class_balanced.query, features, truth, targets, rng)
    at_random = labels_until_targets_are_reached(random.query, features, truth, targets, rng)

    assert balanced <= 100
    assert balanced * 4 <= at_random


def test_of_equally_likely_pictures_the_one_in_doubt_comes_first():
    p = np.array([0.999, 0.76, 0.4, 0.35])
    problem = problem_of(
        np.eye(4), classes=2, probs=probs_from(np.column_stack([p, 1 - p])), targets=[4, 0], labelled=[], labels=[]
    )
    picks = class_balanced.query(problem, batch=4, rng=np.random.default_rng(0))
    assert [pick.position for pick in picks if pick.reason["code"] == "short"] == [1, 0]


def test_a_look_alike_of_a_pick_comes_last():
    rows = np.array([[1, 0, 0], [0.999, 0.0447, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    worth = np.array([1, 0.99, 0.4, 0.3], np.float32)
    assert class_balanced.apart(rows, np.zeros((0, 3), np.float32), worth, 4).tolist() == [0, 2, 3, 1]


def test_what_is_meant_for_a_class_that_the_head_cannot_tell_goes_to_groups_without_labels(rng):
    problem, truth = clustered(rng, count=400, classes=4, spread=0.2, labelled=[0, 1, 4, 5])
    known = np.where(np.isin(truth, [0, 1]), truth, 0)
    problem = replace(problem, probs=probs_from(np.eye(4)[known] * 0.98 + [0.01, 0.01, 0, 0]))

    picks = class_balanced.query(problem, batch=4, rng=rng)

    assert set(truth[[pick.position for pick in picks]]) >= {2, 3}
    assert {pick.reason["code"] for pick in picks} == {"unlike_labelled"}
