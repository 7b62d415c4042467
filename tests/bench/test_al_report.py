"""The figures of the selection benchmark mean what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.al_report import Curve, area, broken_bounds, holm, labels_needed, share_of_labels, summarise, tables

LABELS = [1, 2, 5, 10, 20, 40]  # two before the grid


def curve(*accuracy):
    return Curve(LABELS, list(accuracy), [value / 2 for value in accuracy], [0.0] * len(LABELS))


SLOW = curve(0.1, 0.1, 0.2, 0.4, 0.6, 0.8)
FAST = curve(0.2, 0.4, 0.6, 0.8, 0.9, 0.95)


def runs(base, count=6, noise=0.01, seed=0):
    rng = np.random.default_rng(seed)
    return [curve(*(np.array(base.accuracy) + rng.normal(0, noise, len(LABELS)))) for _ in range(count)]


def test_a_strategy_that_is_ahead_ranks_first_and_needs_fewer_labels():
    summary = summarise({"set": {"random": runs(SLOW), "auto": runs(FAST, seed=1)}})

    auto, random = summary["strategies"]["auto"], summary["strategies"]["random"]
    assert (auto["rank"], random["rank"]) == (1, 2)
    assert auto["labels_needed"] < 0.5
    assert random["labels_needed"] == pytest.approx(1)
    assert (auto["above"], auto["below"], auto["points"]) == (4, 0, 4)
    assert broken_bounds(summary, "auto") == []
    assert "| auto | 1.00 |" in tables(summary, {})


def test_one_that_is_behind_breaks_every_bound():
    summary = summarise({"set": {"random": runs(FAST), "auto": runs(SLOW, seed=1)}})

    broken = broken_bounds(summary, "auto")

    assert [sentence.split()[0] for sentence in broken] == ["random", "auto", "auto"]
    assert "4 of 4 points" in broken[1]


def test_two_that_do_the_same_share_their_rank_and_nothing_is_significant():
    summary = summarise({"set": {"random": runs(SLOW), "auto": runs(SLOW)}})

    assert {row["rank"] for row in summary["strategies"].values()} == {1.5}
    assert (summary["strategies"]["auto"]["above"], summary["strategies"]["auto"]["below"]) == (0, 0)


def test_labels_needed_are_interpolated_in_their_logarithm():
    assert labels_needed([10, 40], [0.2, 0.6], 0.4) == pytest.approx(20)
    assert labels_needed([10, 40], [0.2, 0.6], 0.1) == 10
    assert labels_needed([10, 40], [0.2, 0.6], 0.7) == float("inf")


def test_the_share_of_labels_is_bounded_at_both_ends():
    hopeless, perfect = curve(*[0.0] * 6), curve(*[1.0] * 6)

    assert share_of_labels(hopeless, SLOW) == pytest.approx(2)
    assert share_of_labels(perfect, SLOW) == pytest.approx(0.25)


def test_the_area_is_the_mean_height():
    assert area(LABELS, [9, 9, 0.5, 0.5, 0.5, 0.5]) == pytest.approx(0.5)
    assert area(LABELS, [9, 9, 0.0, 0.2, 0.4, 0.6]) == pytest.approx(0.3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_adjusts_as_its_step_down_procedure_rejects(p_values):
    adjusted = holm(p_values)

    order = np.argsort(p_values)
    rejected = np.zeros(len(p_values), bool)
    for step, index in enumerate(order):
        if p_values[index] * (len(p_values) - step) >= 0.05:
            break
        rejected[index] = True
    assert (adjusted < 0.05).tolist() == rejected.tolist()
    assert (adjusted >= np.array(p_values)).all()
