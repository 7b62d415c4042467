"""How often each class occurs in a pool, so far as a young head and a chosen set of labels can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

# Labels a class, all alike, that count before the first real one: while few pictures are labelled every class is
# taken for equally frequent, as the guesses of a head that has seen two pictures of each say little else.
BELIEF = 4.0
ITERATIONS = 100
TOLERANCE = 1e-4  # largest change of a share relative to it


def class_shares(
    log_likelihoods: npt.NDArray[np.floating],
    counts: npt.NDArray[Any],
    *,
    base: npt.NDArray[np.floating] | None = None,
    belief: float = BELIEF,
) -> Float64:
    """Estimate the shares of K classes, float64 [K], positive and summing to 1.

    log_likelihoods [n, K] of pictures without a label, up to a constant a row: a head's logits without any prior.
    counts [K] labels given. `base` [K] the shares believed in beforehand, alike if not given; `belief` how many
    labels a class that is worth.

    Labels count as they are, and all guesses together at most as much as all the labels, because the head knows only
    what these have taught it: without that bound, EM hands the classes that a young head prefers everything.
    """
    classes, labels = len(counts), float(np.sum(counts))
    believed = np.full(classes, 1 / classes) if base is None else np.asarray(base, np.float64)
    given = np.asarray(counts, np.float64) + belief * classes * believed
    return most_likely_shares(log_likelihoods, given, weight=min(1.0, labels / max(1, len(log_likelihoods))))


def most_likely_shares(
    log_likelihoods: npt.NDArray[np.floating], given: npt.NDArray[np.floating], *, weight: float = 1.0
) -> Float64:
    """Find the shares, float64 [K], that make pictures of unknown class most likely, by EM.

    log_likelihoods [n, K] as for `class_shares`; `given` [K] pictures of known class, or pseudo-counts, all positive:
    the mode of the Dirichlet posterior. `weight` of one unknown picture (Saerens et al. 2002, section 2.2).
    """
    shares = given / given.sum()
    if len(log_likelihoods) == 0 or weight == 0:
        return shares
    likelihoods = np.exp(log_likelihoods - log_likelihoods.max(axis=1, keepdims=True)).astype(np.float32)
    for _ in range(ITERATIONS):
        guesses = likelihoods * shares.astype(np.float32)
        new = given + weight * ((1 / guesses.sum(axis=1)) @ guesses)
        new /= new.sum()
        settled = np.abs(new / shares - 1).max() <= TOLERANCE
        shares = new
        if settled:
            break
    return shares
