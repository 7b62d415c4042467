"""A confirmed pair in words: what was done to one picture to make the other."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from worker.ml.duplicates.align import area
from worker.ml.duplicates.confirm import Match

WHOLE_AREA = 0.985  # a box that covers more is the whole picture, up to rounding
SAME_SIZE = 0.03
SAME_GAIN = 0.06
SAME_OFFSET = 8.0  # grey levels

Size = tuple[int, int]


class Change(StrEnum):
    """What makes a copy differ."""

    RE_ENCODED = "re-encoded"
    RESIZED = "resized"
    BRIGHTNESS = "brightness"
    MIRRORED = "mirrored"
    CROPPED = "cropped"


def changes(match: Match, first: Size, second: Size) -> list[Change]:
    """Return what was changed between two pictures whose full sizes (width, height) are given."""
    container, part = (second, first) if match.swapped else (first, second)
    left, top, right, bottom = match.box
    cropped = area(match.box) < WHOLE_AREA
    width = container[0] * (right - left if cropped else 1)
    height = container[1] * (bottom - top if cropped else 1)
    tests = {
        Change.RESIZED: abs(part[0] / width - 1) > SAME_SIZE or abs(part[1] / height - 1) > SAME_SIZE,
        Change.BRIGHTNESS: abs(match.gain - 1) > SAME_GAIN or abs(match.offset) > SAME_OFFSET,
        Change.MIRRORED: match.mirrored,
        Change.CROPPED: cropped,
    }
    return [change for change, holds in tests.items() if holds] or [Change.RE_ENCODED]


def reason(match: Match, first: Size, second: Size) -> dict[str, Any]:
    """Return plain JSON: the changes, and the numbers that they rest on."""
    return {
        "changes": [str(change) for change in changes(match, first, second)],
        "likeness": round(match.likeness, 4),
        "detail": round(match.detail, 4),
        "gain": round(match.gain, 3),
        "offset": round(match.offset, 1),
        "area": round(area(match.box), 3),
    }
