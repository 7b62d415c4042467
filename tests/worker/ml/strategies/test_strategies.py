"""What every strategy promises, whatever it looks for."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.worker.ml.synthetic import clusters
from worker.ml.strategies import DEFAULT_STRATEGY, REGISTRY, InMemory, Problem, Probs

REASON_KEYS = {"code", "margin", "nearest_similarity", "look_alikes", "column"}

every_strategy = pytest.mark.parametrize("name", list(REGISTRY))


def ask(name, rng, *, batch=10, labelled=(), probs=None, count=120):
    features, _ = clusters(np.random.default_rng(1), count=count, classes=6)
    labelled = np.array(labelled, np.int64)
    candidates = np.setdiff1d(np.arange(0, count, 2), labelled)
    problem = Problem(
        features=InMemory(features),
        candidates=candidates,
        labelled=labelled,
        labels=labelled % 6,
        coverage=np.arange(count),
        classes=6,
        probs=probs,
        targets=np.full(6, 20),
    )
    return REGISTRY[name].query(problem, batch=batch, rng=rng), candidates


def says(margins):
    """A head with the given margins, whatever else it says."""
    rows = np.random.default_rng(2).dirichlet(np.ones(6), len(margins)).astype(np.float32)
    order = np.argsort(-rows, axis=1)
    top = np.take_along_axis(rows, order, 1)
    weight = np.random.default_rng(3).normal(size=(6, 32))

    def of_features(features):
        scores = np.exp(np.asarray(features, np.float32) @ weight[:, : features.shape[1]].T)
        return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)

    return Probs(margins, -(rows * np.log(rows)).sum(1), order.astype(np.int16), top, of_features)


@every_strategy
def test_it_picks_different_candidates_and_says_why(name, rng):
    picks, candidates = ask(name, rng, labelled=[0, 4], probs=says(rng.random(120)))

    positions = [pick.position for pick in picks]
    assert len(set(positions)) == len(positions) == 10
    assert set(positions) <= set(candidates.tolist())
    assert all(set(pick.reason) == REASON_KEYS for pick in picks)
    assert json.loads(json.dumps([pick.reason for pick in picks])) == [pick.reason for pick in picks]


@every_strategy
def test_it_works_before_the_first_label(name, rng):
    picks, _ = ask(name, rng)
    assert len(picks) == 10
    assert all(pick.reason["margin"] is None for pick in picks)
    assert all(pick.reason["nearest_similarity"] is None for pick in picks)


@every_strategy
def test_it_gives_fewer_when_fewer_are_left(name, rng):
    picks, candidates = ask(name, rng, batch=500)
    assert sorted(pick.position for pick in picks) == candidates.tolist()


@every_strategy
def test_it_gives_none_when_none_is_left(name, rng):
    picks, _ = ask(name, rng, labelled=range(120), probs=says(np.zeros(120)))
    assert picks == []


@every_strategy
def test_the_same_seed_gives_the_same_picks(name):
    first, second = (ask(name, np.random.default_rng(7))[0] for _ in range(2))
    assert first == second


def test_the_default_is_registered_under_its_name():
    assert REGISTRY[DEFAULT_STRATEGY].name == DEFAULT_STRATEGY
    assert all(name == strategy.name and strategy.title and strategy.when for name, strategy in REGISTRY.items())
