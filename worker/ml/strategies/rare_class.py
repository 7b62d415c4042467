"""Rare-class selection: grow classes with few labels from the neighbours of their labelled pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from worker.ml.strategies import margin, typiclust
from worker.ml.strategies.base import Features, Float32, Int64, Neighbours, Pick, Problem, at_most
from worker.ml.strategies.explain import explain
from worker.ml.strategies.quotas import Float64, expected_counts, share_out, take_turns

Bool = npt.NDArray[np.bool_]

NAME = "rare_class"
TITLE = "Rare classes"
WHEN = "When some classes have far fewer labels than others: looks for more of them among their labelled look-alikes."

RARE = 0.5  # of the mean number of labels a class, below which a class is rare
MAX_ANCHORS = 512  # labelled pictures whose neighbours are looked at; more are sampled, alike for each class
HOPS = 3  # from neighbour to neighbour, while a class has too few candidates
MAX_POOL = 4096  # candidates of a class
NEAREST = 100  # neighbours of each labelled picture when there is no graph


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """Picks for the rare classes, in inverse proportion to their labels, likeliest first; see `base.Query`.

    The candidates of a class are the nearest neighbours of its labelled pictures, and theirs while they
    are too few: Coleman et al. 2022, "Similarity Search for Efficient Active Learning and Search of Rare
    Concepts" (SEALS), section 3, with its most-likely-positive strategy. When no class is rarer than
    others, and for what is left, the head's doubt decides; before there is a head, TypiClust.
    """
    batch = min(batch, len(problem.candidates))
    if batch < 1:
        return []
    quota = share_out(rarity(expected_counts(problem, rng)), batch)
    offered = np.zeros(problem.features.shape[0], bool)
    offered[problem.candidates] = True
    columns = np.argsort(-quota, kind="stable")[: np.count_nonzero(quota)].tolist()
    anchors = [some_of(problem, column, MAX_ANCHORS // len(columns) + 1, rng) for column in columns]
    groups: list[list[int]] = []
    wanted = max(NEAREST, int(quota.max(initial=0)))
    for column, (pool, cosines) in zip(columns, surroundings(problem, offered, anchors, wanted), strict=True):
        free = offered[pool]
        groups.append(likeliest(problem, column, pool[free], cosines[free])[: quota[column]].tolist())
        offered[groups[-1]] = False
    turns = take_turns(groups)
    found = explain(
        problem,
        np.array([position for _, position in turns], np.int64),
        codes=["rare"] * len(turns),
        columns=[columns[group] for group, _ in turns],
    )
    return found + doubtful(replace(problem, candidates=np.flatnonzero(offered)), batch - len(found), rng)


def rarity(counts: Float64) -> Float64:
    """1 / labels [C] of the classes that have labels, but less than half as many as a class has on average."""
    seen = counts[counts > 0]
    few = (counts > 0) & (counts < RARE * seen.mean()) if len(seen) else np.zeros(len(counts), bool)
    return np.where(few, 1 / counts.clip(min=1), 0)


def some_of(problem: Problem, column: int, limit: int, rng: np.random.Generator) -> Int64:
    """Up to `limit` labelled pictures of a class."""
    return at_most(problem.labelled[problem.labels == column], limit, rng)


def surroundings(problem: Problem, offered: Bool, anchors: list[Int64], wanted: int) -> Iterator[tuple[Int64, Float32]]:
    """For the labelled pictures of each class: candidates near them, and their cosines to the nearest of them.

    offered [N]: which positions may be picked. They come from the graph, or from reading all rows once.
    """
    if problem.graph is not None:
        yield from (around(problem, problem.graph, offered, some, wanted) for some in anchors)
    elif anchors:
        table = nearest_of_all(problem.features, offered, np.concatenate(anchors), wanted)
        ends = np.cumsum([len(some) for some in anchors])[:-1]
        for positions, cosines in zip(*(np.split(part, ends) for part in table), strict=True):
            pool, where = np.unique(positions, return_inverse=True)
            nearest = np.full(len(pool), -1, np.float32)
            np.maximum.at(nearest, where.ravel(), cosines.ravel())
            yield nearest_first(pool, nearest)


def around(problem: Problem, graph: Neighbours, offered: Bool, anchors: Int64, wanted: int) -> tuple[Int64, Float32]:
    """Neighbours of `anchors` in the graph, and the neighbours' neighbours while they are fewer than `wanted`."""
    reached = anchors
    for _ in range(HOPS):
        neighbours, _ = graph.of(reached)
        reached = np.union1d(reached, neighbours[neighbours >= 0])
        if np.count_nonzero(offered[reached]) >= wanted:
            break
    pool = reached[offered[reached]]
    rows, known = (problem.features.rows(some).astype(np.float32) for some in (pool, anchors))
    return nearest_first(pool, (rows @ known.T).max(axis=1, initial=-1))


def nearest_of_all(features: Features, offered: Bool, anchors: Int64, count: int) -> tuple[Int64, Float32]:
    """Positions and cosines [k, count] of the candidates nearest to each anchor, in no order."""
    known = features.rows(anchors).astype(np.float32)
    positions, cosines = np.zeros((len(anchors), 0), np.int64), np.zeros((len(anchors), 0), np.float32)
    for start, stop, rows in features.shards():
        free = np.flatnonzero(offered[start:stop])
        here = known @ rows[free].astype(np.float32).T
        cosines = np.hstack([cosines, here])
        positions = np.hstack([positions, np.broadcast_to(start + free, here.shape)])
        if cosines.shape[1] > count:
            best = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
            cosines = np.take_along_axis(cosines, best, axis=1)
            positions = np.take_along_axis(positions, best, axis=1)
    return positions, cosines


def nearest_first(pool: Int64, cosines: Float32) -> tuple[Int64, Float32]:
    """The `MAX_POOL` nearest."""
    order = np.argsort(-cosines, kind="stable")[:MAX_POOL]
    return pool[order], cosines[order]


def likeliest(problem: Problem, column: int, pool: Int64, cosines: Float32) -> Int64:
    """`pool` in order of the head's probability of the class; those that it gives none, by nearness."""
    if problem.probs is None or not len(pool):
        return pool[np.argsort(-cosines, kind="stable")]
    return pool[np.lexsort((-cosines, -problem.probabilities(pool)[:, column]))]


def doubtful(problem: Problem, batch: int, rng: np.random.Generator) -> list[Pick]:
    """The smallest margins; TypiClust while there is no head."""
    if problem.probs is None:
        return typiclust.query(problem, batch=batch, rng=rng)
    return margin.query(problem, batch=batch, rng=rng)
