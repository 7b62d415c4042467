"""Accuracy comes with an interval, every class counts alike, the confusion shows where, the curve how sure."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as sklearn_confusion
from sklearn.metrics import f1_score, log_loss, precision_recall_fscore_support

from worker.ml.calibrate import fit_temperature
from worker.ml.evaluate import BINS, assess, evaluate, reliability, wilson_interval


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


def test_an_assessment_tells_each_class_and_how_far_confidence_can_be_trusted(rng):
    labels = rng.integers(0, 3, 3000)
    sharp = 4 * np.eye(3)[labels] + 2 * rng.normal(size=(3000, 3))  # honest logits, made twice too sure below
    temperature = fit_temperature(3 * sharp[:1000], labels[:1000])

    told = assess(3 * sharp[1000:], 10 * labels[1000:], [0, 10, 20], temperature=temperature)

    assert told.evaluation.accuracy > 0.8
    assert [each.class_id for each in told.classes] == [0, 10, 20]
    assert sum(each.support for each in told.classes) == told.evaluation.count == 2000
    assert told.reliability.ece < 0.03 < told.ece_before
    assert sum(told.reliability.counts) == 2000
    probabilities = np.exp(3 * sharp[1000:] / temperature)
    probabilities /= probabilities.sum(1, keepdims=True)
    assert told.log_loss == pytest.approx(log_loss(labels[1000:], probabilities))
    assert json.loads(json.dumps(told.to_json()))["evaluation"]["confusion"] == told.evaluation.confusion.tolist()


def test_a_class_that_never_occurs_has_no_scores():
    scores = assess(np.array([[3.0, 0, 0], [0, 3.0, 0], [3.0, 0, 0]]), [1, 2, 2], [1, 2, 3]).classes

    assert (scores[0].precision, scores[0].recall, scores[0].f1) == (0.5, 1.0, pytest.approx(2 / 3))
    assert (scores[1].precision, scores[1].recall, scores[1].support) == (1.0, 0.5, 2)
    assert (scores[2].precision, scores[2].recall, scores[2].f1, scores[2].support) == (None, None, None, 0)


def test_nothing_is_assessed_without_pictures():
    told = assess(np.zeros((0, 2)), [], [1, 2])
    assert (told.evaluation.count, told.reliability.ece, told.ece_before, told.log_loss) == (0, None, None, None)
    assert told.reliability.accuracy == (None,) * BINS


@settings(deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_class_scores_are_scikit_learns(pairs):
    labels, predictions = np.array(pairs).T
    scores = assess(np.eye(4)[predictions], labels, range(4)).classes

    expected = precision_recall_fscore_support(labels, predictions, labels=range(4), zero_division=0)
    told = np.array([[each.precision or 0, each.recall or 0, each.f1 or 0, each.support] for each in scores])
    assert np.allclose(told, np.array(expected).T)


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(st.floats(0.01, 1), st.booleans()), min_size=1),
)
def test_the_calibration_error_is_the_weighted_gap_of_the_bins(rows):
    confidence, right = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    curve = reliability(confidence, right)

    gap = 0.0
    for index in range(BINS):
        inside = (confidence > index / BINS) & (confidence <= (index + 1) / BINS)
        if inside.any():
            assert curve.counts[index] == inside.sum()
            assert curve.accuracy[index] == pytest.approx(right[inside].mean())
            gap += abs(right[inside].mean() - confidence[inside].mean()) * inside.mean()
        else:
            assert curve.confidence[index] is None
    assert curve.ece == pytest.approx(gap)
