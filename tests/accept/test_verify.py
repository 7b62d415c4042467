"""Whole pages of suggestions are confirmed at once: ten labels a decision, and errors within what was promised."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.measuring import PROJECT, prepare, unpack
from tests.product import copy_data, manage, running

pytestmark = pytest.mark.accept

LABELS = 160
SLACK = 1.2


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> Path:
    """Return the unpacked photographs of clothes."""
    return unpack("clothing10", tmp_path_factory.mktemp("clothing"))


@pytest.fixture(scope="module")
def labelled(photographs, tmp_path_factory) -> tuple[Path, str]:
    """Return a data folder whose project has its first labels, and the lead's token."""
    data = tmp_path_factory.mktemp("labelled") / "data"
    token = prepare(photographs, data)
    with running(data) as product:
        options = ("--truth", str(photographs), "--url", product.url, "--token", token, "--json")
        manage("label-sim", PROJECT, *options, "--checkpoints", str(LABELS), "--holdout", "0", env=product.env)
    return data, token


@pytest.fixture(scope="module")
def runs(labelled, photographs, tmp_path_factory) -> dict[tuple[float, bool], dict]:
    """Verify the confident half of the pool, each time from the same labels: by miss rate and adaptive pages."""
    source, token = labelled
    found = {}
    for miss in (0.0, 0.05, 0.2):
        for adaptive in (False, True):
            with running(copy_data(source, tmp_path_factory.mktemp("run") / "data")) as product:
                options = ("--truth", str(photographs), "--url", product.url, "--token", token, "--json")
                flags = ("--labels", "0", "--miss", str(miss), *(["--adaptive"] if adaptive else []))
                found[miss, adaptive] = json.loads(manage("verify-sim", PROJECT, *options, *flags, env=product.env))
            print(json.dumps(found[miss, adaptive]))
    return found


def test_a_decision_gives_ten_correct_labels_when_nothing_is_overlooked(runs):
    run = runs[0.0, False]
    assert run["correct_per_decision"] >= 10, run
    assert run["label_error"] == 0
    assert run["labels"] >= 0.45 * run["pool"]


@pytest.mark.parametrize("miss", [0.05, 0.2])
def test_what_is_overlooked_is_all_that_goes_wrong(runs, miss):
    run = runs[miss, False]
    assert 0 < run["label_error"] <= SLACK * miss * run["suggestion_error"], run


def test_pages_that_adapt_leave_fewer_mistakes_of_a_labeler_who_overlooks_many(runs):
    fixed, adaptive = runs[0.2, False], runs[0.2, True]
    assert adaptive["labels"] > 0
    assert adaptive["label_error"] < fixed["label_error"], (adaptive, fixed)


def test_it_takes_fewer_decisions_and_minutes_than_one_picture_after_the_other(runs):
    for run in runs.values():
        assert run["verify"]["decisions"] < run["label_mode"]["decisions"]
        assert run["verify"]["minutes"] < run["label_mode"]["minutes"]
