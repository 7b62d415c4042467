"""Sets of labels: what a head takes for present, and how right its sets are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score

from worker.ml.label_sets import chosen, exact_matches, micro_f1, said
from worker.ml.strategies.base import Probs, decisions

SETS = arrays(np.int8, (5, 3), elements=st.integers(0, 1))


def test_a_set_is_right_when_all_of_it_is():
    guesses = chosen(np.array([[0.9, 0.5, 0.1], [0.9, 0.49, 0.1]]))
    truth = np.array([[1, 1, 0], [1, 1, 0]])
    assert exact_matches(guesses, truth).tolist() == [True, False]
    assert micro_f1(guesses, truth) == 2 * 3 / (2 * 3 + 1)


@given(SETS, SETS)
def test_micro_f1_is_scikit_learns(guesses, truth):
    expected = f1_score(truth, guesses, average="micro", zero_division=1.0)
    assert np.isclose(micro_f1(guesses.astype(bool), truth), expected)
    assert exact_matches(guesses.astype(bool), truth).sum() == (guesses == truth).all(1).sum()


def test_what_nobody_said_counts_as_neither():
    assert said(np.array([[1, 0, -1], [1, -1, -1]])).tolist() == [[2, 0], [0, 1], [0, 0]]


def test_strategies_hear_of_the_most_doubtful_class():
    probs = np.array([[0.9, 0.6, 0.1], [0.95, 0.02, 0.01]], np.float32)
    margins = np.abs(2 * probs - 1).min(axis=1)
    order = np.argsort(-probs, axis=1).astype(np.int16)
    told = Probs(margins, margins, order, np.sort(probs)[:, ::-1], lambda rows: rows, multi_label=True)
    assert np.allclose(told.surest(np.array([0, 1])), [0.6, 0.95])
    assert decisions(probs, multi_label=True).tolist() == [[True, True, False], [True, False, False]]
    assert decisions(probs, multi_label=False).sum(axis=1).tolist() == [1, 1]
