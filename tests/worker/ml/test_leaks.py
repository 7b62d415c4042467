"""Look-alikes across a split: all are counted, the most similar are shown."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.ml import leaks
from worker.ml.leaks import look_alikes


def rows(seed: int, count: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 4))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_a_copy_is_found_by_its_numbers():
    train, told = rows(0, 5), []

    found = look_alikes(
        iter([(np.array([10, 11, 12]), train[:3]), (np.array([13, 14]), train[3:])]),
        np.stack([rows(1, 1)[0], train[3]]),
        threshold=0.999,
        on_rows=told.append,
    )

    assert found.pairs == 1
    assert [(train_row, test_row) for _, train_row, test_row in found.worst] == [(13, 1)]
    assert told == [3, 2]


@settings(max_examples=50)
@given(st.integers(0, 2**16), st.integers(0, 30), st.integers(0, 30), st.floats(0.1, 1), st.integers(1, 8))
def test_it_says_the_same_as_comparing_all_pairs(seed, trains, tests, threshold, keep):
    train, test = rows(seed, trains), rows(seed + 1, tests)
    similar = test @ train.T
    expected = sorted((float(value) for value in similar[similar >= threshold]), reverse=True)
    parts = [(np.arange(start, min(start + 7, trains)), train[start : start + 7]) for start in range(0, trains, 7)]

    found = look_alikes(iter(parts), test, threshold=threshold, keep=keep)

    assert abs(found.pairs - len(expected)) <= np.sum(np.abs(similar - threshold) < 1e-6)
    shown = [similarity for similarity, _, _ in found.worst]
    np.testing.assert_allclose(shown, expected[: len(shown)], atol=1e-6)
    assert len(shown) == min(keep, found.pairs)


def test_rows_of_zeros_match_nothing_and_blocks_do_not_matter(monkeypatch):
    train = rows(0, 6)
    monkeypatch.setattr(leaks, "BLOCK", 2)

    found = look_alikes(
        iter([(np.arange(6), train)]), np.concatenate([np.zeros((3, 4), np.float32), train]), threshold=0.9999
    )

    assert {(train_row, test_row) for _, train_row, test_row in found.worst} == {(n, n + 3) for n in range(6)}
