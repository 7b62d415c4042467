"""Retract: take back what one person said in a stretch of time, chunk by chunk; what is taken back stays so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from annotator.accounts.models import User
from annotator.labeling.selectors import Stretch
from annotator.labeling.services import finish_retraction, request_refresh, retract_chunk, retracted
from worker.runner import JobContext, JobFailed


def handle(ctx: JobContext) -> dict[str, Any]:
    """Append undo rows from the newest answer to the oldest, then ask for a refresh of the head."""
    user, asked_at, newest = ctx.job.created_by, ctx.job.created_at, int(ctx.params["newest"])
    author = User.objects.filter(pk=ctx.params["author"]).first()
    if author is None or user is None:
        raise JobFailed("person_gone", "The account is gone.", "Ask again from an account that still exists.")
    until = ctx.params["until"]
    stretch = Stretch(
        ctx.project,
        author,
        datetime.fromisoformat(ctx.params["since"]),
        datetime.fromisoformat(until) if until else None,
    )
    done, _ = retracted(stretch=stretch, user=user, asked_at=asked_at)
    total = done + stretch.standing().filter(pk__lte=newest).count()
    while count := retract_chunk(stretch=stretch, user=user, newest=newest):
        done += count
        ctx.progress(min(done, total), total, "answers")
    undone, kept = retracted(stretch=stretch, user=user, asked_at=asked_at)
    with transaction.atomic():
        finish_retraction(stretch=stretch, user=user, undone=undone, kept=kept)
        ctx.succeed({"undone": undone, "kept": kept})
        request_refresh(project=ctx.project)
    return {"undone": undone, "kept": kept}
