"""What a report makes of the counts: gaps, looks, sampling bias, spread, trend, and what it admits not to know."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.modeling.balance import (
    PARTS,
    Answers,
    Counts,
    Estimate,
    Guesses,
    build_report,
    effective_samples,
    estimate_pool,
    spread,
)

CLASSES = [
    {"id": 7, "name": "cat", "color": 0, "archived": False},
    {"id": 9, "name": "dog", "color": 1, "archived": False},
]


def counts(**given: Any) -> Counts:
    """Two classes: 300 cats and 60 dogs are trusted; the pool is said to hold 900 cats and 100 dogs."""
    known: dict[str, Any] = {
        "classes": CLASSES,
        "trusted": np.array([300, 60]),
        "certified": np.array([20, 0]),
        "labelled": np.array([250, 50]),
        "pool": 1000,
        "test_size": 400,
        "raw": np.array([880, 120]),
        "head": "v1.4",
        "estimate": Estimate(
            mean=np.array([900.0, 100.0]),
            low=np.array([870.0, 70.0]),
            high=np.array([930.0, 130.0]),
            found=np.array([860.0, 80.0]),
        ),
    }
    return Counts(**(known | given))


def report(given: Counts | None = None, **fields: Any) -> dict[str, Any]:
    return build_report(given or counts(), **({"target": 200, "made_at": "2026-05-01T12:00:00+00:00"} | fields))


def test_each_class_is_told_with_what_the_pool_holds_and_what_is_missing():
    cat, dog = report()["classes"]

    assert (cat["trusted"], cat["gap"], cat["needed"], cat["reach"], cat["looks"]) == (300, 0, 0, "met", None)
    assert (dog["trusted"], dog["gap"], dog["needed"], dog["reach"], dog["missing"]) == (60, 140, 140, "no", 40)
    assert (dog["predicted_raw"], dog["predicted"], dog["low"], dog["high"]) == (120, 100.0, 70, 130)
    assert report()["summary"] | {"entropy": None} == {
        "imbalance_ratio": 5.0,
        "effective_number": pytest.approx(1.569, abs=1e-3),
        "entropy": None,
        "classes": 2,
        "labelled": 300,
        "trusted": 360,
        "certified": 20,
        "pool": 1000,
        "below_target": 1,
        "unreachable": 1,
        "needed": 140,
        "skewed": 2,
    }


@pytest.mark.parametrize(
    ("target", "reach"), [(60, "met"), (130, "yes"), (131, "unsure"), (190, "unsure"), (191, "no")]
)
def test_a_gap_is_measured_against_the_interval_of_the_pool(target: int, reach: str):
    assert report(target=target)["classes"][1]["reach"] == reach


class TestLooks:
    """How many pictures a person sees for the labels that a class needs."""

    def test_what_is_predicted_as_the_class_comes_first(self):
        dog = report(target=100)["classes"][1]
        assert dog["looks"] == round(40 * 121 / 81)  # 40 of the 80 that are among 120
        assert dog["looks_random"] == round(40 * 1001 / 101)

    def test_then_the_rest_of_the_pool(self):
        dog = report(target=150)["classes"][1]
        assert dog["looks"] == 120 + round(10 * 881 / 21)  # the last 10 of the 20 that are among 880

    def test_they_match_drawing_pictures_until_enough_are_found(self):
        rng = np.random.default_rng(0)
        shown = np.zeros((400, 120), np.bool_)
        shown[:, :80] = True
        drawn = np.cumsum(rng.permuted(shown, axis=1), axis=1)
        assert report(target=100)["classes"][1]["looks"] == pytest.approx((drawn < 40).sum(axis=1).mean() + 1, rel=0.03)

    def test_what_the_pool_lacks_is_not_looked_for(self):
        dog = report(target=5000)["classes"][1]
        assert (dog["missing"], dog["looks"]) == (4840, 120 + round(20 * 881 / 21))  # all 100 of the pool, no more


class TestSamplingBias:
    """The share of what was labelled against the share of the pool."""

    def test_a_class_outside_the_interval_is_sampled_too_often_or_too_rarely(self):
        cat, dog = report()["classes"]
        assert (cat["sampled"], dog["sampled"]) == ("under", "over")
        assert (dog["labelled_share"], dog["pool_share"], dog["bias"]) == (
            pytest.approx(1 / 6, abs=1e-5), 0.1, pytest.approx(0.06667, abs=1e-5),
        )  # fmt: skip

    def test_a_class_inside_it_is_even(self):
        even = report(counts(labelled=np.array([178, 22])))
        assert [row["sampled"] for row in even["classes"]] == ["even", "even"]
        assert even["summary"]["skewed"] == 0


class TestWhatIsNotKnown:
    """Is said, and not made up."""

    def test_without_a_head_nothing_is_predicted(self):
        found = report(counts(raw=None, estimate=None, head="", test_size=0))
        dog = found["classes"][1]
        assert [
            dog[key] for key in ("predicted_raw", "predicted", "low", "pool_share", "sampled", "looks", "reach")
        ] == [None] * 7
        assert dog["needed"] == 140
        assert [note["code"] for note in found["correction"]["notes"]] == ["no_head"]

    def test_without_a_test_set_only_the_heads_count_is_shown(self):
        found = report(counts(estimate=None, test_size=0))
        assert (found["classes"][1]["predicted_raw"], found["classes"][1]["predicted"]) == (120, None)
        assert [note["code"] for note in found["correction"]["notes"]] == ["no_test"]

    def test_a_small_test_set_is_named_with_what_it_would_take(self):
        found = report(counts(test_size=12, unscored=3))["correction"]
        assert [note["code"] for note in found["notes"]] == ["small_test", "selection", "unscored"]
        assert "12 blind answers, fewer than 20" in found["note"]

    def test_an_archived_class_needs_nothing(self):
        archived = [CLASSES[0], CLASSES[1] | {"archived": True}]
        dog = report(counts(classes=archived))["classes"][1]
        assert (dog["trusted"], dog["target"], dog["needed"], dog["reach"]) == (60, 0, 0, "met")

    def test_an_empty_project_has_a_report_too(self):
        nothing = np.zeros(0, np.int64)
        found = report(Counts([], nothing, nothing, nothing, 0))
        assert (found["classes"], found["summary"]["imbalance_ratio"], found["summary"]["entropy"]) == ([], None, None)


def test_reports_of_earlier_runs_become_the_trend_and_the_newest_stands_beside():
    runs = [{"id": number, "number": number, "preset": "quick"} for number in (1, 2)]
    first = report(counts(trusted=np.array([100, 10])), run=runs[0])
    second = report(counts(trusted=np.array([200, 40])), run=runs[1])

    found = report(earlier=[second, first])

    assert [point["trusted"] for point in found["trend"]] == [110, 240, 360]
    assert [point["classes"]["9"] for point in found["trend"]] == [10, 40, 60]
    assert found["previous"] == {"run": runs[1], "made_at": second["made_at"]}
    assert found["classes"][1]["previous_trusted"] == found["classes"][1]["previous"]["trusted"] == 40


def test_a_class_that_is_new_has_nothing_beside_it():
    before = report(run={"id": 1, "number": 1, "preset": "quick"})
    before["classes"] = before["classes"][:1]
    assert report(earlier=[before])["classes"][1]["previous"] is None


def test_each_part_of_the_snapshot_has_its_own_spread():
    parts = {part: np.array([30, 10]) for part in PARTS} | {"blind": np.array([5, 0])}

    found = report(parts=parts)

    assert (found["classes"][1]["train"], found["classes"][1]["blind"]) == (10, 0)
    assert (found["splits"]["train"]["imbalance_ratio"], found["splits"]["train"]["pictures"]) == (3.0, 40)
    assert (found["splits"]["blind"]["without"], found["splits"]["blind"]["effective_number"]) == (1, 1.0)


class TestSpread:
    """One number for how uneven classes are, in three ways."""

    def test_equal_classes_are_all_effective(self):
        assert spread(np.array([20, 20, 20])) == {"imbalance_ratio": 1.0, "effective_number": 3.0, "entropy": 1.0}

    @given(st.lists(st.integers(0, 10_000), min_size=2, max_size=40).filter(any))
    def test_numbers_keep_their_bounds_and_do_not_depend_on_scale(self, sizes: list[int]):
        one, ten = spread(np.array(sizes)), spread(10 * np.array(sizes))
        assert one == pytest.approx(ten, abs=1e-3)
        assert one["imbalance_ratio"] >= 1
        assert 1 <= one["effective_number"] <= len(sizes) + 1e-3
        assert 0 <= one["entropy"] <= 1

    def test_pictures_of_a_class_are_worth_less_the_more_there_are(self):
        worth = effective_samples(np.array([0, 1, 500, 10**9]))
        assert worth == pytest.approx([0, 1, 393.6, 1000], abs=0.1)


@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(1, 6), pool=st.integers(0, 200), test=st.integers(1, 50))
def test_every_report_can_be_written_as_json_and_holds_together(seed: int, classes: int, pool: int, test: int):
    rng = np.random.default_rng(seed)
    guesses = Guesses(rng.integers(0, classes, pool), rng.random(pool, np.float32))
    answers = Answers(rng.integers(0, classes, test), rng.random(test, np.float32), rng.integers(0, classes, test))
    trusted = rng.integers(0, 300, classes)
    given = Counts(
        classes=[{"id": number, "name": str(number), "color": 0, "archived": False} for number in range(classes)],
        trusted=trusted,
        certified=trusted // 3,
        labelled=trusted // 2,
        pool=pool,
        test_size=test,
        raw=np.bincount(guesses.predicted, minlength=classes),
        head="v1.1",
        estimate=estimate_pool(test=answers, pool=guesses, classes=classes),
    )

    found = report(given)

    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for row in found["classes"]:
        assert row["low"] <= row["high"] <= pool
        assert row["gap"] == max(0, 200 - row["trusted"])
        assert row["looks"] is None or min(row["gap"], row["predicted"]) - 1 <= row["looks"] <= pool
