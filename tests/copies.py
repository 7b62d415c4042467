"""Pictures made up of random texture, and the copies that the search for duplicates has to find."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

Copier = Callable[[Image.Image, np.random.Generator], Image.Image]


def re_encoded(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """JPEG at quality 50 to 95."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=int(rng.integers(50, 96)))
    return Image.open(stream).convert("RGB")


def resized(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Half to double the size, evenly by ratio."""
    scale = 2 ** rng.uniform(-1, 1)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS)


def brightened(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Up to 30 % darker or lighter; what overflows is cut off."""
    pixels = np.asarray(picture, np.float32) * rng.uniform(0.7, 1.3)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def mirrored(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Left and right exchanged."""
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def cropped(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A rectangle of 85 to 98 % of the area, anywhere."""
    area = rng.uniform(0.85, 0.98)
    share = rng.uniform(area, 1)
    width, height = int(np.ceil(picture.width * share)), int(np.ceil(picture.height * area / share))
    left, top = int(rng.integers(picture.width - width + 1)), int(rng.integers(picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))


COPIES: dict[str, Copier] = {
    "re-encoded": re_encoded,
    "resized": resized,
    "brightness": brightened,
    "mirrored": mirrored,
    "cropped": cropped,
}


def texture(seed: int, size: tuple[int, int] = (96, 72)) -> Image.Image:
    """A picture with structure at every scale, unlike that of any other seed."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((size[1], size[0], 3), np.float32)
    for cells, strength in ((4, 60), (9, 45), (20, 30), (40, 15)):
        layer = rng.uniform(-1, 1, (cells, cells, 3)).astype(np.float32) * np.array([1, 0.9, 0.8], np.float32)
        stretched = [
            np.asarray(Image.fromarray(layer[..., channel]).resize(size, Image.Resampling.BICUBIC))
            for channel in range(3)
        ]
        pixels += strength * np.stack(stretched, axis=2)
    return Image.fromarray((pixels + 120).clip(0, 255).astype(np.uint8))
