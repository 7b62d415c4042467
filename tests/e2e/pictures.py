"""Folders of generated pictures whose classes anybody can tell apart."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE = 96


def draw(kind: str, rng: np.random.Generator) -> Image.Image:
    """Draw discs, bars, squares or a cross on a plain ground, in colours and places of their own."""
    ground, ink = (tuple(int(value) for value in rng.integers(low, high, 3)) for low, high in ((170, 256), (0, 110)))
    picture = Image.new("RGB", (SIDE, SIDE), ground)
    pen = ImageDraw.Draw(picture)
    x, y, size = (int(value) for value in (rng.integers(8, 32), rng.integers(8, 32), rng.integers(36, 56)))
    if kind == "disc":
        pen.ellipse((x, y, x + size, y + size), fill=ink)
    elif kind == "bars":
        for left in range(x % 12, SIDE, 12):
            pen.rectangle((left, 0, left + 5, SIDE), fill=ink)
    elif kind == "checks":
        for row, column in np.ndindex(8, 8):
            if (row + column) % 2:
                pen.rectangle((column * 12 + x % 12, row * 12, column * 12 + x % 12 + 11, row * 12 + 11), fill=ink)
    else:
        pen.line((x, y, x + size, y + size), fill=ink, width=9)
        pen.line((x + size, y, x, y + size), fill=ink, width=9)
    return picture


def write_folders(root: Path, kinds: tuple[str, ...], each: int) -> dict[str, str]:
    """Write `each` pictures of every kind to `root/kind/`; return the kind by the file's SHA-256."""
    rng = np.random.default_rng(7)
    kind_of = {}
    for kind in kinds:
        (root / kind).mkdir(parents=True)
        for number in range(each):
            path = root / kind / f"{kind}-{number:03}.png"
            draw(kind, rng).save(path)
            kind_of[hashlib.sha256(path.read_bytes()).hexdigest()] = kind
    return kind_of
