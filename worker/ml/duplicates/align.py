"""How two pictures lie over one another, found on small grey copies: whole, mirrored, or one in a crop of the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from worker.ml.duplicates.signatures import SIDE

Box = tuple[float, float, float, float]  # left, top, right, bottom, as shares of width and height
Floats = npt.NDArray[np.float32]

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
SIZES = (1.0, 0.96, 0.92, 0.88, 0.84)  # sides of the crops that are tried
STEP = 0.04  # between their places
MIN_AREA = 0.8  # of a crop; less of a picture is another picture
RASTER = 24  # pixels on a side of what is compared
WHOLE_BONUS = 0.002  # a crop must be clearly better than the whole
FLAT = 1e-3  # grey levels a pixel: below this there is nothing to compare


@dataclass(frozen=True)
class Alignment:
    """The whole of one picture, the part, lies in the box of the other, the container.

    Attributes:
        box: where in the container.
        mirrored: the part must be mirrored.
        swapped: the second picture is the container, not the first.
        likeness: correlation of the two at 24 × 24 pixels.
    """

    box: Box
    mirrored: bool
    swapped: bool
    likeness: float


class Cuts:
    """A picture's grey copy (uint8 [48, 48]), cut in every way that is tried."""

    def __init__(self, grey: npt.NDArray[np.uint8]) -> None:
        _, matrices = _windows()
        crops = np.einsum("vis,sx,hjx->vhij", matrices, grey.astype(np.float32), matrices, optimize=True)
        self.crops = centred(crops[_allowed()].reshape(-1, RASTER * RASTER))
        whole = self.crops[0]
        self.straight_and_mirrored = np.stack([whole, whole.reshape(RASTER, RASTER)[:, ::-1].ravel()], axis=1)


def align(first: Cuts, second: Cuts) -> Alignment:
    """Return the best of all ways to lay one picture into a crop of the other."""
    spans, places = _windows()[0], np.argwhere(_allowed())
    best = Alignment(WHOLE, False, False, -1.0)
    for swapped, container, part in ((False, first, second), (True, second, first)):
        likeness = container.crops @ part.straight_and_mirrored
        likeness[0] += WHOLE_BONUS
        place, mirrored = np.unravel_index(int(likeness.argmax()), likeness.shape)
        if likeness[place, mirrored] > best.likeness:
            (top, bottom), (left, right) = (spans[index] for index in places[place])
            found = float(likeness[place, mirrored])
            best = Alignment((left, top, right, bottom), bool(mirrored), swapped, found)
    return best


def centred(rows: Floats) -> Floats:
    """Rows without their mean, at length one, so that products are correlations; flat rows become zero."""
    rows = rows - rows.mean(axis=-1, keepdims=True)
    norm = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.divide(rows, norm, out=np.zeros_like(rows), where=norm > FLAT * rows.shape[-1])


def area(box: Box) -> float:
    """Share of a picture that a box covers."""
    return (box[2] - box[0]) * (box[3] - box[1])


@lru_cache(maxsize=1)
def _windows() -> tuple[list[tuple[float, float]], Floats]:
    """The spans (start, stop) that a crop may have along one side; float32 [spans, RASTER, SIDE] that cut them out."""
    spans = [
        (start, min(1.0, start + size))
        for size in SIZES
        for start in np.linspace(0, 1 - size, round((1 - size) / STEP) + 1).tolist()
    ]
    return spans, np.stack([_averaging(start, stop) for start, stop in spans])


def _averaging(start: float, stop: float) -> Floats:
    """Matrix [RASTER, SIDE] that averages over equal parts of start … stop."""
    edges = np.linspace(start, stop, RASTER + 1) * SIDE
    pixels = np.arange(SIDE)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights = overlap.clip(min=0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


@lru_cache(maxsize=1)
def _allowed() -> npt.NDArray[np.bool_]:
    """Which (vertical, horizontal) pairs of spans leave enough of a picture; the whole is the first of them."""
    sizes = np.array([stop - start for start, stop in _windows()[0]])
    return sizes[:, None] * sizes[None, :] >= MIN_AREA
