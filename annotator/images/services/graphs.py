"""Neighbour graphs: asked for, made visible, and cleared away when another has taken their place."""

from __future__ import annotations

from django.db import connection, transaction

from annotator.common.arrays import remove
from annotator.images.models import EmbeddingSpace, NeighbourGraph
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.projects.models import Project

KEPT = 2  # of the active space: the newest, and the one that somebody may be reading


def request_neighbours(*, project: Project) -> Job:
    """Ask for the neighbours of new pictures; per project at most one search runs and one waits."""
    return enqueue(kind=JobKind.NEIGHBOURS, project=project, title="Find look-alikes", slot=f"neighbours:{project.pk}")


def publish_graph(*, space: EmbeddingSpace, folder: str, length: int, k: int) -> bool:
    """Make a stored graph the newest of its space, inside the caller's transaction.

    Returns:
        False when there is one by now that knows as many pictures, or the space was cleared; then nothing was changed.
    """
    assert connection.in_atomic_block, "a graph becomes visible together with the end of its job"
    Project.objects.select_for_update().get(pk=space.project_id)
    if NeighbourGraph.objects.filter(space=space, length__gte=length).exists():
        return False
    if EmbeddingSpace.objects.get(pk=space.pk).length < length:
        return False
    NeighbourGraph.objects.create(space=space, folder=folder, length=length, k=k)
    return True


def clear_graphs(project_id: int) -> int:
    """Delete the graphs that newer ones replace, and those of spaces that hold nothing any more; return how many."""
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project_id)
        unwanted: list[NeighbourGraph] = []
        for space in EmbeddingSpace.objects.filter(project_id=project_id, graphs__isnull=False).distinct():
            kept = KEPT if space.state == EmbeddingSpace.State.ACTIVE else 1
            graphs = list(space.graphs.order_by("-length"))
            unwanted += graphs[kept:] if space.length else graphs
        NeighbourGraph.objects.filter(pk__in=[graph.pk for graph in unwanted]).delete()
    remove([graph.folder for graph in unwanted])
    return len(unwanted)
