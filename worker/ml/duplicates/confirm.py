"""Whether two pictures are copies of one another, pixel by pixel, and what was done to make one of the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps
from scipy.ndimage import gaussian_filter

from worker.ml.duplicates.align import MIN_AREA, WHOLE, Alignment, Box, Floats, area, centred
from worker.ml.duplicates.signatures import GREY

MIN_COARSE = 0.87  # likeness of the small grey copies, below which a pair is not looked at closer
MIN_LIKENESS = 0.92
MIN_DETAIL = 0.75
MAX_TINT = 16.0  # grey levels
LONG_SIDE = 128  # pixels at which pictures are compared
SHORTEST = 8
BLUR = 2.0  # pixels; what is finer is detail
STEPS = (0.02, 0.01, 0.005, 0.0025)  # of the search for the edges of a crop
SWEEPS = 4  # over all moves, at each step

# What moves: left, top, right, bottom. First the whole box, then each edge.
_MOVES = [
    *((1, 0, 1, 0), (-1, 0, -1, 0), (0, 1, 0, 1), (0, -1, 0, -1)),
    *((1, 0, 0, 0), (-1, 0, 0, 0), (0, 0, 1, 0), (0, 0, -1, 0)),
    *((0, 1, 0, 0), (0, -1, 0, 0), (0, 0, 0, 1), (0, 0, 0, -1)),
]


@dataclass(frozen=True)
class Match:
    """A confirmed pair of copies.

    Attributes:
        box, mirrored, swapped: as in `Alignment`, with exact edges.
        likeness: correlation of the pictures' brightness, at most 128 pixels on the long side.
        detail: correlation of what is finer than two pixels there; pictures of similar things do not share it.
        gain, offset: brightness of the part ≈ gain × brightness of the container + offset, in grey levels.
    """

    box: Box
    mirrored: bool
    swapped: bool
    likeness: float
    detail: float
    gain: float
    offset: float


def confirm(first: Image.Image, second: Image.Image, found: Alignment) -> Match | None:
    """Compare two RGB pictures closely, beginning where their small copies fit; None if they are no copies.

    The comparison is blind to brightness and contrast, and no finer than the coarser of the two pictures.
    """
    container, part = (second, first) if found.swapped else (first, second)
    if found.mirrored:
        part = ImageOps.mirror(part)
    match = _judge(container, part, found, WHOLE) if found.box == WHOLE else None
    if match is None:
        box = _fit(container.convert("L"), part.convert("L"), found.box)
        match = _judge(container, part, found, box)
    return match


def _judge(container: Image.Image, part: Image.Image, found: Alignment, box: Box) -> Match | None:
    size = _size(container, part, box, LONG_SIDE)
    ours, theirs = _cut(container, box, size), _cut(part, WHOLE, size)
    light, other = ours @ GREY, theirs @ GREY
    likeness = _correlation(light, other)
    detail = _correlation(_detail(light), _detail(other))
    if likeness < MIN_LIKENESS or detail < MIN_DETAIL:
        return None
    gain = likeness * float(other.std() / light.std())
    tint = np.abs(gain * (ours - light[..., None]) - (theirs - other[..., None])).mean()
    if tint > MAX_TINT:
        return None
    offset = float(other.mean() - gain * light.mean())
    return Match(box, found.mirrored, found.swapped, likeness, detail, gain, offset)


def _fit(container: Image.Image, part: Image.Image, box: Box) -> Box:
    """Move the edges of the box, in ever smaller steps, to where the part fits best."""
    size = _size(container, part, box, LONG_SIDE // 2)
    target = _cut(part, WHOLE, size)
    best = _correlation(_cut(container, box, size), target)
    for step in STEPS:
        for _ in range(SWEEPS):
            before = best
            for move in _MOVES:
                tried = _moved(box, move, step)
                if tried != box and area(tried) >= MIN_AREA:
                    likeness = _correlation(_cut(container, tried, size), target)
                    if likeness > best:
                        box, best = tried, likeness
            if best == before:
                break
    return box


def _moved(box: Box, move: tuple[int, int, int, int], step: float) -> Box:
    left, top, right, bottom = (min(1.0, max(0.0, edge + way * step)) for edge, way in zip(box, move, strict=True))
    return left, top, right, bottom


def _size(container: Image.Image, part: Image.Image, box: Box, long_side: int) -> tuple[int, int]:
    """Width and height to compare at: the part's shape, no finer than the coarser of the two."""
    scale = min(
        1.0,
        container.width * (box[2] - box[0]) / part.width,
        container.height * (box[3] - box[1]) / part.height,
        long_side / max(part.size),
    )
    return max(SHORTEST, round(part.width * scale)), max(SHORTEST, round(part.height * scale))


def _cut(picture: Image.Image, box: Box, size: tuple[int, int]) -> Floats:
    """The box of a picture at `size`, float32 [h, w] or [h, w, 3]."""
    left, top, right, bottom = box
    pixels = (left * picture.width, top * picture.height, right * picture.width, bottom * picture.height)
    return np.asarray(picture.resize(size, Image.Resampling.BILINEAR, box=pixels), np.float32)


def _detail(light: Floats) -> Floats:
    return light - gaussian_filter(light, BLUR)


def _correlation(one: Floats, other: Floats) -> float:
    ours, theirs = centred(np.stack([one.ravel(), other.ravel()]))
    return float(ours @ theirs)
