"""Measure: time one backbone after the other on this worker's machine, and publish what it finds.

It gives way to whatever waits in the queue: after each backbone it goes behind, and goes on later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from annotator.jobs.models import Job
from annotator.jobs.services import publish_presets
from worker.ml import rates
from worker.ml.backbones import PRESETS
from worker.node import describe_presets
from worker.runner import Interrupted, JobContext, JobFailed


def handle(ctx: JobContext) -> dict[str, Any]:
    """Measure what was not measured since the job was asked for."""
    names = ctx.params["backbones"] or list(PRESETS)
    folder = Path(settings.RATES_DIR)
    asked_at = ctx.job.created_at.timestamp()
    found = {name: rate for name, rate in rates.measured(folder).items() if rate.measured_at >= asked_at}
    for name in names:
        if name in found:
            continue
        ctx.progress(sum(name in found for name in names), len(names), "backbones", f"measuring {name}")
        found[name] = rates.note(folder, name, _measure(name))
        publish_presets(name=ctx.job.worker, presets=describe_presets())
        if not found.keys() >= set(names) and _others_wait(ctx.job):
            raise Interrupted
    return {"images_per_second": {name: found[name].images_per_second for name in names}}


def _measure(name: str) -> float:
    try:
        return rates.measure(name)
    except ValueError as error:
        raise JobFailed("unknown_backbone", f"{name} cannot be measured: {error}.", "Check the name.") from error


def _others_wait(job: Job) -> bool:
    """Say whether the queue has work of another kind."""
    return Job.objects.filter(queue=job.queue, state=Job.State.QUEUED).exclude(kind=job.kind).exists()
