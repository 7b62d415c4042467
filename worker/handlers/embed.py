"""Embed: read the model derivatives of new pictures and append their embeddings, shard by shard.

Shards end at fixed multiples of positions, so an attempt that follows a killed one makes the same shards.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings

from annotator.common.arrays import array_path, publish, remove, write_arrays
from annotator.common.blobs import BlobChanged, local_path
from annotator.curation.selectors import searched_up_to
from annotator.curation.services import request_duplicates
from annotator.images.models import EmbeddingSpace, Image
from annotator.images.selectors import active_space, graph_length
from annotator.images.services import BackboneChanged, ensure_space, publish_shard, request_neighbours
from annotator.labeling.services import request_refresh
from annotator.modeling.services import ensure_first_model
from annotator.projects.models import Project
from worker.media.derive import MODEL_SHORT_SIDE, PREVIEW_LONG_SIDE
from worker.ml.backbones import WeightsUnavailable, load_backbone
from worker.ml.embed import embed_images
from worker.ml.engine import Engine
from worker.runner import JobContext, JobFailed

logger = logging.getLogger(__name__)

SHARD = 512  # positions
CACHE = "engine"  # below the data directory: what each machine found to be the fastest way to run a model
MODEL_WEIGHTS = "model.safetensors"  # of a trained model's folder


def handle(ctx: JobContext) -> dict[str, Any]:
    """Embed every position that the project's active space lacks, then ask for a head refresh, a search for duplicates
    and the neighbours."""
    project = ctx.project
    space = _space(project)
    done, unreadable, began = 0, 0, time.monotonic()
    while (end := positions(project)) > space.length:
        report = partial(_report, ctx, done, done + end - space.length)
        start, (stop, failed) = space.length, embed_shard(ctx, space, end, report)
        done, unreadable = done + stop - start, unreadable + failed
        space = _space(project)  # further by now, or another model's, which was promoted meanwhile
    seconds = time.monotonic() - began
    request_refresh(project=project)
    if searched_up_to(project.pk) < space.length:
        request_duplicates(project=project)
    if graph_length(space) < space.length:
        request_neighbours(project=project)
    result: dict[str, Any] = {"embedded": done - unreadable, "unreadable": unreadable, "images_per_second": None}
    if done:
        engine = load(space.backbone, space.weights).describe()
        result |= {"images_per_second": round(done / seconds, 1), "engine": engine}
        logger.info("Project %d: %s", project.pk, result)
    return result


def _space(project: Project) -> EmbeddingSpace:
    """Return the project's active space; the first one comes with the project's first model."""
    while (space := active_space(project.pk)) is None:
        project.refresh_from_db(fields=["backbone"])  # another may be chosen as long as nothing is embedded
        with suppress(BackboneChanged):
            ensure_space(project=project, dim=load(project.backbone).dim)
    ensure_first_model(project=project, space=space)
    return space


def _report(ctx: JobContext, before: int, total: int, done: int) -> None:
    ctx.progress(before + done, total, "images")


def positions(project: Project) -> int:
    """Return how many positions the project has given out by now."""
    return Project.objects.values_list("next_position", flat=True).get(pk=project.pk)


@lru_cache(maxsize=1)
def _loaded(name: str, weights: str) -> Engine:
    if weights:
        backbone = load_backbone(name, weights=array_path(weights) / MODEL_WEIGHTS)
    else:
        backbone = load_backbone(name, weights_folder=settings.WEIGHTS_DIR, allow_hub=settings.ALLOW_HUB)
    return Engine(backbone, cache=settings.DATA_DIR / CACHE, compiled=settings.TORCH_COMPILE)


def load(name: str, weights: str = "") -> Engine:
    """Return the engine of a backbone, which stays loaded between jobs.

    Args:
        name: a timm name.
        weights: folder of the array store with a trained model's weights; empty for the pretrained ones.

    Raises:
        JobFailed: this host has no weights for it, or nobody knows it.
    """
    try:
        return _loaded(name, weights)
    except WeightsUnavailable as error:
        raise JobFailed(error.code, str(error), error.hint) from error
    except ValueError as error:
        hint = "Choose one of the offered backbones in the project's settings."
        raise JobFailed("unknown_backbone", f"{name} cannot be used: {error}.", hint) from error


def embed_shard(ctx: JobContext, space: EmbeddingSpace, end: int, on_batch: Callable[[int], None]) -> tuple[int, int]:
    """Embed the next shard of a space, of the positions below `end`, and make it visible.

    Nothing becomes visible if another attempt was faster or another space has taken this one's place.

    Returns:
        Where the shard ends, and how many of its pictures have no readable derivative.
    """
    start = space.length
    stop = min((start // SHARD + 1) * SHARD, end)
    engine = load(space.backbone, space.weights)
    vectors, failed = embed_images(_paths(space.project_id, start, stop, engine.short_side), engine, on_batch=on_batch)
    draft = ctx.attempt_dir / "shard"
    sha256 = write_arrays(draft, {"embeddings": vectors})
    folder = f"{space.project_id}/embeddings/{space.model_name}-{start:010d}-job-{ctx.job.pk}-{ctx.attempt}"
    publish(draft, folder)
    if not publish_shard(space=space, start=start, stop=stop, folder=folder, sha256=sha256):
        remove([folder])
    return stop, len(failed)


def _paths(project_id: int, start: int, stop: int, short_side: int) -> list[Path | None]:
    """Return a derivative of each position that has at least `short_side` pixels, if the picture had as many; None (a
    zero row) for a tombstone or a file that is gone.
    """
    images = Image.objects.present().filter(project=project_id, position__gte=start, position__lt=stop)
    paths: list[Path | None] = [None] * (stop - start)
    for position, sha256, *size in images.values_list("position", "sha256", "width", "height"):
        try:
            paths[position - start] = local_path(sha256, _variant(size, short_side))
        except (FileNotFoundError, BlobChanged):
            continue
    return paths


def _variant(size: list[int], short_side: int) -> str:
    """Return the smallest derivative that is as large as the model reads it; a thumbnail is for none of them.

    What models read is the best up to its 320 pixels; and beyond, if the picture is so long that its preview has less.
    """
    preview = min(size) * min(1, PREVIEW_LONG_SIDE / max(size))
    return "preview" if short_side > MODEL_SHORT_SIDE and preview > MODEL_SHORT_SIDE else "model"
