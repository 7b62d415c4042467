"""Uncertainty Herding covers the pool greedily, and the uncertain parts of it first."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.ml.synthetic import clusters
from worker.ml.strategies import InMemory, Problem, Probs, uncertainty_herding
from worker.ml.strategies.uncertainty_herding import (
    FIRST_WIDTH,
    MIN_WIDTH,
    greedy_herding,
    kernel_width,
    query,
    to_kernel,
)


def ask(features, *, labelled=(), candidates=None, margins=None, batch=1):
    labelled = np.array(labelled, np.int64)
    unlabelled = np.setdiff1d(np.arange(len(features)), labelled)
    problem = Problem(
        features=InMemory(features),
        candidates=unlabelled if candidates is None else np.array(candidates),
        labelled=labelled,
        labels=np.full(len(labelled), -1),
        coverage=unlabelled,
        classes=2,
        probs=None if margins is None else says(margins),
    )
    return query(problem, batch=batch, rng=np.random.default_rng(0))


def says(margins):
    """A head of two classes with the given margins."""
    top = np.stack([(1 + margins) / 2, (1 - margins) / 2], axis=1)
    classes = np.zeros((len(margins), 2), np.int16)
    return Probs(margins, 1 - margins, classes, top, lambda rows: np.full((len(rows), 2), 0.5, np.float32))


def test_the_first_round_takes_one_picture_of_each_kind(rng):
    features, truth = clusters(rng, count=90, classes=6, dim=128, spread=0.3)

    picks = ask(features, batch=6)

    assert sorted(truth[pick.position] for pick in picks) == list(range(6))
    assert {pick.reason["code"] for pick in picks} == {"typical"}
    assert [pick.reason["look_alikes"] for pick in picks] == [14] * 6


def test_afterwards_it_looks_where_nothing_is_labelled(rng):
    features, truth = clusters(rng, count=90, classes=3, spread=0.3)
    labelled = np.flatnonzero(truth < 2)[:8]

    pick = ask(features, labelled=labelled)[0]

    assert truth[pick.position] == 2
    assert pick.reason["code"] == "unlike_labelled"
    assert pick.reason["nearest_similarity"] < 0.5


def test_of_equally_new_parts_it_prefers_the_uncertain_one(rng):
    features, truth = clusters(rng, count=90, classes=3, spread=0.3)
    margins = np.where(truth == 2, 0.1, 0.9)

    picks = ask(features, labelled=np.arange(9), margins=margins, batch=3)

    assert [truth[pick.position] for pick in picks] == [2, 2, 2]
    assert picks[0].reason["margin"] == 0.1
    assert "torn" in {pick.reason["code"] for pick in picks}


def test_a_near_duplicate_of_a_pick_is_not_picked_next(rng):
    features, _ = clusters(rng, count=20, classes=20, dim=64)
    twins = np.concatenate([features, features])

    picks = ask(twins, batch=20)

    assert len({pick.position % 20 for pick in picks}) == 20


def naive_herding(kernel, covered, weights, batch):
    """The definition: in each step try every row."""
    chosen = []
    for _ in range(min(batch, len(kernel))):
        gains = [weights @ np.maximum(row - covered, 0) for row in kernel]
        best = max((i for i in range(len(kernel)) if i not in chosen), key=lambda i: gains[i])
        chosen.append(best)
        covered = np.maximum(covered, kernel[best])
    return chosen


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 60),
    columns=st.integers(1, 30),
    batch=st.integers(1, 20),
)
def test_the_lazy_search_finds_what_the_definition_finds(seed, rows, columns, batch):
    rng = np.random.default_rng(seed)
    kernel, covered, weights = rng.random((rows, columns)), rng.random(columns) / 2, rng.random(columns)

    lazy = greedy_herding(*map(torch.from_numpy, (kernel, covered, weights)), batch)

    naive = naive_herding(kernel, covered, weights, batch)
    assert value(kernel, covered, weights, lazy) == pytest.approx(value(kernel, covered, weights, naive))
    assert len(set(lazy)) == len(lazy) == len(naive)


def value(kernel, covered, weights, chosen):
    """Coverage after each pick; equal values allow for ties, whose order is free."""
    steps = [np.maximum(covered, kernel[chosen[: n + 1]].max(0)) @ weights for n in range(len(chosen))]
    return np.array(steps)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_candidates_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    features, _ = clusters(rng, count=60, classes=5)
    margins = rng.random(60)
    order = rng.permutation(np.arange(10, 60))

    sorted_picks = ask(features, labelled=range(10), margins=margins, batch=8)
    shuffled_picks = ask(features, labelled=range(10), candidates=order, margins=margins, batch=8)

    assert [pick.position for pick in sorted_picks] == [pick.position for pick in shuffled_picks]


def test_the_kernel_is_as_wide_as_the_labelled_are_close():
    def at(*degrees):
        angles = torch.deg2rad(torch.tensor(degrees, dtype=torch.float32))
        return torch.stack([angles.cos(), angles.sin()], 1)

    assert kernel_width(at()) == kernel_width(at(10)) == FIRST_WIDTH
    assert kernel_width(at(0, 60)) == pytest.approx(1.0)  # the chord of 60 degrees
    assert kernel_width(at(0, 90)) == pytest.approx(2**0.5)
    assert kernel_width(at(20, 20, 20)) == MIN_WIDTH


def test_the_kernel_is_gaussian_in_the_distance():
    assert to_kernel(torch.tensor([1.0, 0.5, -torch.inf]), 0.5).tolist() == pytest.approx([1, np.exp(-4), 0])


def test_a_large_pool_is_sampled_but_speaks_for_all(rng, monkeypatch):
    monkeypatch.setattr(uncertainty_herding, "MAX_ROWS", 50)
    features, truth = clusters(rng, count=500, classes=5, spread=0.2)

    picks = ask(features, batch=5)

    assert sorted(truth[pick.position] for pick in picks) == list(range(5))
    assert sum(pick.reason["look_alikes"] for pick in picks) == 495  # all but the picks, none of them sampled away
