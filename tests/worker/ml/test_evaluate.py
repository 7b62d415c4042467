"""Accuracy comes with an interval, macro-F1 counts every class alike, and the confusion shows where."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as sklearn_confusion
from sklearn.metrics import f1_score

from worker.ml.evaluate import evaluate, wilson_interval


def test_an_evaluation_says_how_good_and_how_sure():
    result = evaluate([1, 1, 2, 2], [1, 2, 2, 2], [1, 2, 3])

    assert (result.count, result.correct, result.accuracy) == (4, 3, 0.75)
    assert (result.low, result.high) == pytest.approx((0.3006, 0.9544), abs=1e-4)
    assert result.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert result.confusion.tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("correct", "count", "interval"),
    [
        (0, 10, (0.0, 0.2775)),
        (10, 10, (0.7225, 1.0)),
        (15, 50, (0.1910, 0.4375)),
        (81, 263, (0.2553, 0.3662)),  # Newcombe 1998, table I
        (15, 148, (0.0624, 0.1605)),
    ],
)
def test_wilsons_interval_at_known_values(correct, count, interval):
    assert wilson_interval(correct, count) == pytest.approx(interval, abs=1e-4)


def test_nothing_is_known_without_pictures():
    result = evaluate([], [], [1, 2])
    assert (result.accuracy, result.macro_f1) == (None, None)
    assert (result.low, result.high) == (0.0, 1.0)


def test_a_class_from_elsewhere_is_refused():
    with pytest.raises(ValueError, match="3 is not among the classes"):
        evaluate([1], [3], [1, 2])


@given(pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1))
def test_it_agrees_with_scikit_learn(pairs):
    labels, predictions = np.array(pairs).T
    result = evaluate(labels, predictions, range(5))

    assert np.array_equal(result.confusion, sklearn_confusion(labels, predictions, labels=range(5)))
    assert result.macro_f1 == pytest.approx(f1_score(labels, predictions, average="macro"))


@given(count=st.integers(1, 10**6), share=st.floats(0, 1))
def test_the_interval_holds_the_share_and_narrows_with_more_pictures(count, share):
    correct = round(count * share)
    low, high = wilson_interval(correct, count)
    wider_low, wider_high = wilson_interval(correct, count, z=3.0)

    assert 0 <= wider_low <= low <= correct / count <= high <= wider_high <= 1
    ten_low, ten_high = wilson_interval(10 * correct, 10 * count)
    assert ten_high - ten_low < high - low
