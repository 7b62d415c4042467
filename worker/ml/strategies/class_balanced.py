"""Class-balanced selection: label what is probably of the classes that lack pictures most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from worker.ml.strategies import typiclust
from worker.ml.strategies.base import Float32, Int64, Pick, Problem, Probs, at_most
from worker.ml.strategies.explain import explain
from worker.ml.strategies.quotas import Float64, expected_counts, level_up, share_out, take_turns

NAME = "class_balanced"
TITLE = "Class-balanced"
WHEN = "When every class needs its number of pictures: fills up the classes that are furthest below their targets."

A_PICK = 10  # candidates considered for each pick of a class
MAX_CONSIDERED = 8192  # candidates considered for a class
MAX_KNOWN = 512  # labelled pictures of a class that look-alikes are measured against; more are sampled
TINY = 1e-3  # what is left of the worth of a look-alike
SURE = 0.98  # a picture of which the head is surer is worth as much as one of this probability


def query(problem: Problem, *, batch: int, rng: np.random.Generator) -> list[Pick]:
    """Picks for each class in proportion to what it lacks of its target; see `base.Query`.

    Without targets, or when they are reached, classes are levelled up to even counts. For a class those
    come first whose probability p of it is high and yet in doubt: p √(p (1 - p)), the pictures gained
    times the standard deviation of the answer, at its highest at p = 3/4; look-alikes of earlier picks
    and of the class's labelled pictures are worth less. What is meant for classes that the head cannot
    tell yet goes to typical pictures of groups without labels, and before there is a head everything.
    """
    batch = min(batch, len(problem.candidates))
    if problem.probs is None or batch < 1:
        return typiclust.query(problem, batch=batch, rng=rng)
    quota = share_out(shortfalls(problem, batch, rng), batch)
    groups: list[list[int]] = []
    columns: list[int | None] = []
    taken: set[int] = set()
    for column, offered, worth in promising(problem, problem.probs, quota):
        free = ~np.isin(offered, [*taken])
        chosen = fill(problem, column, offered[free], worth[free], count=int(quota[column]), rng=rng)
        groups.append(chosen.tolist())
        columns.append(column)
        taken.update(groups[-1])
    rest = replace(problem, candidates=np.setdiff1d(problem.candidates, [*taken]))
    groups.append([pick.position for pick in typiclust.query(rest, batch=batch - len(taken), rng=rng)])
    columns.append(None)
    turns = take_turns(groups)
    return explain(
        problem,
        np.array([position for _, position in turns], np.int64),
        codes=["unlike_labelled" if columns[group] is None else "short" for group, _ in turns],
        columns=[columns[group] for group, _ in turns],
    )


def shortfalls(problem: Problem, batch: int, rng: np.random.Generator) -> Float64:
    """Pictures [C] that each class is expected to lack of its target."""
    counts = expected_counts(problem, rng)
    if problem.targets is not None:
        lacking: Float64 = (problem.targets - counts).clip(min=0)
        if lacking.sum() > 0:
            return lacking
    return level_up(counts, batch)


def promising(problem: Problem, probs: Probs, quota: Int64) -> Iterator[tuple[int, Int64, Float32]]:
    """(column, candidates, their worth, best first) of each class with a quota, largest first.

    A candidate is promising if it is likelier of the class than a guess would be.
    """
    classes = np.asarray(probs.top_class[problem.candidates])
    width = classes.shape[1]
    order = classes.ravel().argsort(kind="stable")
    bounds = np.searchsorted(classes.ravel()[order], np.arange(problem.classes + 1))
    for column in np.argsort(-quota, kind="stable")[: np.count_nonzero(quota)].tolist():
        entries = order[bounds[column] : bounds[column + 1]]
        offered, rank = problem.candidates[entries // width], entries % width
        p = np.asarray(probs.top_prob[offered, rank], np.float32)
        likely = p * problem.classes > 1
        offered, p = offered[likely], p[likely].clip(max=SURE)
        worth = p * np.sqrt(p * (1 - p))
        best = np.argsort(-worth, kind="stable")[: min(MAX_CONSIDERED, A_PICK * int(quota[column]))]
        yield column, offered[best], worth[best]


def fill(
    problem: Problem, column: int, offered: Int64, worth: Float32, *, count: int, rng: np.random.Generator
) -> Int64:
    """Up to `count` of `offered` for a class: worth asking about and unlike each other and its labelled ones."""
    known = at_most(problem.labelled[problem.labels == column], MAX_KNOWN, rng)
    rows, known_rows = (problem.features.rows(some).astype(np.float32) for some in (offered, known))
    return offered[apart(rows, known_rows, worth, count)]


def apart(rows: Float32, known: Float32, worth: Float32, count: int) -> Int64:
    """Indexes of up to `count` of `rows` [n, d] of the highest worth x (1 - cosine to the nearest taken one).

    known [k, d] are taken from the start, and each chosen row as it is chosen.
    """
    nearest = (rows @ known.T).max(axis=1, initial=0)
    worth = worth.copy()
    chosen: list[int] = []
    while len(chosen) < min(count, len(rows)):
        best = int((worth * (1 - nearest).clip(min=TINY)).argmax())
        chosen.append(best)
        worth[best] = -1
        nearest = np.maximum(nearest, rows @ rows[best])
    return np.array(chosen, np.int64)
