"""ProbCover: label the pictures whose surroundings hold the most pictures that no label covers yet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from worker.ml.strategies.base import Float32, Int64, Pick, Problem, at_most
from worker.ml.strategies.clustering import k_means, project
from worker.ml.strategies.explain import explain

NAME = "probcover"
TITLE = "ProbCover"
WHEN = "For the first labels of a project, where its pictures form dense groups; needs no predictions."

MAX_ROWS = 8192  # of candidates, coverage and labelled each; more are sampled, the balls are an 8192² table
DIMS = 128  # in which distances are measured
PURITY = 0.95  # share of the balls that hold pictures of one class only
SIZED_ROWS = 1024  # balls that the radius is chosen by
SHRINK = 0.5  # of the radius each time that everything is covered
SMALLEST = 1e-2  # radius below which pictures count as equal


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """Greedily cover the most uncovered pictures with balls around picks; see `base.Query`.

    Yehuda, Dekel, Hacohen and Weinshall 2022, "Active Learning Through a Covering Lens", algorithm 1. The
    paper's radius leaves most balls empty where classes overlap, so it is never less than a ball needs to
    hold its share of the pool; when everything is covered, it is halved and the search goes on.
    """
    offered = at_most(problem.candidates, max(MAX_ROWS, batch), rng)
    batch = min(batch, len(offered))
    if batch < 1:
        return []
    pool, known = at_most(problem.coverage, MAX_ROWS, rng), at_most(problem.labelled, MAX_ROWS, rng)
    positions, where = np.unique(np.concatenate([offered, pool, known]), return_inverse=True)
    rows = project(problem.features.rows(positions).astype(np.float32), DIMS, rng)
    near, around, labelled = np.split(rows[where], [len(offered), len(offered) + len(pool)])
    classes = max(2, problem.classes)
    fair = fair_radius(around, max(classes, len(problem.labelled) + batch), rng)  # no ball holds several classes
    radius = max(fair, purest_radius(around, classes, rng))
    to_labelled = distances(around, labelled).min(axis=1, initial=np.inf)
    chosen = cover(distances(around, near), to_labelled, radius, batch)
    rest = rng.permutation(np.setdiff1d(np.arange(len(offered)), chosen))
    return explain(problem, offered[np.concatenate([chosen, rest])[:batch]])


def purest_radius(rows: Float32, classes: int, rng: np.random.Generator) -> float:
    """The largest radius at which 95 % of the balls around rows [n, d] hold rows of one cluster only.

    Section 4.2 of the paper, with k-means clusters for the unknown classes. A ball is pure up to the
    distance of the nearest row of another cluster, so the radius is a quantile of those distances.
    """
    if not len(rows):
        return SMALLEST
    cluster, _ = k_means(rows, classes, rng)
    some = at_most(np.arange(len(rows)), SIZED_ROWS, rng)
    between = distances(rows[some], rows)
    between[cluster[some][:, None] == cluster] = np.inf
    return max(SMALLEST, float(np.quantile(between.min(axis=1).clip(max=2), 1 - PURITY)))


def fair_radius(rows: Float32, balls: int, rng: np.random.Generator) -> float:
    """The radius at which half of the balls around rows [n, d] hold n / balls rows or more."""
    if not len(rows):
        return SMALLEST
    some = rows[at_most(np.arange(len(rows)), SIZED_ROWS, rng)]
    share = min(len(rows), max(2, len(rows) // balls))  # the row itself and another
    nearest = np.partition(distances(some, rows), share - 1, axis=1)[:, share - 1]
    return float(np.median(nearest))


def cover(between: Float32, to_labelled: Float32, radius: float, batch: int) -> Int64:
    """Columns of `between` [u, m] whose balls greedily cover the most rows not yet covered; up to `batch`.

    A row is covered from the start if its distance `to_labelled` [u] is within the radius. Stops early
    when even the smallest balls cover everything.
    """
    chosen: list[int] = []
    to_chosen = to_labelled
    while len(chosen) < batch and radius >= SMALLEST:
        for column in _covering(between <= radius, to_chosen > radius):
            chosen.append(column)
            if len(chosen) == batch:
                break
        to_chosen = np.minimum(to_labelled, between[:, chosen].min(axis=1, initial=np.inf))
        radius *= SHRINK
    return np.array(chosen, np.int64)


def _covering(inside: npt.NDArray[np.bool_], uncovered: npt.NDArray[np.bool_]) -> Iterator[int]:
    """Columns of `inside` [u, m], each the one with the most rows that those before it left uncovered."""
    degree = inside[uncovered].sum(axis=0, dtype=np.int64)
    while len(degree) and degree.max() > 0:
        best = int(degree.argmax())
        newly = np.flatnonzero(uncovered & inside[:, best])
        yield best
        degree -= inside[newly].sum(axis=0, dtype=np.int64)
        uncovered[newly] = False


def distances(rows: Float32, others: Float32) -> Float32:
    """Distances [n, k] between unit rows of which a projection kept all but parts at right angles to each other."""
    return np.sqrt((2 - 2 * (rows @ others.T)).clip(min=0))
