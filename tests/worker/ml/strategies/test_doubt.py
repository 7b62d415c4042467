"""Margin, least confidence and entropy: what the head is least sure of comes first, each by its own measure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.ml.strategies.problems import chosen, scored
from worker.ml.strategies import entropy, least_confidence, margin

SURE, TORN, LOST, LEANING, HALVED = (
    [0.97, 0.01, 0.01, 0.01],
    [0.49, 0.48, 0.02, 0.01],
    [0.29, 0.25, 0.24, 0.22],
    [0.6, 0.4, 0, 0],
    [0.8, 0.07, 0.07, 0.06],
)
SURENESS = {
    margin: lambda rows: np.diff(np.sort(rows)[:, -2:])[:, 0],
    least_confidence: lambda rows: rows.max(1),
    entropy: lambda rows: (rows * np.log(rows)).sum(1),
}
by_each = pytest.mark.parametrize("strategy", SURENESS, ids=lambda module: module.NAME)


@pytest.mark.parametrize(
    ("strategy", "order"),
    [(margin, [1, 2, 3, 4, 0]), (least_confidence, [2, 1, 3, 4, 0]), (entropy, [2, 1, 4, 3, 0])],
    ids=lambda value: getattr(value, "NAME", ""),
)
def test_what_the_head_is_least_sure_of_comes_first(strategy, order, rng):
    picks = strategy.query(scored([SURE, TORN, LOST, LEANING, HALVED]), batch=5, rng=rng)

    assert [pick.position for pick in picks] == order
    codes = {pick.position: pick.reason["code"] for pick in picks}
    assert (codes[1], codes[2]) == ("torn", "unsure")


@by_each
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), batch=st.integers(1, 40))
def test_it_agrees_with_the_definition(strategy, seed, batch):
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(4), 30)

    positions = chosen(strategy.query, scored(probabilities, labelled=range(5)), batch=batch)

    scores = SURENESS[strategy](probabilities)
    np.testing.assert_allclose(scores[positions], np.sort(scores[5:])[:batch], atol=2e-3)  # stored in fp16


@by_each
def test_equal_pictures_come_by_lot(strategy):
    first, second = (chosen(strategy.query, scored([SURE] * 40), batch=10, seed=seed) for seed in range(2))
    assert set(first) != set(second)


@by_each
def test_before_there_is_a_head_it_picks_at_random(strategy, rng):
    picks = strategy.query(replace(scored([SURE] * 40), probs=None), batch=10, rng=rng)
    assert {pick.reason["code"] for pick in picks} == {"random"}
    assert [pick.position for pick in picks] != sorted(pick.position for pick in picks)
