"""Why a picture was picked, in terms that a labeler understands: what stands out about it in its pool."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from worker.ml.strategies.base import Float32, Int64, Pick, Problem, Probs, at_most, make_reason

SAMPLE = 1024  # pictures of the pool, and labelled ones, that a pick is compared with
LOOK_ALIKE = 0.5  # cosine from which on a picture counts as a look-alike
STANDS_OUT = 0.6  # the first two classes together; below, no class stands out


def explain(
    problem: Problem,
    chosen: Int64,
    *,
    codes: Sequence[str] | None = None,
    columns: Sequence[int | None] | None = None,
) -> list[Pick]:
    """Picks for the positions `chosen`, best first, each with what stands out most about it.

    A strategy that has a principle of its own says so with `codes`, and with `columns` of which class.
    """
    if not len(chosen):
        return []
    rng = np.random.default_rng(0)  # the sample only sizes up the pool
    pool = at_most(problem.coverage, SAMPLE, rng)
    known = _rows(problem, at_most(problem.labelled, SAMPLE, rng))
    offered, around = _rows(problem, chosen), _rows(problem, pool)
    near, usual = _nearest(offered, known), _nearest(around, known)
    look_alikes = _look_alikes(offered @ around.T, usual, np.isin(pool, chosen))
    pictures_a_row = max(1.0, len(problem.coverage) / SAMPLE)
    if codes is None:
        codes = _codes(problem, chosen, pool, near, usual)
    margins = [None] * len(chosen) if problem.probs is None else problem.probs.margins[chosen].tolist()
    return [
        Pick(
            position,
            make_reason(
                codes[rank],
                margin=margins[rank],
                nearest_similarity=float(near[rank]) if len(known) else None,
                look_alikes=round(look_alikes[rank] * pictures_a_row),
                column=columns[rank] if columns is not None else None,
            ),
        )
        for rank, position in enumerate(chosen.tolist())
    ]


def doubts(probs: Probs, positions: Int64) -> list[str]:
    """What kind of doubt the head has: "torn" between two classes, or "unsure" among more."""
    first_two = np.asarray(probs.top_prob[positions, :2], np.float32).sum(axis=1)
    return np.where(first_two < STANDS_OUT, "unsure", "torn").tolist()


def _codes(problem: Problem, chosen: Int64, pool: Int64, near: Float32, usual: Float32) -> list[str]:
    """What stands out, by rank in the pool: doubt, strangeness, or neither."""
    if not len(problem.labelled):
        return ["typical"] * len(chosen)
    strangeness = np.searchsorted(np.sort(usual), near) / max(1, len(usual))
    if problem.probs is None:
        return ["unlike_labelled" if strange <= 0.5 else "typical" for strange in strangeness]
    margins = np.asarray(problem.probs.margins[chosen], np.float32)
    sureness = np.searchsorted(np.sort(np.asarray(problem.probs.margins[pool], np.float32)), margins)
    codes = np.where(sureness / max(1, len(pool)) <= strangeness, doubts(problem.probs, chosen), "unlike_labelled")
    return np.where(np.minimum(sureness / max(1, len(pool)), strangeness) > 0.5, "typical", codes).tolist()


def _look_alikes(similarity: Float32, covered: Float32, own: npt.NDArray[np.bool_]) -> list[int]:
    """How many pictures of the pool each pick [b] is the first to resemble, picks themselves excluded."""
    counts = []
    for row in similarity:
        counts.append(int(((row >= LOOK_ALIKE) & (row > covered) & ~own).sum()))
        covered = np.maximum(covered, row)
    return counts


def _nearest(rows: Float32, known: Float32) -> Float32:
    """Cosine [n] of each row to the nearest of `known`; -1 if there is none."""
    if not len(known):
        return np.full(len(rows), -1, np.float32)
    return (rows @ known.T).max(axis=1)


def _rows(problem: Problem, positions: Int64) -> Float32:
    return problem.features.rows(positions).astype(np.float32)
