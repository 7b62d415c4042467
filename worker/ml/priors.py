"""How often each class occurs in a pool, so far as a young head and a chosen set of labels can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

# Labels a class, all alike, that count before the first real one: while few pictures are labelled every class is
# taken for equally frequent, as the guesses of a head that has seen two pictures of each say little else.
BELIEF = 16.0
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

    The shares are the mode of a Dirichlet posterior in which labels count as they are, and the guesses for the others
    by expectation and maximisation (Saerens et al. 2002, section 2.2). All guesses together weigh at most as much as
    all the labels, because the head knows only what these have taught it: EM without that bound hands the classes
    that a young head prefers everything.
    """
    classes, labels = len(counts), float(np.sum(counts))
    believed = np.full(classes, 1 / classes) if base is None else np.asarray(base, np.float64)
    given = np.asarray(counts, np.float64) + belief * classes * believed
    shares = given / given.sum()
    n = len(log_likelihoods)
    if n == 0 or labels == 0:
        return shares
    likelihoods = np.exp(log_likelihoods - log_likelihoods.max(axis=1, keepdims=True)).astype(np.float32)
    each = min(1.0, labels / n)
    for _ in range(ITERATIONS):
        guesses = likelihoods * shares.astype(np.float32)
        found = (1 / guesses.sum(axis=1)) @ guesses
        new = given + each * found
        new /= new.sum()
        settled = np.abs(new / shares - 1).max() <= TOLERANCE
        shares = new
        if settled:
            break
    return shares
