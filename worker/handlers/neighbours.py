"""Neighbours: find the look-alikes of every picture of the active space, and keep them as a graph.

A few new pictures extend the graph that is there; many, or the first ones, make it anew. Nothing is visible before
the one row at the end, so an attempt that follows a killed one starts from what was there.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from annotator.common.arrays import publish, remove
from annotator.images.models import EmbeddingSpace
from annotator.images.selectors import NeighbourReader, active_space, embeddings, neighbours
from annotator.images.services import collect_garbage, publish_graph
from worker.ml.index import Graph, K, build, extend, extends
from worker.runner import JobContext


def handle(ctx: JobContext) -> dict[str, Any]:
    """Bring the neighbours up to all that is embedded."""
    space = active_space(ctx.project.pk)
    old = neighbours(space) if space is not None else None
    known = old.length if old is not None else 0
    if space is None or space.length <= known:
        return {"skipped": "all neighbours are known"}
    _make(ctx, space, old)
    folder = f"{ctx.project.pk}/neighbours/{space.model_name}-{space.length:010d}-job-{ctx.job.pk}-{ctx.attempt}"
    publish(ctx.attempt_dir / "graph", folder)
    result = {"pictures": space.length, "new": space.length - known}
    with transaction.atomic():
        published = publish_graph(space=space, folder=folder, length=space.length, k=K)
        ctx.succeed(result if published else {"skipped": "the pictures were embedded anew meanwhile"})
    if not published:
        remove([folder])
    collect_garbage(ctx.project.pk)
    return result


def _make(ctx: JobContext, space: EmbeddingSpace, old: NeighbourReader | None) -> None:
    """Write the graph's files into the attempt's folder."""
    draft, vectors = ctx.attempt_dir / "graph", embeddings(space)
    draft.mkdir()
    if old is not None and extends(old.length, space.length):
        extend(vectors, Graph(*old.arrays), draft, report=lambda done, total: _report(ctx, done, total))
    else:
        build(vectors, draft, scratch=ctx.attempt_dir, report=lambda done, total: _report(ctx, done, total))


def _report(ctx: JobContext, done: int, total: int) -> None:
    ctx.progress(done, total, "images", "comparing pictures")
