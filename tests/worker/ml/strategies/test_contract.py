"""What every registered strategy promises on every pool, ordinary, degenerate or huge."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.worker.ml.strategies.problems import (
    CountedFeatures,
    check_picks,
    chosen,
    clustered,
    mean_head,
    problem_of,
)
from worker.ml.strategies import DEFAULT_STRATEGY, REGISTRY
from worker.ml.strategies.base import make_reason

LABELLED = (0, 1, 2, 3, 4, 5, 6)

every_strategy = pytest.mark.parametrize("name", list(REGISTRY))


@every_strategy
def test_it_picks_different_candidates_and_says_why(name, rng):
    problem, _ = clustered(rng, labelled=LABELLED, head=True)
    problem = replace(problem, candidates=problem.candidates[::2])

    picks = REGISTRY[name].query(problem, batch=10, rng=rng)

    check_picks(picks, problem, 10)
    assert all(pick.reason.keys() == make_reason("random").keys() for pick in picks)
    assert all(-1 <= pick.reason["nearest_similarity"] <= 1.001 for pick in picks)
    assert all(0 <= pick.reason["margin"] <= 1 for pick in picks)
    assert json.loads(json.dumps([pick.reason for pick in picks])) == [pick.reason for pick in picks]


@every_strategy
def test_the_same_seed_gives_the_same_picks(name, rng):
    problem, _ = clustered(rng, labelled=LABELLED, head=True)
    first, second = (REGISTRY[name].query(problem, batch=10, rng=np.random.default_rng(7)) for _ in range(2))
    assert first == second


@every_strategy
@pytest.mark.parametrize("labelled", [(), LABELLED])
def test_it_works_before_there_is_a_head(name, labelled, rng):
    problem, _ = clustered(rng, labelled=labelled)

    picks = REGISTRY[name].query(problem, batch=10, rng=rng)

    check_picks(picks, problem, 10)
    assert all(pick.reason["margin"] is None for pick in picks)
    assert all((pick.reason["nearest_similarity"] is None) == (not labelled) for pick in picks)


@every_strategy
def test_it_works_while_the_new_labels_are_not_known(name, rng):
    problem, _ = clustered(rng, labelled=LABELLED, head=True)
    problem = replace(problem, labels=np.where(problem.labels > 2, -1, problem.labels))
    chosen(REGISTRY[name].query, problem, batch=10)


@every_strategy
def test_it_gives_all_when_more_are_asked_for(name, rng):
    problem, _ = clustered(rng, labelled=LABELLED, head=True)
    assert sorted(chosen(REGISTRY[name].query, problem, batch=500)) == problem.candidates.tolist()


@every_strategy
def test_it_gives_none_when_none_is_left_or_asked_for(name, rng):
    problem, _ = clustered(rng, labelled=LABELLED, head=True)
    exhausted = replace(problem, candidates=np.zeros(0, np.int64), coverage=np.zeros(0, np.int64))
    assert chosen(REGISTRY[name].query, exhausted, batch=5) == []
    assert chosen(REGISTRY[name].query, problem, batch=0) == []


@every_strategy
@pytest.mark.parametrize("kind", ["equal", "zero", "single", "pairs"])
@pytest.mark.parametrize("classes", [1, 2])
def test_it_copes_with_pictures_that_cannot_be_told_apart(name, kind, classes, rng):
    features = DEGENERATE[kind](rng)
    labelled = np.arange(2 if len(features) > 2 else 0)
    head = mean_head(features, labelled, labelled % classes, classes)
    problem = problem_of(features, labelled=labelled, labels=labelled % classes, classes=classes, probs=head)
    with np.errstate(invalid="raise", divide="raise"):
        chosen(REGISTRY[name].query, problem, batch=6)


def unit_rows(rng, count):
    rows = rng.normal(size=(count, 16))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


DEGENERATE = {
    "equal": lambda rng: np.repeat(unit_rows(rng, 1), 30, axis=0),
    "zero": lambda rng: np.zeros((30, 16), np.float16),
    "single": lambda rng: unit_rows(rng, 1),
    "pairs": lambda rng: np.repeat(unit_rows(rng, 15), 2, axis=0),
}


@every_strategy
def test_a_large_pool_is_never_read_whole_at_once(name, rng):
    problem, _ = clustered(rng, count=60_000, dim=8, labelled=range(40), head=True)
    features = CountedFeatures(problem.features.array)

    chosen(REGISTRY[name].query, replace(problem, features=features), batch=20)

    assert features.largest_read < 40_000


def test_strategies_are_registered_under_their_names_with_what_a_person_needs_to_choose():
    assert all(name == strategy.name and strategy.title and strategy.when for name, strategy in REGISTRY.items())
    assert DEFAULT_STRATEGY in REGISTRY
