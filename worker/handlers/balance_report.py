"""The class-balance report that a training run stores before it trains."""

from __future__ import annotations

from typing import Any

from annotator.modeling.models import TrainingRun
from annotator.modeling.selectors import run_balance
from worker.runner import JobContext


def build_balance(ctx: JobContext, run: TrainingRun) -> dict[str, Any]:
    """Compute the report of a run whose snapshot is frozen; the caller stores it.

    Raises:
        Cancelled, Interrupted, AttemptLost: as `ctx.check` does, before and after the computation.
    """
    ctx.check()
    report = run_balance(run)
    ctx.check()
    return report
