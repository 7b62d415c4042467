"""A labeler with the default strategy gets a good classifier out of few labels of real photographs."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean

import pytest

from tests.measuring import PROJECT, prepare, unpack
from tests.product import copy_data, manage, running

pytestmark = pytest.mark.accept

CHECKPOINTS = (40, 80, 160, 320)
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> Path:
    """Return the unpacked photographs of clothes."""
    return unpack("clothing10", tmp_path_factory.mktemp("clothing"))


@pytest.fixture(scope="module")
def prepared(photographs, tmp_path_factory) -> tuple[Path, str]:
    """Return a data folder with the photographs imported and embedded, and the lead's token."""
    data = tmp_path_factory.mktemp("prepared") / "data"
    return data, prepare(photographs, data)


def simulate(prepared: tuple[Path, str], photographs: Path, target: Path, *options: str) -> list[dict]:
    """Play a labeler on a copy of the prepared product; return the rows of its checkpoints."""
    source, token = prepared
    with running(copy_data(source, target)) as product:
        shared = ("--truth", str(photographs), "--url", product.url, "--token", token, "--json")
        return json.loads(manage("label-sim", PROJECT, *shared, *options, env=product.env))["rows"]


def means(rows_by_seed: list[list[dict]]) -> list[float]:
    """Return the mean hold-out accuracy at each checkpoint."""
    return [mean(rows[index]["holdout_accuracy"] for rows in rows_by_seed) for index in range(len(CHECKPOINTS))]


def test_the_default_strategy_reaches_its_marks_and_beats_random_while_labels_are_few(prepared, photographs, tmp_path):
    runs = {
        strategy: [
            simulate(prepared, photographs, tmp_path / f"{strategy}-{seed}", "--seed", str(seed), *options)
            for seed in SEEDS
        ]
        for strategy, options in {"default": (), "random": ("--strategy", "random")}.items()
    }
    for strategy, rows_by_seed in runs.items():
        for seed, rows in zip(SEEDS, rows_by_seed, strict=True):
            assert [row["labels"] for row in rows] == list(CHECKPOINTS)
            print(strategy, seed, json.dumps(rows))
    default, random = means(runs["default"]), means(runs["random"])
    print("labels ", CHECKPOINTS, "\ndefault", default, "\nrandom ", random)
    marks = (0.60, 0.68, 0.755, 0.795)
    assert all(reached >= mark for reached, mark in zip(default, marks, strict=True)), (default, marks)
    assert all(ours > theirs for ours, theirs in zip(default[:3], random[:3], strict=True)), (default, random)
