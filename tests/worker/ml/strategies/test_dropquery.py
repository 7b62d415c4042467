"""DropQuery: predictions that do not survive dropout, one of each kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.ml.strategies.problems import CountedFeatures, chosen, clustered
from worker.ml.strategies import dropquery
from worker.ml.strategies.dropquery import MASKS, flips, middles, most_shaky, query


def test_it_picks_shaky_predictions_one_of_each_kind(rng):
    problem, truth = clustered(rng, count=600, spread=0.3, labelled=[0, 1, 2, 3], head=True)

    positions = chosen(query, problem, batch=6)

    assert {4, 5} <= set(truth[positions])  # the head can only guess what it has never seen
    assert problem.probs.margins[positions].mean() < problem.probs.margins[problem.candidates].mean()


def test_a_try_leaves_a_quarter_of_the_embedding_at_four_times_its_size(rng):
    tried = []

    def head(rows):
        tried.append(rows)
        return np.eye(2, dtype=np.float32)[np.zeros(len(rows), np.int64)]

    assert flips(head, np.ones((50, 400), np.float16), rng).tolist() == [0] * 50
    whole, *masked = tried
    assert (whole == 1).all()
    assert len(masked) == MASKS
    assert all(set(np.unique(rows)) == {0, 4} for rows in masked)
    assert all((rows > 0).mean() == pytest.approx(0.25, abs=0.01) for rows in masked)
    assert not np.array_equal(masked[0], masked[1])


def test_a_prediction_that_hangs_on_one_number_flips_and_one_that_hangs_on_all_does_not(rng):
    features = np.zeros((400, 64), np.float16)
    features[:200, 0] = 1
    features[200:] = 0.125
    # Left alone the first number says class 1, all together say class 1, and nothing says class 0.
    counts = flips(lambda rows: np.stack([np.full(len(rows), 0.2), rows.sum(1)], 1), features, rng)
    assert counts[:200].mean() == pytest.approx(MASKS * 0.75, abs=0.3)
    assert counts[200:].max() == 0


def test_more_than_half_of_the_tries_must_differ_unless_too_few_do(rng):
    counts = np.array([0, 3, 1, 2, 2, 0])
    assert most_shaky(counts, 3, rng).tolist() == [1, 3, 4]
    assert most_shaky(counts, 4, rng).tolist() == [1, 2, 3, 4]
    assert most_shaky(counts, 6, rng).tolist() == [0, 1, 2, 3, 4, 5]


def test_the_middle_of_each_cluster_is_taken_large_clusters_first(rng):
    rows = np.array([[0.0], [0.1], [0.2], [0.3], [0.4], [5.0], [5.1], [5.3]], np.float32)
    assert middles(rows, 2, rng).tolist() == [2, 6]


@settings(max_examples=30, deadline=None)
@given(kinds=st.integers(1, 5), copies=st.integers(1, 5), count=st.integers(1, 30), seed=st.integers(0, 2**32 - 1))
def test_where_rows_are_equal_others_fill_up(kinds, copies, count, seed):
    rows = np.repeat(np.eye(kinds, dtype=np.float32), copies, axis=0)
    chosen = middles(rows, min(count, len(rows)), np.random.default_rng(seed)).tolist()
    assert len(set(chosen)) == len(chosen) == min(count, len(rows))
    assert len({index // copies for index in chosen}) == min(count, kinds)


def test_before_there_is_a_head_it_takes_one_of_each_kind(rng):
    problem, truth = clustered(rng, count=120, spread=0.1)
    assert sorted(truth[chosen(query, problem, batch=6)]) == list(range(6))


def test_of_a_large_pool_little_is_read(rng, monkeypatch):
    monkeypatch.setattr(dropquery, "TESTED", 400)
    problem, _ = clustered(rng, count=20_000, labelled=range(12), head=True)
    features = CountedFeatures(problem.features.array)

    chosen(query, replace(problem, features=features), batch=10)

    assert features.rows_read < 3000  # most of them to explain the picks
