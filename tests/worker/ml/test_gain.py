"""What choosing saved: two curves on the same blind answers, and the labels between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ml.gain import REACH, Labelled, labels_to_reach, measure_gain, sizes

DIM, CLASSES = 24, 6
CENTRES = np.linalg.qr(np.random.default_rng(7).normal(size=(DIM, CLASSES)))[0].T


def pictures(labels: np.ndarray, seed: int, noise: float = 0.12) -> Labelled:
    """Unit vectors that scatter around the centre of their class; class ids are ten times the column."""
    rows = CENTRES[labels] + np.random.default_rng(seed).normal(0, noise, (len(labels), DIM))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Labelled(rows.astype(np.float16), labels * 10)


def drawn(n: int, seed: int) -> np.ndarray:
    """Classes of pictures drawn from a pool in which each class is half as frequent as the one before."""
    shares = 0.5 ** np.arange(CLASSES)
    return np.random.default_rng(seed).choice(CLASSES, n, p=shares / shares.sum())


def measure(control: Labelled, strategy: Labelled):
    reports: list[tuple[int, int]] = []
    test = pictures(np.arange(120) % CLASSES, seed=1)
    ids = [10 * column for column in range(CLASSES)]
    gain = measure_gain(
        control,
        strategy,
        test,
        pictures(drawn(200, seed=9), seed=9).features,
        ids,
        rng=np.random.default_rng(0),
        report=lambda done, total: reports.append((done, total)),
    )
    assert [done for done, _ in reports] == list(range(len(reports)))
    assert {total for _, total in reports} == {len(reports)}
    return gain


def test_a_strategy_that_finds_every_class_at_once_needs_fewer_labels_than_chance():
    chosen = pictures(np.arange(160) % CLASSES, seed=2)
    random = pictures(drawn(60, seed=3), seed=3)

    gain = measure(random, chosen)

    assert [point.n for point in gain.control] == [8, 16, 32, 60]
    assert [point.n for point in gain.strategy] == [8, 16, 32, 64, 128, 160]
    saving = gain.savings[-1]
    assert saving.n == 60
    assert saving.low <= saving.needed <= saving.high < 60 / 2
    assert all(0 <= point.low <= point.accuracy <= point.high <= 1 for point in [*gain.control, *gain.strategy])


def test_a_strategy_that_sees_one_class_only_never_gets_there():
    gain = measure(pictures(drawn(40, seed=3), seed=3), pictures(np.zeros(40, np.int64), seed=2))

    assert (gain.savings[-1].needed, gain.savings[-1].low, gain.savings[-1].high) == (None, None, None)


def test_of_two_arms_that_were_both_drawn_at_random_neither_saves_anything():
    both = np.random.default_rng(5).integers(CLASSES, size=320)
    gain = measure(pictures(both[:64], seed=3, noise=0.4), pictures(both[64:], seed=4, noise=0.4))

    saving = gain.savings[-1]
    assert saving.n == 64
    assert saving.low <= 64
    assert saving.high is None or saving.high >= 64


def test_the_strategys_curve_ends_where_nobody_needs_to_look_further():
    gain = measure(pictures(drawn(8, seed=3), seed=3), pictures(drawn(100, seed=4), seed=4))

    assert [point.n for point in gain.control] == [8]
    assert gain.strategy[-1].n == REACH * 8


def test_the_same_seed_gives_the_same_measurement():
    arms = pictures(drawn(40, seed=3), seed=3), pictures(drawn(90, seed=4), seed=4)

    assert measure(*arms) == measure(*arms)


@pytest.mark.parametrize(("n", "expected"), [(7, []), (8, [8]), (9, [8, 9]), (64, [8, 16, 32, 64])])
def test_sizes_double_up_to_all_there_is(n, expected):
    assert sizes(n) == expected


def test_labels_between_two_sizes_are_interpolated_in_their_logarithm():
    assert labels_to_reach(0.6, [8, 16, 32], np.array([0.4, 0.5, 0.7])) == pytest.approx(16 * 2**0.5)
    assert labels_to_reach(0.3, [8, 16], np.array([0.4, 0.5])) == 8
    assert labels_to_reach(0.9, [8, 16], np.array([0.4, 0.5])) == float("inf")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_accuracy_never_takes_fewer_labels(accuracies, one, other):
    counts, curve = [8 * 2**step for step in range(len(accuracies))], np.array(accuracies)
    low, high = sorted((one, other))

    assert labels_to_reach(low, counts, curve) <= labels_to_reach(high, counts, curve)
