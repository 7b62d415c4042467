"""How long the machine-learning part of a head refresh takes: train, score the pool, pick a round.

pytest tests/bench/bench_refresh_ml.py
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench import pools
from tests.worker.ml.synthetic import clusters
from worker.ml.head import score, train_head
from worker.ml.strategies import DEFAULT_STRATEGY, REGISTRY

POOL, DIM, CLASSES, ROUND_SIZE = 3781, 1280, 10, 64


@pytest.fixture(scope="module")
def pool():
    return clusters(np.random.default_rng(0), count=POOL, classes=CLASSES, dim=DIM, spread=3.0)


def refresh(features, truth, labels):
    labelled = np.arange(labels)
    head = train_head(features[labelled], truth[labelled], range(CLASSES))
    candidates = np.arange(labels, len(features))
    problem = pools.problem(features, labelled, truth[labelled], candidates, head)
    return REGISTRY[DEFAULT_STRATEGY].query(problem, batch=ROUND_SIZE, rng=np.random.default_rng(0))


@pytest.mark.parametrize("labels", [32, 320, 1000])
def test_refresh(benchmark, pool, labels):
    picks = benchmark.pedantic(refresh, (*pool, labels), rounds=20, warmup_rounds=2)
    assert len(picks) == ROUND_SIZE


@pytest.mark.parametrize("labels", [320, 1000, 3000])
def test_train_head(benchmark, pool, labels):
    features, truth = pool
    head = benchmark.pedantic(train_head, (features[:labels], truth[:labels], range(CLASSES)), rounds=10)
    assert len(head.classes) == CLASSES


def test_score_a_large_pool(benchmark):
    """100,000 pictures against 100 classes."""
    features, truth = clusters(np.random.default_rng(0), count=20_000, classes=100, dim=DIM)
    head = train_head(features[:1000], truth[:1000], range(100))
    scores = benchmark.pedantic(score, (head, [features] * 5), rounds=3)
    assert len(scores.margin) == 100_000
