"""Pictures that look like a picture: from the neighbour graph, or compared with every one where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from annotator.images.models import Image, Trust
from annotator.images.selectors.columns import Columns, columns
from annotator.images.selectors.graphs import NeighbourReader, neighbours
from annotator.images.selectors.vectors import Embeddings, active_space, embeddings

COMPARED_BELOW = 200_000  # embedded pictures: a request waits no longer than a second
COMPARED_AT_ONCE = 1_000  # labelled pictures: milliseconds
UNREADABLE = -2.0  # the cosine of a picture without an embedding

Reason = Literal["embedding", "computing", "unreadable", "blind"]


@dataclass(frozen=True)
class LookAlikes:
    """Positions (int64) with their cosines (float32), nearest first; or why there are none."""

    positions: np.ndarray
    cosines: np.ndarray
    reason: Reason | None = None


def look_alikes(image: Image, count: int) -> LookAlikes:
    """Return up to `count` pictures that look like one, without archived ones, hold-outs and what is asked blind.

    A picture that is still to be answered blind has none: their labels would be a hint.
    """
    cols, position = columns(image.project_id), image.position
    shown = _shown(cols)
    if cols.reserve[position] and not shown[position]:
        return _none("blind")
    space = active_space(image.project_id)
    if space is None or position >= space.length:
        return _none("embedding")
    vectors = embeddings(space)
    row = vectors.rows(np.array([position]))[0].astype(np.float32)
    if not row.any():
        return _none("unreadable")
    graph = neighbours(space)
    if graph is not None and position < graph.length:
        found = _near(graph, position)
        cosines = vectors.rows(found).astype(np.float32) @ row
    elif space.length < COMPARED_BELOW:
        found, cosines = np.arange(space.length), _all_cosines(vectors, row)
    else:
        return _none("computing")
    kept = (found < len(shown)) & (found != position) & (cosines > UNREADABLE)
    kept[kept] = shown[found[kept]]
    found, cosines = found[kept], cosines[kept]
    best = np.argsort(-cosines, kind="stable")[:count]
    return LookAlikes(found[best], np.clip(cosines[best], -1, 1))


def labelled_look_alikes(image: Image, count: int) -> LookAlikes:
    """Return up to `count` pictures with a trusted label that look like one, as `look_alikes` does.

    Few labelled pictures are compared one by one; of many, those near in the graph, or an even spread before there is
    one. What a machine certified is nobody's word, so it is left out.
    """
    cols, position = columns(image.project_id), image.position
    shown = _shown(cols)
    if cols.reserve[position] and not shown[position]:
        return _none("blind")
    space = active_space(image.project_id)
    if space is None or position >= space.length:
        return _none("embedding")
    vectors = embeddings(space)
    row = vectors.rows(np.array([position]))[0].astype(np.float32)
    if not row.any():
        return _none("unreadable")
    n = min(cols.length, space.length)
    trust = cols.trust[:n]
    labelled = shown[:n] & (cols.label[:n] > 0) & (trust > Trust.NONE) & (trust != Trust.CERTIFIED)
    labelled[position] = False
    found = _to_compare(labelled, neighbours(space), position)
    rows = vectors.rows(found)
    cosines = rows.astype(np.float32) @ row
    readable = cosines != 0
    readable[~readable] = rows[~readable].any(axis=1)  # only an unreadable picture's row is all zero
    found, cosines = found[readable], cosines[readable]
    best = np.argsort(-cosines, kind="stable")[:count]
    return LookAlikes(found[best], np.clip(cosines[best], -1, 1))


def _to_compare(labelled: np.ndarray, graph: NeighbourReader | None, position: int) -> np.ndarray:
    """Positions of labelled pictures (bool [n]) that may be near: few enough to be compared at once."""
    found = np.flatnonzero(labelled)
    if len(found) <= COMPARED_AT_ONCE:
        return found
    if graph is None or position >= graph.length:
        return found[np.linspace(0, len(found) - 1, COMPARED_AT_ONCE).astype(np.int64)]
    near = _near(graph, position)
    near = near[near < len(labelled)]
    close: np.ndarray = near[labelled[near]]
    return close


def _none(reason: Reason) -> LookAlikes:
    return LookAlikes(np.zeros(0, np.int64), np.zeros(0, np.float32), reason)


def _shown(cols: Columns) -> np.ndarray:
    """Bool [length]: the pictures that everybody may be shown beside others."""
    asked_blind = cols.reserve & (cols.trust < Trust.PAGE_VERIFIED)
    shown: np.ndarray = cols.present & ~cols.holdout & ~asked_blind
    return shown


def _near(graph: NeighbourReader, position: int) -> np.ndarray:
    """The neighbours and their neighbours: more than one list holds, and some where archived pictures fall out."""
    near = graph.of(np.array([position]))[0].ravel()
    near = near[near >= 0]
    further = graph.of(near)[0].ravel()
    return np.unique(np.concatenate([near, further[further >= 0]])).astype(np.int64)


def _all_cosines(vectors: Embeddings, row: np.ndarray) -> np.ndarray:
    cosines = np.zeros(vectors.shape[0], np.float32)
    for start, stop, rows in vectors.shards():
        cosines[start:stop] = np.where(rows.any(axis=1), rows.astype(np.float32) @ row, UNREADABLE)
    return cosines
