"""Head refresh: train a linear head on cached embeddings, score every image, pick the next round. Seconds, on a CPU."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction

from annotator.common.arrays import remove
from annotator.events.services import record_event
from annotator.images.models import EmbeddingSpace
from annotator.images.selectors import active_space
from annotator.images.services import collect_garbage
from annotator.labeling.selectors import RefreshData, refresh_data
from annotator.labeling.services import RoundPick, measure_when_due, publish_round
from annotator.projects.models import Project
from worker.handlers.scoring import Scored, publish_scored, train_and_score, write_scores
from worker.handlers.selecting import select
from worker.runner import JobContext

STEPS = 4


def handle(ctx: JobContext) -> dict[str, Any]:
    """Refresh the project's head and its queue; without labels only the queue (typical and diverse pictures first)."""
    project = ctx.project
    space = active_space(project.pk)
    if space is None or space.length == 0:
        return {"skipped": "nothing is embedded yet"}
    data = refresh_data(project, space.length)
    ctx.progress(0, STEPS, "steps", "training the head")
    scored = train_and_score(space, data)
    ctx.progress(2, STEPS, "steps", "choosing the next pictures")
    picks, seed = select(project, space, data, scored)
    ctx.progress(3, STEPS, "steps", "saving")
    folder = f"{project.pk}/scores/job-{ctx.job.pk}-{ctx.attempt}"
    if scored is not None:
        write_scores(ctx, scored, folder)
    result = _publish(ctx, space=space, data=data, scored=scored, folder=folder, picks=picks, seed=seed)
    if "skipped" in result:
        remove([folder])
    collect_garbage(project.pk)
    measure_when_due(project=project)
    return result


def _publish(
    ctx: JobContext,
    *,
    space: EmbeddingSpace,
    data: RefreshData,
    scored: Scored | None,
    folder: str,
    picks: list[RoundPick],
    seed: int,
) -> dict[str, Any]:
    """Make scores and round visible and end the job in one short transaction, so that no attempt repeats another."""
    project = ctx.project
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        if active_space(project.pk) != space:
            # Another model was promoted meanwhile, which has asked for a refresh of its own.
            result: dict[str, Any] = {"skipped": "another model serves by now"}
            ctx.succeed(result)
            return result
        score_set = None if scored is None else publish_scored(space=space, data=data, scored=scored, folder=folder)
        if score_set is not None:
            picks = [replace(pick, model=score_set.name) for pick in picks]
        round_ = publish_round(project=project, strategy=project.strategy, seed=seed, picks=picks, score_set=score_set)
        accuracy = scored.test_correct / len(data.test) if scored is not None and len(data.test) else None
        name = score_set.name if score_set else ""
        record_event(project_id=project.pk, kind="refreshed", head=name, accuracy=accuracy, round=round_.number)
        result = {
            "head": name,
            "labels": len(data.train),
            "test_size": len(data.test),
            "accuracy": accuracy,
            "round": round_.number,
            "picked": round_.size,
        }
        ctx.succeed(result)
    return result
