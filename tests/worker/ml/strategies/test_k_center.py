"""k-center: labels spread so that nothing is far from one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.ml.strategies.problems import CountedFeatures, chosen, clustered, problem_of
from worker.ml.strategies import k_center
from worker.ml.strategies.k_center import query


def test_it_goes_where_nothing_is_labelled(rng):
    problem, truth = clustered(rng, spread=0.3, labelled=[0, 1, 2, 3])  # nothing of classes 4 and 5

    picks = query(problem, batch=2, rng=rng)

    assert {truth[pick.position] for pick in picks} == {4, 5}
    assert {pick.reason["code"] for pick in picks} == {"unlike_labelled"}


def test_without_labels_it_starts_in_the_middle(rng):
    angles = np.deg2rad([0, 30, 44, 80, 90])
    problem = problem_of(np.stack([np.cos(angles), np.sin(angles)], 1))
    assert chosen(query, problem, batch=3) == [2, 4, 0]
    assert query(problem, batch=1, rng=rng)[0].reason["code"] == "typical"


def naive(features, labelled, candidates, batch):
    """The definition: in each step measure every candidate against everything that has a label."""
    rows, taken = features.astype(np.float64), list(labelled)
    for _ in range(batch):
        free = [position for position in candidates if position not in taken]
        gaps = [min(np.linalg.norm(rows[position] - rows[other]) for other in taken) for position in free]
        taken.append(free[int(np.argmax(gaps))])
    return taken[len(labelled) :]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), labelled=st.integers(1, 8), batch=st.integers(1, 25))
def test_it_agrees_with_the_definition(seed, labelled, batch):
    problem, _ = clustered(np.random.default_rng(seed), count=50, labelled=range(labelled))

    positions = chosen(query, problem, batch=batch)

    assert positions == naive(problem.features.array, range(labelled), problem.candidates.tolist(), batch)


def test_unreadable_pictures_come_last():
    features = np.eye(8)
    features[[2, 5]] = 0
    positions = chosen(query, problem_of(features, labelled=[0]), batch=7)
    assert sorted(positions[-2:]) == [2, 5]


def test_many_labelled_are_measured_in_parts(rng, monkeypatch):
    problem, _ = clustered(rng, count=50, labelled=range(20))
    whole = chosen(query, problem, batch=10)
    monkeypatch.setattr(k_center, "CHUNK", 3)
    assert chosen(query, problem, batch=10) == whole


def test_a_large_pool_is_sampled(rng, monkeypatch):
    monkeypatch.setattr(k_center, "MAX_ROWS", 60)
    problem, truth = clustered(rng, count=20_000, spread=0.2, labelled=[0, 1])
    features = CountedFeatures(problem.features.array)

    positions = chosen(query, replace(problem, features=features), batch=4)

    assert sorted(truth[positions]) == [2, 3, 4, 5]
    assert features.rows_read < 2000  # most of them to explain the picks
