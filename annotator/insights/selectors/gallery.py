"""The pictures of a class, page by page, read off the columns and scores: no query a picture at any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from annotator.images.models import Image, Trust
from annotator.images.selectors import Columns, columns, score_reader
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
    """What the machine says, by position: int64 class id (0: nothing) and float16 confidence."""

    label: np.ndarray
    confidence: np.ndarray
    head: str | None


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
    said = _said(project_id, cols)
    groups = masks(project_id, cols)
    if of == "labelled":
        wanted, of_class = groups.labelled, cols.label
        if not for_reviewer:
            silent = np.where(cols.trust < Trust.PAGE_VERIFIED, 0, said.label)
            said = _Said(silent, said.confidence, said.head)
    else:
        wanted, of_class = groups.suggested > 0, groups.suggested
    if class_id is not None:
        wanted = wanted & (of_class == class_id)
    positions = np.flatnonzero(wanted)
    keys = _keys(positions, said, order)
    page, following = _smallest_beyond(keys, after, limit)
    chosen = positions[page]
    return GalleryPage(_show(project_id, cols, said, chosen.tolist()), following, len(positions), said.head)


def _said(project_id: int, cols: Columns) -> _Said:
    label, confidence = np.zeros(cols.length, np.int64), np.zeros(cols.length, np.float16)
    reader = score_reader(project_id)
    if reader is not None:
        known = min(reader.length, cols.length)
        best, sure = reader.top1()
        label[:known] = best[:known]
        confidence[:known] = np.clip(sure[:known], 0, 1)
    return _Said(label, confidence, reader.name if reader else None)


def _keys(positions: np.ndarray, said: _Said, order: str) -> np.ndarray:
    """Return int64 keys that grow in the asked order; no two pictures share one."""
    if order == "newest":
        return LAST_POSITION - positions
    bits = said.confidence[positions].view(np.uint16).astype(np.int64)
    rank = bits if order == "confidence" else ONE - bits
    rank = np.where(said.label[positions] == 0, ONE + 1, rank)
    return (rank << POSITION_BITS) | positions


def _smallest_beyond(keys: np.ndarray, after: int, limit: int) -> tuple[np.ndarray, int | None]:
    """Return the indices of the `limit` smallest keys above `after`, in order, and the last key if more follow."""
    rest = np.flatnonzero(keys > after)
    more = len(rest) > limit
    if more:
        rest = rest[np.argpartition(keys[rest], limit - 1)[:limit]]
    rest = rest[np.argsort(keys[rest])]
    return rest, int(keys[rest[-1]]) if more else None


def _show(project_id: int, cols: Columns, said: _Said, positions: list[int]) -> list[dict[str, Any]]:
    hashes = dict(Image.objects.filter(project=project_id, position__in=positions).values_list("position", "sha256"))
    return [
        {
            "id": int(cols.image_id[position]),
            "position": position,
            "thumb": blob_url(project_id, hashes[position], "thumb"),
            "preview": blob_url(project_id, hashes[position], "preview"),
            "label": int(cols.label[position]) or None,
            "trust": int(cols.trust[position]),
            "suggestion": int(said.label[position]) or None,
            "confidence": round(float(said.confidence[position]), 4) if said.label[position] else None,
        }
        for position in positions
        if position in hashes
    ]
