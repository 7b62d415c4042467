"""A training picture is varied, and always in the same way at the same place of the run."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from worker.ml.augment import Augmenter, derived_seed
from worker.ml.classifier import Frame
from worker.ml.recipes import Augmentation

FRAME = Frame(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "bicubic", 0.875)
OFF = Augmentation(crop_scale=1.0, flip_horizontal=False)
EVERYTHING = Augmentation(0.5, True, True, 30, 0.3, 0.3, 0.3, 0.1, 2, 9)


@pytest.fixture
def image(rng) -> Image.Image:
    return Image.fromarray(rng.integers(0, 256, (40, 60, 3), np.uint8))


def vary(image, settings, *, seed=0, epoch=0, draw=0):
    return Augmenter(settings, FRAME)(image, seed=seed, epoch=epoch, draw=draw)


def test_a_picture_comes_out_at_the_models_size_and_differs_from_draw_to_draw(image):
    varied = [vary(image, EVERYTHING, epoch=epoch, draw=draw) for epoch in range(3) for draw in range(3)]

    assert {(each.dtype, tuple(each.shape)) for each in varied} == {(torch.uint8, (3, 32, 32))}
    assert len({each.numpy().tobytes() for each in varied}) == 9


def test_the_same_place_in_the_run_gives_the_same_picture_whatever_else_is_drawn(image):
    torch.manual_seed(1)
    first = vary(image, EVERYTHING, seed=5, epoch=2, draw=7)
    torch.manual_seed(99)
    vary(image, EVERYTHING, seed=5, epoch=2, draw=8)

    assert torch.equal(vary(image, EVERYTHING, seed=5, epoch=2, draw=7), first)


def test_it_uses_up_nobody_elses_random_numbers(image):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    vary(image, EVERYTHING)
    assert torch.equal(torch.rand(4), expected)


def test_switched_off_it_is_the_centre_crop_that_the_model_will_be_judged_on(image):
    box = image.resize((32, 32), Image.Resampling.BICUBIC, box=(12.5, 2.5, 47.5, 37.5))
    assert np.array_equal(vary(image, OFF).permute(1, 2, 0).numpy(), np.asarray(box))


@pytest.mark.parametrize(("name", "axis"), [("flip_horizontal", 2), ("flip_vertical", 1)])
def test_half_of_the_pictures_are_mirrored(image, name, axis):
    plain = vary(image, OFF)
    settings = Augmentation(**{"crop_scale": 1.0, "flip_horizontal": False, name: True})
    kinds = [vary(image, settings, draw=draw) for draw in range(60)]

    mirrored = sum(torch.equal(each, plain.flip(axis)) for each in kinds)
    assert mirrored + sum(torch.equal(each, plain) for each in kinds) == 60
    assert 15 < mirrored < 45


def test_a_crop_keeps_at_least_its_share_of_the_area():
    """A horizontal ramp: how much of its range is left tells how wide the crop was."""
    ramp = np.tile(np.linspace(0, 255, 200).astype(np.uint8)[None, :, None], (200, 1, 3))
    settings = Augmentation(crop_scale=0.5, flip_horizontal=False)
    widths = [np.ptp(vary(Image.fromarray(ramp), settings, draw=draw).numpy()) / 255 for draw in range(80)]
    # Half of the area at an aspect of 3:4 is .61 of the width; interpolation blurs the ends.
    assert 0.56 < min(widths) < 0.75
    assert max(widths) > 0.95


def test_colours_vary_within_their_bounds():
    grey = Image.new("RGB", (40, 40), (100, 100, 100))
    settings = Augmentation(crop_scale=1.0, brightness=0.2)
    values = [int(vary(grey, settings, draw=draw)[0, 0, 0]) for draw in range(80)]
    assert 79 <= min(values) < 85
    assert 115 < max(values) <= 121


@settings(deadline=None)
@given(places=st.lists(st.tuples(*[st.integers(0, 2**32)] * 3), min_size=2, unique=True))
def test_different_places_get_different_seeds(places):
    seeds = {derived_seed(*place) for place in places}
    assert len(seeds) == len(places)
    assert all(0 <= seed < 2**63 for seed in seeds)
