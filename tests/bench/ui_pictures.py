"""Many different large photographs-to-be for browser benchmarks: five kinds of shapes on grounds of their own."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image, ImageDraw

KINDS = ("disc", "bars", "checks", "cross", "rings")
WIDTH, HEIGHT = 1280, 960
QUALITY = 84  # with the grain: about 250 kB, as a photograph of this size has
PROCESSES = 2


def write_pictures(root: Path, count: int) -> dict[str, str]:
    """Write `count` JPEGs of 1280 × 960 pixels to `root/kind/`, no two alike; return the kind by source path."""
    for kind in KINDS:
        (root / kind).mkdir(parents=True, exist_ok=True)
    numbers = range(count)
    with ProcessPoolExecutor(PROCESSES) as pool:
        paths = pool.map(partial(write_one, root), numbers, chunksize=64)
        return {path: KINDS[number % len(KINDS)] for number, path in zip(numbers, paths, strict=True)}


def write_one(root: Path, number: int) -> str:
    """Write the picture of that number; return its path below `root`."""
    kind = KINDS[number % len(KINDS)]
    source = f"{kind}/{number:05}.jpg"
    pixels = draw(kind, np.random.default_rng(number))
    (root / source).write_bytes(simplejpeg.encode_jpeg(pixels, quality=QUALITY, colorsubsampling="420"))
    return source


def draw(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Draw a picture: uint8 [960, 1280, 3]. A cloudy ground, the kind's shape somewhere on it, and grain."""
    clouds = Image.fromarray(rng.integers(70, 230, (6, 8, 3), dtype=np.uint8))
    ground = clouds.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    ink = Image.fromarray(rng.integers(0, 120, (3, 4, 3), dtype=np.uint8)).resize(ground.size, Image.Resampling.BICUBIC)
    ground.paste(ink, mask=shape(kind, rng))
    grain = rng.integers(0, 22, (HEIGHT // 2, WIDTH, 1), dtype=np.uint8)
    return np.minimum(np.asarray(ground), 233) + np.concatenate([grain, grain[::-1]])


def shape(kind: str, rng: np.random.Generator) -> Image.Image:
    """Draw where the ink goes: a mask of 1280 × 960 pixels."""
    mask = Image.new("L", (WIDTH, HEIGHT))
    pen = ImageDraw.Draw(mask)
    size = int(rng.integers(300, 640))
    x, y = int(rng.integers(20, WIDTH - size - 20)), int(rng.integers(20, HEIGHT - size - 20))
    box = (x, y, x + size, y + size)
    step = size // int(rng.integers(5, 9))
    if kind == "disc":
        pen.ellipse(box, fill=255)
    elif kind == "bars":
        for left in range(x, x + size, step):
            pen.rectangle((left, y, left + step // 2, y + size), fill=255)
    elif kind == "checks":
        for row, column in np.ndindex(size // step, size // step):
            if (row + column) % 2:
                left, top = x + column * step, y + row * step
                pen.rectangle((left, top, left + step, top + step), fill=255)
    elif kind == "cross":
        pen.line((x, y, x + size, y + size), fill=255, width=step)
        pen.line((x + size, y, x, y + size), fill=255, width=step)
    else:
        for inset in range(0, size // 2, step):
            pen.ellipse((x + inset, y + inset, x + size - inset, y + size - inset), outline=255, width=step // 3)
    return mask
