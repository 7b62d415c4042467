"""What is kept of every picture to find its near-duplicates: a perceptual hash, the mirrored one, a small grey copy."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import Image
from scipy.fft import dctn

SIDE = 48  # of the grey copy
HASH_SIDE = 32
HASH_TERMS = 8
GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601 luma
_JPEG_MAGIC = b"\xff\xd8\xff"
_BITS = np.uint64(1) << np.arange(HASH_TERMS**2, dtype=np.uint64)


def read_picture(path: Path | None) -> Image.Image | None:
    """Decode a derivative to RGB; None if there is none or it cannot be read."""
    if path is None:
        return None
    try:
        data = path.read_bytes()
        if data.startswith(_JPEG_MAGIC):
            return Image.fromarray(simplejpeg.decode_jpeg(data, colorspace="RGB"))
        return Image.open(io.BytesIO(data)).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def sign(pictures: Sequence[Image.Image | None]) -> dict[str, npt.NDArray[np.generic]]:
    """Return the signatures of pictures, in their order.

    Returns:
        grey: uint8 [n, 48, 48], the whole picture squeezed into a square; zero where there is no picture.
        hash, mirrored: uint64 [n], perceptual hashes of the picture and of its mirror image.
    """
    grey = np.zeros((len(pictures), SIDE, SIDE), np.uint8)
    small = np.zeros((len(pictures), HASH_SIDE, HASH_SIDE), np.float32)
    for row, picture in enumerate(pictures):
        if picture is not None:
            light = picture.convert("L")
            grey[row] = np.asarray(light.resize((SIDE, SIDE), Image.Resampling.BOX))
            small[row] = np.asarray(light.resize((HASH_SIDE, HASH_SIDE), Image.Resampling.BOX))
    straight, mirrored = _hashes(small)
    return {"grey": grey, "hash": straight, "mirrored": mirrored}


def _hashes(small: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """64-bit perceptual hashes: the signs of the lowest 8 × 8 cosine terms against their median (C. Zauner, 2010).

    Mirroring a picture changes the sign of the terms of odd horizontal frequency, so both come from one transform.
    """
    terms = dctn(small, axes=(1, 2), norm="ortho")[:, :HASH_TERMS, :HASH_TERMS]
    terms[:, 0, 0] = 0  # brightness says nothing
    flipped = terms.copy()
    flipped[:, :, 1::2] *= -1
    return _pack(terms), _pack(flipped)


def _pack(terms: npt.NDArray[np.float32]) -> npt.NDArray[np.uint64]:
    flat = terms.reshape(len(terms), -1)
    above = flat > np.median(flat, axis=1, keepdims=True)
    return (above * _BITS).sum(axis=1, dtype=np.uint64)
