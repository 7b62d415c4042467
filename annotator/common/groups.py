"""Joining pairs to groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence


def group_of(
    pairs: Iterable[tuple[int, int, float]], separations: Sequence[Sequence[Sequence[int]]] = ()
) -> dict[int, int]:
    """Join pairs of positions to groups and name each group by its smallest position (union-find).

    Pairs are joined from the surest to the least sure. A pair that would bring together what a separation has in
    different parts is left out, so the answer depends on what is given, not on its order.

    Args:
        pairs: (position, position, score).
        separations: of each judgement the parts, lists of positions.

    Returns:
        The group of every position of a pair.
    """
    root: dict[int, int] = {}
    parts: dict[int, dict[int, int]] = defaultdict(dict)  # of a root: in which part of which separation its group is
    for number, separation in enumerate(separations):
        for part, positions in enumerate(separation):
            for position in positions:
                parts[position][number] = part

    def find(position: int) -> int:
        while root.setdefault(position, position) != position:
            root[position] = position = root[root[position]]
        return position

    for one, other, _ in sorted(pairs, key=lambda pair: (-pair[2], max(pair[:2]), min(pair[:2]))):
        low, high = sorted((find(one), find(other)))
        kept = parts[low]
        if all(kept.get(number, part) == part for number, part in parts[high].items()):
            root[high] = low
            kept.update(parts[high])
    return {position: find(position) for position in list(root)}
