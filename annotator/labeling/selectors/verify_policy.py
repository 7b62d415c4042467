"""How large a Verify page should be, which suggestions it may hold and in which order: arithmetic on measured misses.

A person who looks at many pictures at once overlooks some that are wrong. How many is measured with known pictures of
other classes that are planted on the pages. The wrong labels that a page leaves are then about
miss rate × suggestion error, and everything here keeps that product small.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

LADDER = (12, 24, 36, 60, 84, 120)  # pictures on a page
ERROR_LEFT = 0.01  # wrong labels that verified pages may leave, as a share
SLIPS = 0.25  # wrong labels that one page may leave: on one page in four, one
PRIOR_MISS = 0.1  # share of exceptions that somebody misses who was not measured yet
PRIOR_WEIGHT = 10  # planted pictures that the prior counts for
ENOUGH_PLANTED = 20  # before a person is known to be careful
SCALE_WEIGHT = 5.0  # wrong suggestions that trust in the model's confidence counts for
SCALE_LOW, SCALE_HIGH = 0.5, 5.0
GRID = 4000

ORDERS = ("confident", "unsure")


class Misses(NamedTuple):
    """Planted pictures that were not of their page's class, and those of them that were let pass."""

    planted: int = 0
    missed: int = 0


def miss_rate(*counts: Misses) -> float:
    """Return the expected share of exceptions that are missed, above 0 and below 1.

    Counts come from the broad to the narrow (a person, the person on one class); each is shrunk towards the one before
    it, and the first towards `PRIOR_MISS`: the mean of a Beta posterior whose prior has the weight of `PRIOR_WEIGHT`
    planted pictures.
    """
    mean = PRIOR_MISS
    for planted, missed in counts:
        mean = (PRIOR_WEIGHT * mean + missed) / (PRIOR_WEIGHT + planted)
    return mean


def miss_interval(counts: Misses) -> tuple[float, float]:
    """Return the 95 % interval of the same posterior for one count, from the quantiles of the Beta distribution."""
    a = PRIOR_WEIGHT * PRIOR_MISS + counts.missed
    b = PRIOR_WEIGHT * (1 - PRIOR_MISS) + counts.planted - counts.missed
    x = (np.arange(GRID) + 0.5) / GRID
    log_density = (a - 1) * np.log(x) + (b - 1) * np.log1p(-x)
    below = np.cumsum(np.exp(log_density - log_density.max()))
    low, high = np.searchsorted(below, [0.025 * below[-1], 0.975 * below[-1]])
    return float(x[low]), float(x[min(high, GRID - 1)])


def error_scale(*, expected: float, found: float, miss: float) -> float:
    """Return how many times more suggestions are wrong than the model's confidence says, from pages that are confirmed.

    Args:
        expected: wrong suggestions on them by the model's own confidence.
        found: exceptions that people marked on them; those that were missed are added by `miss`.
    """
    wrong = found / (1 - miss)
    return min(max((SCALE_WEIGHT + wrong) / (SCALE_WEIGHT + expected), SCALE_LOW), SCALE_HIGH)


def least_confidence(*, miss: float, scale: float = 1.0) -> float:
    """Return the confidence below which a suggestion goes to Label: there, a look in passing would leave too much.

    A suggestion of confidence c is wrong with probability scale × (1 − c), and stays so with probability `miss`; that
    is at most `ERROR_LEFT` for each picture, so it is for any page and in any order.
    """
    return max(0.0, 1 - ERROR_LEFT / (miss * scale))


def page_size(*, miss: float, error: float) -> int:
    """Return the largest step of the ladder on which at most `SLIPS` wrong labels are expected to stay.

    Args:
        miss: share of exceptions that the person misses.
        error: share of the suggestions that are expected to be wrong.
    """
    slips = miss * error
    fitting = [step for step in LADDER if step * slips <= SLIPS]
    return fitting[-1] if fitting else LADDER[0]


def page_order(*, miss: float, planted: int, scale: float = 1.0) -> str:
    """Return which end of the offered suggestions to begin with.

    The least confident ones teach the model most; they go first once a person is measured to be so careful that
    suggestions as doubtful as the toss of a coin may be verified.
    """
    careful = planted >= ENOUGH_PLANTED and least_confidence(miss=miss, scale=scale) <= 0.5
    return "unsure" if careful else "confident"


def planted_on(size: int, wanted: int) -> int:
    """Return how many known pictures go on a page of `size`: as wanted, but one in five at most."""
    return min(wanted, math.floor(size / 5))
