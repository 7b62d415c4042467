"""The three small JPEGs that everything but the import works with, made from the full-size picture."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

THUMB_LONG_SIDE = 256
MODEL_SHORT_SIDE = 320
PREVIEW_LONG_SIDE = 1280
MODEL_LONG_SIDE = 64 * MODEL_SHORT_SIDE  # keeps a picture that is all length from being a large file


@dataclass(frozen=True)
class Derivative:
    """A JPEG: its bytes, and its width and height in pixels."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Derivatives:
    """The thumbnail of the grid, what models read, and the preview of the label page."""

    thumb: Derivative
    model: Derivative
    preview: Derivative


def derivatives(rgb: Image.Image) -> Derivatives:
    """Scale a full-size sRGB picture down to its derivatives; none is ever larger than the picture.

    The same pixels give the same bytes. What models read keeps full chroma (4:4:4), because fine colour
    texture is signal to them; only a picture over 64 times as long as wide gets less than the 320 pixels.
    """
    long_side, short_side = max(rgb.size), min(rgb.size)
    model_scale = min(MODEL_SHORT_SIDE / short_side, MODEL_LONG_SIDE / long_side)
    return Derivatives(
        thumb=_jpeg(_scaled(rgb, THUMB_LONG_SIDE / long_side), quality=85),
        model=_jpeg(_scaled(rgb, model_scale), quality=95, subsampling="4:4:4"),
        preview=_jpeg(_scaled(rgb, PREVIEW_LONG_SIDE / long_side), quality=90),
    )


def _scaled(rgb: Image.Image, scale: float) -> Image.Image:
    if scale >= 1:
        return rgb
    width, height = (max(1, round(side * scale)) for side in rgb.size)
    # The gap lets a cheap box filter do most of a strong reduction; the result is hardly different.
    return rgb.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _jpeg(rgb: Image.Image, *, quality: int, subsampling: str = "4:2:0") -> Derivative:
    buffer = io.BytesIO()
    # Named values alone: whatever the source carried (EXIF, profile, comment) must not travel along.
    rgb.save(buffer, "JPEG", quality=quality, subsampling=subsampling, exif=b"", icc_profile=None, comment=b"")
    return Derivative(buffer.getvalue(), rgb.width, rgb.height)
