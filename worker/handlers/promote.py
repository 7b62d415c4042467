"""Promote: embed every picture with a new model beside the old one, train a head there, then let the two change places.

Until the last transaction nothing that people see changes. A later attempt goes on from the shards that are there.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from annotator.images.models import EmbeddingSpace
from annotator.images.selectors import embeddings
from annotator.images.services import begin_space, collect_garbage
from annotator.labeling.selectors import RefreshData, refresh_data
from annotator.modeling.models import ModelVersion
from annotator.modeling.services import promote_version
from annotator.projects.models import Project
from worker.handlers.embed import embed_shard, load, positions
from worker.handlers.scoring import Scored, publish_scored, train_and_score, write_scores
from worker.runner import JobContext, JobFailed


def handle(ctx: JobContext) -> dict[str, Any]:
    """Make the model's space and scores, then let it serve; pictures that come in meanwhile are embedded afterwards."""
    version = ModelVersion.objects.get(pk=ctx.params["version"])
    _check(ctx.project)
    if version.state == ModelVersion.State.SERVING:
        return _skipped(version)
    space = _fill(ctx, version)
    data = refresh_data(ctx.project, space.length)
    ctx.progress(space.length, space.length, "images", "training the head")
    scored = train_and_score(ctx.project, embeddings(space), data)
    folder = f"{ctx.project.pk}/scores/job-{ctx.job.pk}-{ctx.attempt}"
    if scored is not None:
        write_scores(ctx, scored, folder)
    result = _publish(ctx, version=version, space=space, data=data, scored=scored, folder=folder)
    collect_garbage(ctx.project.pk)
    return result


def _check(project: Project) -> None:
    if project.archived_at is not None:
        hint = "Bring it back in its settings, then promote the model again."
        raise JobFailed("archived", "The project was archived meanwhile.", hint)


def _skipped(version: ModelVersion) -> dict[str, Any]:
    return {"model": version.name, "skipped": "it serves already"}


def _fill(ctx: JobContext, version: ModelVersion) -> EmbeddingSpace:
    """Embed every position that there is by now; return the model's space."""
    space = begin_space(
        project=ctx.project,
        model_name=version.name,
        backbone=version.backbone,
        weights=version.folder,
        dim=load(version.backbone, version.folder).dim,
    )
    while (end := positions(ctx.project)) > space.length:
        embed_shard(ctx, space, end, partial(_report, ctx, space.length, end))
        space.refresh_from_db()
    return space


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
        ctx.succeed(result)
    return result
