"""Promote: embed every picture with a new model beside the old one, train a head there, then let the two change places.

The new model is one that was trained here, or a pretrained backbone that a project is to have from now on.
Until the last transaction nothing that people see changes. A later attempt goes on from the shards that are there.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from django.db import transaction

from annotator.images.models import EmbeddingSpace
from annotator.images.services import begin_space, collect_garbage
from annotator.labeling.selectors import RefreshData, refresh_data
from annotator.modeling.models import ModelVersion
from annotator.modeling.services import ensure_pretrained, promote_version
from annotator.projects.models import Project
from worker.handlers.embed import embed_shard, load, positions
from worker.handlers.scoring import Scored, publish_scored, train_and_score, write_scores
from worker.runner import JobContext, JobFailed


def handle(ctx: JobContext) -> dict[str, Any]:
    """Make the model's space and scores, then let it serve; pictures that come in meanwhile are embedded afterwards."""
    _check(ctx.project)
    version = _version(ctx)
    if version.state == ModelVersion.State.SERVING:
        return _skipped(version)
    space, rate = _fill(ctx, version)
    data = refresh_data(ctx.project, space.length)
    ctx.progress(space.length, space.length, "images", "training the head")
    scored = train_and_score(space, data)
    folder = f"{ctx.project.pk}/scores/job-{ctx.job.pk}-{ctx.attempt}"
    if scored is not None:
        write_scores(ctx, scored, folder)
    result = _publish(ctx, version=version, space=space, data=data, scored=scored, folder=folder, rate=rate)
    collect_garbage(ctx.project.pk)
    return result


def _version(ctx: JobContext) -> ModelVersion:
    """Return the model that is to serve. A backbone becomes one once its weights are here: until then nothing is
    written."""
    if "version" in ctx.params:
        return ModelVersion.objects.get(pk=ctx.params["version"])
    backbone = ctx.params["backbone"]
    ctx.progress(0, 0, "images", f"loading {backbone}")
    load(backbone)
    return ensure_pretrained(project=ctx.project, backbone=backbone)


def _check(project: Project) -> None:
    if project.archived_at is not None:
        hint = "Bring it back in its settings, then promote the model again."
        raise JobFailed("archived", "The project was archived meanwhile.", hint)


def _skipped(version: ModelVersion) -> dict[str, Any]:
    return {"model": version.name, "skipped": "it serves already"}


def _fill(ctx: JobContext, version: ModelVersion) -> tuple[EmbeddingSpace, float | None]:
    """Embed every position that there is by now; return the model's space, and the images a second."""
    space = begin_space(
        project=ctx.project,
        model_name=version.name,
        backbone=version.backbone,
        weights=version.folder,
        dim=load(version.backbone, version.folder).dim,
    )
    before, began = space.length, time.monotonic()
    while (end := positions(ctx.project)) > space.length:
        embed_shard(ctx, space, end, partial(_report, ctx, space.length, end))
        space.refresh_from_db()
    done, seconds = space.length - before, time.monotonic() - began
    return space, round(done / seconds, 1) if done else None


def _report(ctx: JobContext, before: int, total: int, done: int) -> None:
    ctx.progress(before + done, total, "images")


def _publish(
    ctx: JobContext,
    *,
    version: ModelVersion,
    space: EmbeddingSpace,
    data: RefreshData,
    scored: Scored | None,
    folder: str,
    rate: float | None,
) -> dict[str, Any]:
    """Change models, spaces and scores and end the job in one short transaction."""
    with transaction.atomic():
        _check(Project.objects.select_for_update().get(pk=ctx.project.pk))
        version.refresh_from_db()
        if version.state == ModelVersion.State.SERVING:
            result = _skipped(version)
        else:
            promote_version(version=version, space=space, user=ctx.job.created_by)
            head = None if scored is None else publish_scored(space=space, data=data, scored=scored, folder=folder)
            result = {"model": version.name, "embedded": space.length, "head": head.name if head else ""}
            result["images_per_second"] = rate
        ctx.succeed(result)
    return result
