"""Margin: what the head cannot decide between two classes comes first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.ml.strategies.problems import chosen, scored
from worker.ml.strategies.margin import query

SURE, TORN, LOST, LEANING = (
    [0.97, 0.01, 0.01, 0.01],
    [0.49, 0.48, 0.02, 0.01],
    [0.29, 0.25, 0.24, 0.22],
    [0.6, 0.4, 0, 0],
)


def test_the_picture_whose_two_likeliest_classes_are_closest_comes_first(rng):
    picks = query(scored([SURE, TORN, LOST, LEANING]), batch=4, rng=rng)
    assert [pick.position for pick in picks] == [1, 2, 3, 0]
    assert {pick.position: pick.reason["code"] for pick in picks}[1] == "torn"
    assert {pick.position: pick.reason["code"] for pick in picks}[2] == "unsure"


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), batch=st.integers(1, 40))
def test_it_agrees_with_the_definition(seed, batch):
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(4), 30)

    positions = chosen(query, scored(probabilities, labelled=range(5)), batch=batch)

    scores = np.diff(np.sort(probabilities)[:, -2:])[:, 0]
    np.testing.assert_allclose(scores[positions], np.sort(scores[5:])[:batch], atol=2e-3)  # stored in fp16


def test_equal_pictures_come_by_lot():
    first, second = (chosen(query, scored([SURE] * 40), batch=10, seed=seed) for seed in range(2))
    assert set(first) != set(second)


def test_before_there_is_a_head_it_picks_at_random(rng):
    picks = query(replace(scored([SURE] * 40), probs=None), batch=10, rng=rng)
    assert {pick.reason["code"] for pick in picks} == {"random"}
    assert [pick.position for pick in picks] != sorted(pick.position for pick in picks)
