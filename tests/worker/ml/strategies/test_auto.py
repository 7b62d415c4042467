"""The default strategy takes the picks that leave the least doubt in the pool, by the letter of its definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.ml.synthetic import clusters
from worker.ml.strategies import InMemory, Problem, Probs, auto
from worker.ml.strategies.auto import NOISE, WIDTH, Design, Process, drawn, query


def pool(features, *, labelled=(), margins=None):
    """A pool whose head has the given margins."""
    labelled = np.array(labelled, np.int64)
    unlabelled = np.setdiff1d(np.arange(len(features)), labelled)
    probs = None
    if margins is not None:
        top = np.stack([(1 + margins) / 2, (1 - margins) / 2], axis=1)
        classes = np.zeros((len(margins), 2), np.int16)
        probs = Probs(margins, 1 - margins, classes, top, lambda rows: np.full((len(rows), 2), 0.5, np.float32))
    return Problem(
        features=InMemory(features),
        candidates=unlabelled,
        labelled=labelled,
        labels=np.full(len(labelled), -1),
        coverage=unlabelled,
        classes=2,
        probs=probs,
    )


def positions(problem, batch, seed=0):
    return [pick.position for pick in query(problem, batch=batch, rng=np.random.default_rng(seed))]


def test_the_first_round_takes_one_picture_of_each_kind(rng):
    features, truth = clusters(rng, count=120, classes=6, dim=128, spread=0.3)

    assert sorted(truth[positions(pool(features), 6)]) == list(range(6))


def test_then_it_looks_where_nothing_is_labelled(rng):
    features, truth = clusters(rng, count=90, classes=3, dim=64, spread=0.3)

    chosen = positions(pool(features, labelled=np.flatnonzero(truth < 2)[:8]), 1)

    assert truth[chosen] == [2]


def test_of_equally_new_parts_it_prefers_the_doubtful_one(rng):
    features, truth = clusters(rng, count=90, classes=3, dim=64, spread=0.3)
    margins = np.where(truth == 2, 0.1, 0.9)

    chosen = positions(pool(features, labelled=np.arange(9), margins=margins), 3)

    assert truth[chosen].tolist() == [2, 2, 2]


def test_a_twin_of_a_pick_is_not_picked_next(rng):
    features, _ = clusters(rng, count=20, classes=20, dim=64)

    chosen = positions(pool(np.concatenate([features, features])), 20)

    assert len({position % 20 for position in chosen}) == 20


def naive_design(rows, known, around, weights, batch):
    """The definition, without any update: condition on the labelled and the picks anew at each step."""

    def gaussian(a, b):
        return np.exp(-((a[:, None] - b[None]) ** 2).sum(2) / WIDTH**2)

    chosen: list[int] = []
    for _ in range(batch):
        given_ = np.concatenate([known, rows[chosen]])
        inverse = np.linalg.inv(gaussian(given_, given_) + NOISE * np.eye(len(given_)))
        between = gaussian(rows, around) - gaussian(rows, given_) @ inverse @ gaussian(given_, around)
        own = 1 - np.einsum("ij,jk,ik->i", gaussian(rows, given_), inverse, gaussian(rows, given_))
        worth = (between**2 @ weights) / (own + NOISE)
        worth[chosen] = -np.inf
        chosen.append(int(worth.argmax()))
    return chosen


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), labelled=st.integers(0, 8), batch=st.integers(1, 8))
def test_the_updates_follow_the_definition(seed, labelled, batch):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(40, 12))
    features = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float16)
    problem = pool(features, labelled=np.arange(labelled))
    weights = rng.random(len(problem.coverage)).astype(np.float32)
    process = Process(problem, sample=problem.coverage, labelled=problem.labelled, rng=rng)

    design = Design(process, problem.candidates, problem.coverage, weights, batch)
    taken = [design.take() for _ in range(batch)]

    rows, known = (process.rows(part).double().numpy() for part in (problem.candidates, problem.labelled))
    naive = naive_design(rows, known, rows, weights, batch)
    assert taken == naive or values(rows, known, weights, taken) == pytest.approx(
        values(rows, known, weights, naive), rel=1e-3
    )


@pytest.mark.parametrize(("leaders", "together"), [(20, 4), (40, 1), (100, 8)])
def test_following_only_the_leaders_finds_as_much(rng, monkeypatch, leaders, together):
    features, _ = clusters(rng, count=400, classes=20, dim=32)
    problem = pool(features, labelled=np.arange(10))
    weights = rng.random(len(problem.coverage)).astype(np.float32)
    process = Process(problem, sample=problem.coverage, labelled=problem.labelled, rng=rng)

    def taken():
        design = Design(process, problem.candidates, problem.coverage, weights, 30)
        return [design.take() for _ in range(30)]

    everything = taken()
    monkeypatch.setattr(auto, "LEADERS", leaders)
    monkeypatch.setattr(auto, "TOGETHER", together)
    few = taken()

    rows, known = (process.rows(part).double().numpy() for part in (problem.candidates, problem.labelled))
    assert len(set(few)) == 30
    assert values(rows, known, weights, few)[-1] == pytest.approx(
        values(rows, known, weights, everything)[-1], rel=0.01
    )


def values(rows, known, weights, chosen):
    """The doubt that is left after each pick: equal values allow for ties."""
    left = []
    for count in range(1, len(chosen) + 1):
        given_ = torch.from_numpy(np.concatenate([known, rows[chosen[:count]]]))
        inverse = torch.linalg.inv(auto.kernel(given_, given_) + NOISE * torch.eye(len(given_)))
        with_given = auto.kernel(torch.from_numpy(rows), given_)
        left.append(float((1 - ((with_given @ inverse) * with_given).sum(1)) @ torch.from_numpy(weights).double()))
    return left


def test_of_a_large_pool_it_sees_enough(rng, monkeypatch):
    monkeypatch.setattr(auto, "ROWS", 60)
    features, truth = clusters(rng, count=3000, classes=5, dim=64, spread=0.2)

    assert sorted(truth[positions(pool(features), 5)]) == list(range(5))


def test_the_thinning_keeps_what_is_doubtful_and_new(rng, monkeypatch):
    """Of 3,000 pictures 30 are both; a plain sample of 60 would hold none of them more often than not."""
    monkeypatch.setattr(auto, "ROWS", 60)
    features, truth = clusters(rng, count=3000, classes=100, dim=128, spread=0.3)
    margins = np.where(truth == 7, 0.0, 0.999)
    labelled = np.concatenate([np.flatnonzero(truth == kind)[:2] for kind in range(100) if kind != 7])

    chosen = positions(pool(features, labelled=labelled, margins=margins), 3)

    assert (truth[chosen] == 7).any()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 50), wanted=st.integers(5, 60))
def test_those_drawn_weigh_as_much_as_all(seed, count, wanted):
    rng = np.random.default_rng(seed)
    weights = rng.random(count).astype(np.float32)

    sums = [drawn(np.arange(count), weights, wanted, rng)[1].sum() for _ in range(400)]

    spread = np.std(sums) / 20
    assert np.mean(sums) == pytest.approx(weights.sum(), abs=float(6 * spread) + 1e-3)


def test_it_gives_sense_to_pictures_that_are_all_the_same():
    features = np.tile(np.eye(8, dtype=np.float16)[:1], (30, 1))

    assert len(set(positions(pool(features, labelled=[0, 1]), 5))) == 5
