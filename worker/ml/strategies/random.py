"""Uniform random selection: the yardstick for every other strategy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from worker.ml.strategies.base import Int64, Pick, Probs, make_reason

NAME = "random"
TITLE = "Random"
WHEN = "To measure what another strategy gains, or when the labels should follow the pool's own class shares."


def query(
    *,
    features: npt.NDArray[np.float16],  # noqa: ARG001 - one signature for all strategies
    candidates: Int64,
    labelled: Int64,  # noqa: ARG001
    coverage: Int64,  # noqa: ARG001
    probs: Probs | None,
    batch: int,
    rng: np.random.Generator,
) -> list[Pick]:
    """`batch` candidates, every one as likely as any other; see `base.Query`."""
    chosen = rng.permutation(candidates)[:batch].tolist()
    margins = [None] * len(chosen) if probs is None else probs.margins[chosen].tolist()
    return [
        Pick(position, make_reason("random", margin=margin)) for position, margin in zip(chosen, margins, strict=True)
    ]
