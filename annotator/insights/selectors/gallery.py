"""The pictures of a class, page by page, read off the columns and scores: no query a picture at any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from annotator.images.models import Image, Trust
from annotator.images.selectors import Columns, ScoreReader, columns, score_reader
from annotator.images.selectors.briefs import blob_url
from annotator.insights.selectors.numbers import masks

OF = ("labelled", "suggested")
ORDERS = ("-confidence", "confidence", "newest")

# A key is 14 bits of rank over 38 of position: 52 bits, which every JSON reader keeps exactly.
POSITION_BITS = 38
LAST_POSITION = 2**POSITION_BITS - 1
ONE = int(np.float16(1).view(np.uint16))  # the bits of positive float16 numbers are in the order of the numbers


@dataclass(frozen=True)
class GalleryPage:
    """Some pictures of a class, the key to go on after (None at the end), and how many there are in all."""

    results: list[dict[str, Any]]
    next: int | None
    total: int
    head: str | None


@dataclass(frozen=True)
class _Said:
    """What the machine says of some pictures: int64 class id (0: nothing) and float16 confidence."""

    label: np.ndarray
    confidence: np.ndarray


def gallery(
    project_id: int, *, class_id: int | None, of: str, order: str, after: int, limit: int, for_reviewer: bool
) -> GalleryPage:
    """Return a page of the pictures that people gave a class, or that the machine suggests it for in the pool.

    Hold-outs are left out; the answered reserve is among the labelled ones and looks like any other. A picture that
    was only imported or certified may still be asked blind, so the machine's word on it is for reviewers alone.

    Args:
        project_id: whose pictures.
        class_id: the class; None for all of them.
        of: one of OF.
        order: one of ORDERS; pictures without a suggestion come last in order of confidence.
        after: the key of the last picture seen, −1 for none. A key is made of confidence and position, so a page
            stays where it is when other pictures are labelled meanwhile.
        limit: pictures on a page.
        for_reviewer: whether the person may see every suggestion.
    """
    cols = columns(project_id)
    groups = masks(project_id, cols)
    wanted, of_class = (groups.labelled, cols.label) if of == "labelled" else (groups.suggested > 0, groups.suggested)
    if class_id is not None:
        wanted = wanted & (of_class == class_id)
    positions = np.flatnonzero(wanted)
    reader = score_reader(project_id)
    said = _said(reader, positions)
    if of == "labelled" and not for_reviewer:
        said.label[cols.trust[positions] < Trust.PAGE_VERIFIED] = 0
    page, following = _smallest_beyond(_keys(positions, said, order), after, limit)
    shown = _Said(said.label[page], said.confidence[page])
    rows = _show(project_id, cols, positions[page].tolist(), shown)
    return GalleryPage(rows, following, len(positions), reader.name if reader else None)


def _said(reader: ScoreReader | None, positions: np.ndarray) -> _Said:
    label, confidence = np.zeros(len(positions), np.int64), np.zeros(len(positions), np.float16)
    if reader is not None:
        best, sure = reader.top1()
        known = np.searchsorted(positions, reader.length)  # positions ascend
        label[:known] = best[positions[:known]]
        confidence[:known] = np.clip(sure[positions[:known]], 0, 1)
    return _Said(label, confidence)


def _keys(positions: np.ndarray, said: _Said, order: str) -> np.ndarray:
    """Return int64 keys that grow in the asked order; no two pictures share one."""
    if order == "newest":
        return LAST_POSITION - positions
    bits = said.confidence.view(np.uint16).astype(np.int64)
    rank = bits if order == "confidence" else ONE - bits
    rank = np.where(said.label == 0, ONE + 1, rank)
    return (rank << POSITION_BITS) | positions


def _smallest_beyond(keys: np.ndarray, after: int, limit: int) -> tuple[np.ndarray, int | None]:
    """Return the indices of the `limit` smallest keys above `after`, in order, and the last key if more follow."""
    rest = np.flatnonzero(keys > after)
    more = len(rest) > limit
    if more:
        rest = rest[np.argpartition(keys[rest], limit - 1)[:limit]]
    rest = rest[np.argsort(keys[rest])]
    return rest, int(keys[rest[-1]]) if more else None


def _show(project_id: int, cols: Columns, positions: list[int], said: _Said) -> list[dict[str, Any]]:
    found = Image.objects.filter(project=project_id, position__in=positions)
    hashes = dict(found.values_list("position", "sha256"))
    guesses = zip(positions, said.label.tolist(), said.confidence.tolist(), strict=True)
    return [
        {
            "id": int(cols.image_id[position]),
            "position": position,
            "thumb": blob_url(project_id, hashes[position], "thumb"),
            "preview": blob_url(project_id, hashes[position], "preview"),
            "label": int(cols.label[position]) or None,
            "trust": int(cols.trust[position]),
            "suggestion": guess or None,
            "confidence": round(sure, 4) if guess else None,
        }
        for position, guess, sure in guesses
        if position in hashes
    ]
