"""Thumbnail, model input and preview: their sizes, their fidelity, and that equal pixels give equal bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.worker.media import pictures
from worker.media.derive import Derivative, derivatives


def opened(derivative: Derivative) -> Image.Image:
    image = Image.open(io.BytesIO(derivative.data))
    image.load()
    return image


def test_a_photo_gets_its_three_sizes() -> None:
    made = derivatives(Image.fromarray(pictures.gradient(1500, 1000)))
    assert (made.thumb.width, made.thumb.height) == (256, 171)
    assert (made.model.width, made.model.height) == (480, 320)
    assert (made.preview.width, made.preview.height) == (1280, 853)
    for derivative in (made.thumb, made.model, made.preview):
        image = opened(derivative)
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (derivative.width, derivative.height))


def test_a_small_picture_is_never_enlarged() -> None:
    made = derivatives(Image.fromarray(pictures.gradient(48, 32)))
    assert {(part.width, part.height) for part in (made.thumb, made.model, made.preview)} == {(48, 32)}


@settings(max_examples=50, deadline=None)
@given(width=st.integers(1, 2000), height=st.integers(1, 2000))
def test_every_size_keeps_its_promise(width: int, height: int) -> None:
    made = derivatives(Image.new("RGB", (width, height)))
    assert max(made.thumb.width, made.thumb.height) == min(256, max(width, height))
    assert min(made.model.width, made.model.height) == min(320, width, height)
    assert max(made.preview.width, made.preview.height) == min(1280, max(width, height))
    for part in (made.thumb, made.model, made.preview):
        assert abs(part.width * height - part.height * width) <= max(width, height)


@pytest.mark.parametrize("size", [(20_000, 2), (3, 3000), (1, 1), (40_000, 400)])
def test_extreme_shapes_still_give_pictures(size: tuple[int, int]) -> None:
    made = derivatives(Image.new("RGB", size, "red"))
    for part in (made.thumb, made.model, made.preview):
        assert opened(part).size == (part.width, part.height)
    assert max(made.model.width, made.model.height) <= 64 * 320


def test_the_same_pixels_give_the_same_bytes_whatever_the_file_said() -> None:
    pixels = pictures.gradient(400, 300)
    plain, labelled = Image.fromarray(pixels), Image.fromarray(pixels)
    labelled.info |= {"comment": b"secret", "dpi": (300, 300), "icc_profile": b"x" * 200, "exif": b"Exif\0\0"}
    assert derivatives(plain) == derivatives(labelled)


def test_models_get_full_chroma() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2, 0] = stripes[:, 1::2, 2] = 255
    made = derivatives(Image.fromarray(stripes))
    error = np.abs(np.asarray(opened(made.model)).astype(int) - stripes).mean()
    coarse = np.abs(np.asarray(opened(made.preview)).astype(int) - stripes).mean()
    assert error < 6 < coarse
