"""Check triggers: start a run for every schedule that waited for as many labels as have been given by now."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from annotator.modeling.services import fire_label_schedules
from worker.runner import JobContext


def handle(ctx: JobContext) -> dict[str, Any]:
    """Fire what is due; that, the new counting and the end of the job are one change."""
    with transaction.atomic():
        fired = fire_label_schedules(project=ctx.project)
        result = {"fired": [firing.pk for firing in fired]}
        ctx.succeed(result)
    return result
