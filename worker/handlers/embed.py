"""Embed: read the model derivatives of new pictures and append their embeddings, shard by shard.

Shards end at fixed multiples of positions, so an attempt that follows a killed one makes the same shards.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings

from annotator.common.arrays import publish, remove, write_arrays
from annotator.common.blobs import BlobChanged, local_path
from annotator.curation.selectors import searched_up_to
from annotator.curation.services import request_duplicates
from annotator.images.models import EmbeddingSpace, Image
from annotator.images.selectors import active_space
from annotator.images.services import ensure_space, publish_shard
from annotator.labeling.services import request_refresh
from annotator.projects.models import Project
from worker.ml.backbones import Backbone, WeightsUnavailable, load_backbone
from worker.ml.embed import embed_images
from worker.runner import JobContext, JobFailed

SHARD = 512  # positions


def handle(ctx: JobContext) -> dict[str, Any]:
    """Embed every position that the project's space lacks, then ask for a head refresh and a search for duplicates."""
    project = ctx.project
    space = active_space(project.pk)
    backbone = _backbone(space.backbone if space else project.backbone)
    space = space or ensure_space(project=project, dim=backbone.dim)
    first, unreadable, began = space.length, 0, time.monotonic()
    while (end := _positions(project)) > space.length:
        stop = min((space.length // SHARD + 1) * SHARD, end)
        report = partial(_report, ctx, space.length - first, end - first)
        unreadable += _embed_shard(ctx, space, backbone, stop, report)
        space.refresh_from_db()
    seconds, done = time.monotonic() - began, space.length - first
    request_refresh(project=project)
    if searched_up_to(project.pk) < space.length:
        request_duplicates(project=project)
    rate = round(done / seconds, 1) if done else None
    return {"embedded": done - unreadable, "unreadable": unreadable, "images_per_second": rate}


def _report(ctx: JobContext, before: int, total: int, done: int) -> None:
    ctx.progress(before + done, total, "images")


def _positions(project: Project) -> int:
    return Project.objects.values_list("next_position", flat=True).get(pk=project.pk)


@lru_cache(maxsize=1)
def _loaded(name: str) -> Backbone:
    return load_backbone(name, weights_folder=settings.WEIGHTS_DIR, allow_hub=settings.ALLOW_HUB)


def _backbone(name: str) -> Backbone:
    """Return the backbone, which stays loaded between jobs.

    Raises:
        JobFailed: this host has no weights for it, or nobody knows it.
    """
    try:
        return _loaded(name)
    except WeightsUnavailable as error:
        raise JobFailed(error.code, str(error), error.hint) from error
    except ValueError as error:
        hint = "Start a project with one of the offered backbones."
        raise JobFailed("unknown_backbone", f"There is no backbone named {name}.", hint) from error


def _embed_shard(
    ctx: JobContext, space: EmbeddingSpace, backbone: Backbone, stop: int, on_batch: Callable[[int], None]
) -> int:
    """Embed positions up to `stop` and make them visible; return how many pictures have no readable derivative."""
    start = space.length
    vectors, failed = embed_images(_paths(space.project_id, start, stop), backbone, on_batch=on_batch)
    draft = ctx.attempt_dir / "shard"
    sha256 = write_arrays(draft, {"embeddings": vectors})
    folder = f"{space.project_id}/embeddings/{space.model_name}-{start:010d}-job-{ctx.job.pk}-{ctx.attempt}"
    publish(draft, folder)
    if not publish_shard(space=space, start=start, stop=stop, folder=folder, sha256=sha256):
        remove([folder])  # another attempt was faster
    return len(failed)


def _paths(project_id: int, start: int, stop: int) -> list[Path | None]:
    """Return the model derivative of each position; None (a zero row) for a tombstone or a file that is gone."""
    images = Image.objects.present().filter(project=project_id, position__gte=start, position__lt=stop)
    paths: list[Path | None] = [None] * (stop - start)
    for position, sha256 in images.values_list("position", "sha256"):
        try:
            paths[position - start] = local_path(sha256, "model")
        except (FileNotFoundError, BlobChanged):
            continue
    return paths
