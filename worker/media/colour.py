"""Any loaded picture to 8-bit sRGB over white: sample depth, palette, profile and transparency."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

_STRIP_PIXELS = 1 << 22  # a large picture goes through in strips, so that intermediates stay small
_SIXTEEN_BIT = ("I", "I;16", "I;16L", "I;16B", "I;16N")  # I: from PGM alone, see `decode`
_MODE_OF_CHANNELS = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}

Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Loaded:
    """A decoded, upright picture whose colours have not been touched.

    `low` holds the low bytes of 16-bit samples where `pixels` could keep only the high ones.
    `grey_alpha` says that `pixels` is really grey and alpha of 16 bits, as two bytes each.
    `key` is the one colour that means transparent, in units of the stored samples.
    """

    pixels: Image.Image
    low: Image.Image | None = None
    grey_alpha: bool = False
    key: int | tuple[int, ...] | None = None
    profile: bytes | None = None


def to_srgb(loaded: Loaded) -> Image.Image:
    """The picture as mode RGB: 16-bit samples divided by 257 and rounded, profile to sRGB, white behind.

    A picture that is RGB already is converted in place. A profile that is broken or does not fit the
    picture's kind of colour is ignored, as viewers do.
    """
    source = loaded.pixels
    if source.mode == "RGB" and loaded.low is None and loaded.key is None and loaded.profile is None:
        return source
    result = source if source.mode == "RGB" else Image.new("RGB", source.size, None)
    rows = max(1, _STRIP_PIXELS // source.width)
    for top in range(0, source.height, rows):
        box = (0, top, source.width, min(top + rows, source.height))
        low = loaded.low.crop(box) if loaded.low else None
        colour, alpha = _split(source.crop(box), low, loaded)
        result.paste(_over_white(_colour_to_srgb(colour, loaded.profile), alpha), box)
    return result


def _split(strip: Image.Image, low: Image.Image | None, loaded: Loaded) -> tuple[Image.Image, Image.Image | None]:
    """8-bit colour without alpha, and the alpha (mode L) if there is any."""
    if low is not None or loaded.grey_alpha or loaded.key is not None or strip.mode in _SIXTEEN_BIT:
        strip = _from_samples(_samples(strip, low, loaded.grey_alpha), strip.mode, loaded.key)
    if strip.mode in ("P", "PA"):
        strip = strip.convert("RGBA" if strip.has_transparency_data else "RGB")
    if strip.mode in ("RGBa", "La"):
        strip = strip.convert(strip.mode.upper())
    if strip.mode in ("RGBA", "LA"):
        return strip.convert(strip.mode[:-1]), strip.getchannel("A")
    return strip, None


def _samples(strip: Image.Image, low: Image.Image | None, grey_alpha: bool) -> Samples:
    """Stored samples, (rows, columns) or (rows, columns, channels), uint8 or uint16."""
    array = np.asarray(strip.convert("L") if strip.mode == "1" else strip)
    if low is not None:
        return array.astype(np.uint16) << 8 | np.asarray(low)
    if grey_alpha:
        return array[..., 0::2].astype(np.uint16) << 8 | array[..., 1::2]
    return array.astype(np.uint16) if strip.mode == "I" else array


def _from_samples(samples: Samples, mode: str, key: int | tuple[int, ...] | None) -> Image.Image:
    narrow = samples
    if samples.dtype.itemsize == 2:
        narrow = ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if key is not None:
        flat = samples if samples.ndim == 3 else samples[..., None]
        opaque = (flat != np.asarray(key)).any(axis=2, keepdims=True).astype(np.uint8) * 255
        narrow = np.concatenate([narrow if narrow.ndim == 3 else narrow[..., None], opaque], axis=2)
    channels = narrow.shape[2] if narrow.ndim == 3 else 1
    kind = "CMYK" if mode == "CMYK" else _MODE_OF_CHANNELS[channels]
    return Image.frombytes(kind, (narrow.shape[1], narrow.shape[0]), narrow.tobytes())


def _over_white(rgb: Image.Image, alpha: Image.Image | None) -> Image.Image:
    if alpha is None:
        return rgb
    return Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)


def _colour_to_srgb(colour: Image.Image, profile: bytes | None) -> Image.Image:
    if colour.mode == "LAB":
        return _apply(_lab_transform(), colour)
    if colour.mode not in ("L", "RGB", "CMYK"):
        colour = colour.convert("L" if colour.mode == "1" else "RGB")
    if profile is None:
        return colour.convert("RGB")
    space = _profile_space(profile)
    if space == "RGB" and colour.mode == "L":
        colour = colour.convert("RGB")
    if space != {"L": "GRAY"}.get(colour.mode, colour.mode):
        return colour.convert("RGB")
    transform = _profile_transform(profile, colour.mode)
    return _apply(transform, colour) if transform else colour.convert("RGB")


def _apply(transform: ImageCms.ImageCmsTransform, colour: Image.Image) -> Image.Image:
    converted = ImageCms.applyTransform(colour, transform)
    assert converted is not None  # None only when converting in place
    return converted


@functools.lru_cache(maxsize=1)
def _lab_transform() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")


@functools.lru_cache(maxsize=8)
def _profile_space(profile: bytes) -> str:
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return ""
    return opened.profile.xcolor_space.strip()


@functools.lru_cache(maxsize=8)
def _profile_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From the profile to sRGB with perceptual intent, or None if the profile is broken."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    try:
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except ImageCms.PyCMSError:
        return None
