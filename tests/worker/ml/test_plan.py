"""The order of the training pictures is decided beforehand and can be entered at any step."""

from __future__ import annotations

from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.ml.plan import Plan
from worker.ml.recipes import Recipe


def plan(count=20, *, classes=2, **settings):
    return Plan(Recipe(**settings), np.arange(100, 100 + count), np.arange(count) % classes)


def test_every_picture_is_seen_once_an_epoch_in_a_new_order():
    batches = list(plan(20, epochs=2, batch_size=8).batches(0))

    assert [len(batch) for batch in batches] == [7, 7, 6] * 2
    first, second = (list(chain(*batches[half])) for half in (slice(3), slice(3, 6)))
    assert [draw.row for draw in first] != [draw.row for draw in second]
    assert sorted(draw.row for draw in first) == sorted(draw.row for draw in second) == list(range(100, 120))
    assert [(draw.epoch, draw.draw) for draw in second] == [(1, at) for at in range(20)]


@settings(deadline=None)
@given(count=st.integers(2, 60), size=st.integers(2, 20), data=st.data())
def test_a_run_can_be_entered_at_any_step(count, size, data):
    whole = plan(count, epochs=3, batch_size=size, seed=7)
    batches = list(whole.batches(0))
    step = data.draw(st.integers(0, whole.steps))

    assert list(whole.batches(step)) == batches[step:]
    assert len(batches) == whole.steps
    assert {len(batch) for batch in batches} <= {count // whole.epoch_steps, -(-count // whole.epoch_steps)}
    assert max(map(len, batches)) <= size


@pytest.mark.parametrize(("sampling", "rare"), [("uniform", 0.1), ("square_root", 0.25), ("balanced", 0.5)])
def test_classes_are_evened_out_as_far_as_asked(sampling, rare):
    labels = (np.arange(2000) % 10 == 0).astype(np.int64)  # a tenth
    skewed = Plan(Recipe(sampling=sampling, epochs=4, batch_size=50), np.arange(2000), labels)
    rows = [draw.row for draw in chain(*skewed.batches(0))]
    assert labels[rows].mean() == pytest.approx(rare, abs=0.02)


def test_the_rate_rises_linearly_and_falls_along_a_cosine():
    rates = [plan(40, epochs=5, batch_size=10, warmup_epochs=1, final_lr=0.1).learning_rate(step) for step in range(20)]

    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert rates[4] == 1.0
    assert rates[-1] == pytest.approx(0.1)
    assert all(later < earlier for earlier, later in pairwise(rates[4:]))
    assert rates[4] + rates[19] == pytest.approx(rates[11] + rates[12]), "a cosine is symmetric about its middle"


def test_without_warm_up_it_starts_at_the_peak():
    assert plan(epochs=2, warmup_epochs=0).learning_rate(0) == 1.0
