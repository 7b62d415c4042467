"""The neighbour graph as it lies in the array store: which pictures are nearest to a picture."""

from __future__ import annotations

import numpy as np

from annotator.common.arrays import read_array
from annotator.images.models import EmbeddingSpace, NeighbourGraph


def graph_length(space: EmbeddingSpace) -> int:
    """Return the position below which the space's pictures have neighbours."""
    return NeighbourGraph.objects.filter(space=space).order_by("-length").values_list("length", flat=True).first() or 0


def neighbours(space: EmbeddingSpace) -> NeighbourReader | None:
    """Return a reader of the space's newest graph, pinned to it; None before there is one."""
    newest = NeighbourGraph.objects.filter(space=space).order_by("-length")
    graph = newest.first()
    if graph is None:
        return None
    try:
        return NeighbourReader(graph)
    except FileNotFoundError:  # two newer ones were made between query and reading, and this one was cleared away
        graph = newest.first()
        return None if graph is None else NeighbourReader(graph)


class NeighbourReader:
    """The neighbours of positions 0 … length, memory-mapped; they stay readable when a newer graph replaces them."""

    def __init__(self, graph: NeighbourGraph) -> None:
        self.length = graph.length
        self.k = graph.k
        self.arrays = (read_array(graph.folder, "neighbours"), read_array(graph.folder, "cosines"))

    def of(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the neighbours of some positions, nearest first, the picture itself excluded.

        Returns:
            int32 [n, k] positions and float16 [n, k] cosines; −1 where there are no more, and for positions that the
            graph does not know (yet).
        """
        positions = np.asarray(positions, np.int64)
        near = np.full((len(positions), self.k), -1, np.int32)
        cosines = np.full((len(positions), self.k), -1, np.float16)
        known = np.flatnonzero((positions >= 0) & (positions < self.length))
        near[known], cosines[known] = (array[positions[known]] for array in self.arrays)
        return near, cosines
