"""What is estimated of the pool when the truth is known, because the test made it up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.modeling.balance import Answers, Estimate, Guesses, estimate_pool

CLASSES = 6
SHARES = np.array([0.4, 0.25, 0.15, 0.1, 0.06, 0.04])


class World:
    """Pictures of skewed classes, and a head that is right as often as it is confident, with a taste for class 0."""

    def __init__(self, seed: int, pictures: int = 5000) -> None:
        rng = np.random.default_rng(seed)
        self.truth = rng.choice(CLASSES, pictures, p=SHARES)
        self.confidence = rng.beta(4, 1.5, pictures).astype(np.float32)
        mistaken = rng.random(pictures) > self.confidence
        taste = rng.choice(CLASSES, pictures, p=[0.8, 0.04, 0.04, 0.04, 0.04, 0.04])
        self.predicted = np.where(mistaken, taste, self.truth)
        self.rng = rng

    def guesses(self, chosen: np.ndarray) -> Guesses:
        return Guesses(self.predicted[chosen], self.confidence[chosen])

    def answers(self, chosen: np.ndarray) -> Answers:
        return Answers(self.predicted[chosen], self.confidence[chosen], self.truth[chosen])

    def estimate(self, test: np.ndarray, pool: np.ndarray) -> Estimate:
        return estimate_pool(test=self.answers(test), pool=self.guesses(pool), classes=CLASSES)

    def counts(self, chosen: np.ndarray) -> np.ndarray:
        return np.bincount(self.truth[chosen], minlength=CLASSES)


def test_the_count_of_a_class_that_the_head_favours_is_brought_down():
    world = World(0)
    test, pool = np.arange(500), np.arange(500, 5000)

    found = world.estimate(test, pool)

    raw, true = np.bincount(world.predicted[pool], minlength=CLASSES), world.counts(pool)
    assert raw[0] > found.high[0] > true[0] > found.low[0]
    assert np.abs(found.mean - true).sum() < 0.5 * np.abs(raw - true).sum()


def within(found: Estimate, true: np.ndarray) -> np.ndarray:
    return (found.low <= true) & (true <= found.high)


@pytest.mark.parametrize("size", [60, 300])
def test_the_truth_lies_within_the_interval_about_as_often_as_stated(size: int):
    hits = []
    for seed in range(100):
        world = World(seed)
        test, pool = np.arange(size), np.arange(1000, 5000)
        hits.append(within(world.estimate(test, pool), world.counts(pool)))
    assert 0.9 <= np.mean(hits) <= 0.99
    assert np.mean(hits, axis=0).min() >= 0.8  # of each class


def test_that_holds_when_labelling_has_taken_the_doubtful_pictures_out_of_the_pool():
    hits, errors, plain_errors = [], [], []
    for seed in range(60):
        world = World(seed)
        test, rest = np.arange(300), np.arange(300, 3000)
        pool = rest[np.argsort(world.confidence[rest])[1200:]]
        true = world.counts(pool)
        found = world.estimate(test, pool)
        hits.append(within(found, true))
        errors.append(np.abs(found.mean - true).sum())
        plain_errors.append(np.abs(by_confusion_alone(world, test, pool) - true).sum())
    assert np.mean(hits) >= 0.92
    assert np.mean(errors) < 0.7 * np.mean(plain_errors)


def by_confusion_alone(world: World, test: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """The count that P(class | guess) of the test set gives, whatever the confidence."""
    matrix = np.full((CLASSES, CLASSES), 1e-3)
    np.add.at(matrix, (world.predicted[test], world.truth[test]), 1)
    return np.bincount(world.predicted[pool], minlength=CLASSES) @ (matrix / matrix.sum(axis=1, keepdims=True))


def test_more_answers_make_narrower_intervals():
    world = World(3)
    pool = np.arange(2000, 5000)
    few, many = (world.estimate(np.arange(size), pool) for size in (40, 640))
    assert ((few.high - few.low) > (many.high - many.low)).all()


@st.composite
def cases(draw: st.DrawFn) -> tuple[Answers, Guesses, int, int]:
    """Any test set and any pool, also of classes that one of the two has never seen."""
    classes = draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.integers(1, 40)), draw(st.integers(0, 300))
    test, pool = (
        (rng.integers(0, draw(st.integers(1, classes)), size), rng.random(size, np.float32)) for size in sizes
    )
    truth = rng.integers(0, draw(st.integers(1, classes)), sizes[0])
    return Answers(*test, truth), Guesses(*pool), classes, draw(st.integers(0, 50))


@settings(max_examples=60)
@given(cases())
def test_counts_add_up_to_the_pool_and_lie_in_their_intervals(case: tuple[Answers, Guesses, int, int]):
    test, pool, classes, unscored = case

    found = estimate_pool(test=test, pool=pool, classes=classes, unscored=unscored)

    size = len(pool.predicted) + unscored
    assert found.mean.sum() == pytest.approx(size)
    for array in (found.mean, found.low, found.high, found.found):
        assert array.shape == (classes,)
        assert (array >= 0).all()
        assert (array <= size).all()
    assert (found.low <= found.high).all()
    assert (found.found <= np.bincount(pool.predicted, minlength=classes)).all()


def test_the_same_input_gives_the_same_numbers():
    world = World(5)
    one, two = (world.estimate(np.arange(100), np.arange(100, 900)) for _ in range(2))
    assert (one.mean == two.mean).all()
    assert (one.high == two.high).all()


def test_pictures_without_a_guess_get_the_shares_of_the_test_set():
    world = World(6)
    nothing = Guesses(np.empty(0, np.int64), np.empty(0, np.float32))

    found = estimate_pool(test=world.answers(np.arange(1000)), pool=nothing, classes=CLASSES, unscored=1000)

    assert np.abs(found.mean / 1000 - SHARES).max() < 0.05


def test_many_classes_stay_affordable():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 200, 2000)
    test = Answers(truth, rng.random(2000, np.float32), truth)
    pool = Guesses(rng.integers(0, 200, 50_000), rng.random(50_000, np.float32))

    found = estimate_pool(test=test, pool=pool, classes=200)

    assert found.mean.sum() == pytest.approx(50_000)
