"""Cluster-Margin: doubtful pictures, in turn from all the groups that they fall into."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.ml.strategies.problems import CountedFeatures, chosen, clustered, problem_of, probs_from
from worker.ml.strategies import cluster_margin
from worker.ml.strategies.cluster_margin import query, take_turns


def test_each_group_of_doubtful_pictures_has_its_turn(rng):
    problem, truth = clustered(rng, count=600, spread=0.1)
    torn = np.where(truth < 4, 0.5, 0.9)  # classes 4 and 5 are clear
    problem = replace(problem, probs=probs_from(np.stack([torn, 1 - torn], 1)))

    positions = chosen(query, problem, batch=8)

    assert set(truth[positions]) == {0, 1, 2, 3}
    assert query(problem, batch=1, rng=rng)[0].reason["code"] == "torn"


def test_only_the_lowest_margins_are_looked_at(rng):
    problem, _ = clustered(rng, count=300)
    lead = np.linspace(0, 0.9, 300)
    problem = replace(problem, probs=probs_from(np.stack([(1 + lead) / 2, (1 - lead) / 2], 1)))

    positions = chosen(query, problem, batch=5)

    assert max(positions) < 52  # 10 for each pick, and ties of half precision
    assert max(positions) >= 5  # but not just the very lowest


def test_the_smallest_cluster_comes_first_in_each_round(rng):
    cluster = np.array([7, 7, 7, 7, 2, 2, 5])
    order = take_turns(cluster, rng)
    assert cluster[order].tolist() == [5, 2, 7, 2, 7, 7, 7]


def naive_turns(cluster):
    """The definition: go round the clusters by size, skipping the empty ones -> the cluster of each turn."""
    kinds, sizes = np.unique(cluster, return_counts=True)
    left, turns = dict(zip(kinds.tolist(), sizes.tolist(), strict=True)), []
    by_size = [kind for _, kind in sorted(zip(sizes.tolist(), kinds.tolist(), strict=True))]
    while sum(left.values()):
        for kind in by_size:
            if left[kind]:
                left[kind] -= 1
                turns.append(kind)
    return turns


@given(cluster=st.lists(st.integers(0, 6), max_size=40), seed=st.integers(0, 2**32 - 1))
def test_turns_agree_with_the_definition(cluster, seed):
    order = take_turns(np.array(cluster, np.int64), np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(len(cluster)))
    assert np.array(cluster, np.int64)[order].tolist() == naive_turns(cluster)


def test_before_there_is_a_head_it_goes_round_the_whole_pool(rng):
    problem, truth = clustered(rng, count=120, spread=0.1)
    assert set(truth[chosen(query, problem, batch=12)]) == set(range(6))


def test_of_a_large_pool_little_is_read(rng, monkeypatch):
    monkeypatch.setattr(cluster_margin, "MAX_ROWS", 200)
    problem, _ = clustered(rng, count=20_000, labelled=range(12), head=True)
    features = CountedFeatures(problem.features.array)

    chosen(query, replace(problem, features=features), batch=10)

    assert features.rows_read < 3000  # most of them to explain the picks


def test_pictures_that_need_not_be_represented_may_be_picked(rng):
    problem, _ = clustered(rng, count=40)
    chosen(query, problem_of(problem.features.array, candidates=range(10), coverage=[]), batch=5)
