"""BAIT picks what lowers the trace of the inverse Fisher information of the labelled on that of the pool."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.ml.strategies.problems import chosen, clustered, probs_from
from worker.ml.strategies import bait


def test_its_picks_leave_less_doubt_about_the_pool_than_random_ones(rng):
    problem, _ = clustered(rng, count=400, labelled=range(12), head=True)

    picks = chosen(bait.query, problem, batch=15)

    at_random = [trace_after(problem, rng.choice(problem.candidates, 15, replace=False)) for _ in range(20)]
    assert trace_after(problem, picks) < min(at_random)


def trace_after(problem, picks):
    rows = problem.features.array.astype(np.float64)
    best = problem.probs.top_prob[:, 0].astype(np.float64)
    rows *= np.sqrt((best * (1 - best)).clip(min=1e-3))[:, None]
    given = rows[np.concatenate([problem.labelled, picks])]
    target = rows[problem.coverage].T @ rows[problem.coverage]
    return np.trace(np.linalg.inv(given.T @ given + np.eye(rows.shape[1]) / 30) @ target)


def design_of(seed, *, count=40, dims=6):
    rng = np.random.default_rng(seed)
    rows, pool, known = ((rng.normal(size=(size, dims)) / 4).astype(np.float32) for size in (count, 50, 3))
    design = bait.Design(rows, (pool.T @ pool).astype(np.float64), (known.T @ known).astype(np.float64))
    return design, rows.astype(np.float64)


def plain_trace(design, rows, taken):
    given = rows[list(taken)]
    return np.trace(np.linalg.inv(design.start + given.T @ given) @ design.target)


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_every_step_forward_is_that_of_explicit_inverses(seed):
    design, rows = design_of(seed)
    taken = []
    for one in design.forward(8):
        traces = [np.inf if row in taken else plain_trace(design, rows, [*taken, row]) for row in range(len(rows))]
        assert traces[one] == pytest.approx(min(traces), rel=1e-3)
        taken.append(one)
    assert design.trace() == pytest.approx(plain_trace(design, rows, taken), rel=1e-6)


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_every_step_back_is_that_of_explicit_inverses(seed):
    design, rows = design_of(seed)
    taken = design.forward(8)
    for left in range(7, 3, -1):
        kept = design.backward(taken, left)
        dropped = (set(taken) - set(kept)).pop()
        traces = {one: plain_trace(design, rows, set(taken) - {one}) for one in taken}
        assert traces[dropped] == pytest.approx(min(traces.values()), rel=1e-3)
        taken = kept.tolist()
    assert design.trace() == pytest.approx(plain_trace(design, rows, taken), rel=1e-6)


def test_rounding_errors_do_not_grow_with_the_number_of_picks(rng):
    rows = rng.normal(size=(600, 16)).astype(np.float32)
    design = bait.Design(rows, np.eye(16), np.zeros((16, 16)))
    taken = design.backward(design.forward(500), 250)
    assert design.trace() == pytest.approx(plain_trace(design, rows.astype(np.float64), taken), rel=1e-9)


def test_before_there_is_a_head_it_spreads_over_the_groups(rng):
    problem, truth = clustered(rng, count=300, classes=6, spread=0.2)
    assert sorted(truth[chosen(bait.query, problem, batch=6)]) == list(range(6))


def test_of_two_groups_it_asks_about_the_doubtful_one(rng):
    problem, truth = clustered(rng, count=200, classes=2, spread=0.2)
    doubtful = np.where(truth[:, None] == 1, [0.5, 0.5], [0.999, 0.001])
    picks = chosen(bait.query, replace(problem, probs=probs_from(doubtful)), batch=1)
    assert truth[picks[0]] == 1
