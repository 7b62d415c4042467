"""Spaces of embeddings: made beside one another, filled shard by shard, and put in each other's place."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from annotator.common.arrays import remove
from annotator.common.errors import Conflict
from annotator.images.models import EmbeddingShard, EmbeddingSpace
from annotator.jobs.models import Job, JobKind
from annotator.projects.models import Project

State = EmbeddingSpace.State


class BackboneChanged(Conflict):
    """Another backbone was chosen while the one before was loaded for the first space."""


def ensure_space(*, project: Project, dim: int) -> EmbeddingSpace:
    """Return the project's active embedding space, made on first use for the backbone that it starts with (v1).

    Args:
        project: as it was read before its backbone was loaded.
        dim: length of that backbone's embeddings.

    Raises:
        BackboneChanged: the project's row names another backbone by now.
    """
    with transaction.atomic():
        now = Project.objects.select_for_update().get(pk=project.pk)
        space = EmbeddingSpace.objects.filter(project=project, state=State.ACTIVE).first()
        if space is None:
            if now.backbone != project.backbone:
                raise BackboneChanged("Another backbone was chosen meanwhile. Try again.")
            space = EmbeddingSpace.objects.create(
                project=project, state=State.ACTIVE, model_name="v1", backbone=now.backbone, dim=dim
            )
    return space


@transaction.atomic
def begin_space(*, project: Project, model_name: str, backbone: str, weights: str, dim: int) -> EmbeddingSpace:
    """Return a model's space, to be filled beside the active one; what an earlier attempt filled is still in it.

    Args:
        weights: folder of the array store with the backbone's weights; empty for the pretrained ones.
    """
    Project.objects.select_for_update().get(pk=project.pk)
    space, _ = EmbeddingSpace.objects.get_or_create(
        project=project, model_name=model_name, defaults={"backbone": backbone, "weights": weights, "dim": dim}
    )
    if space.state == State.RETIRED:
        space.state = State.BUILDING
        space.save(update_fields=["state"])
    return space


def activate_space(*, space: EmbeddingSpace) -> EmbeddingSpace | None:
    """Make a space the one that heads are trained in, inside the caller's transaction; return the one before it.

    The former keeps what it holds, so that going back takes one transaction.
    """
    assert connection.in_atomic_block, "the spaces change places together with the models"
    former = EmbeddingSpace.objects.filter(project_id=space.project_id, state=State.ACTIVE).exclude(pk=space.pk).first()
    if former is not None:
        EmbeddingSpace.objects.filter(pk=former.pk).update(state=State.RETIRED, retired_at=timezone.now())
    EmbeddingSpace.objects.filter(pk=space.pk).update(state=State.ACTIVE, retired_at=None)
    space.refresh_from_db()
    return former


def publish_shard(*, space: EmbeddingSpace, start: int, stop: int, folder: str, sha256: str) -> bool:
    """Append a stored shard to the space if it still ends at `start`; one row update makes it visible.

    Returns:
        False when another attempt has got further meanwhile, or another space has taken this one's place; then
        nothing was changed.
    """
    with transaction.atomic():
        moved = EmbeddingSpace.objects.filter(pk=space.pk, length=start, state=space.state).update(length=stop)
        if moved:
            EmbeddingShard.objects.create(space=space, start=start, stop=stop, folder=folder, sha256=sha256)
    return bool(moved)


def clear_spaces(project_id: int) -> int:
    """Delete the embeddings of spaces that nobody will go back to; return how many shards that were.

    Kept are the active space, the one before it, and what a promotion is filling. A cleared space keeps its row,
    which the history of its heads refers to.
    """
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project_id)
        spaces = EmbeddingSpace.objects.filter(project_id=project_id, length__gt=0)
        retired = spaces.filter(state=State.RETIRED).order_by("-retired_at", "-pk")
        unwanted = [space.pk for space in retired[1:]]
        if not Job.objects.active().filter(project_id=project_id, kind=JobKind.PROMOTE).exists():
            unwanted += spaces.filter(state=State.BUILDING).values_list("pk", flat=True)
        shards = EmbeddingShard.objects.filter(space__in=unwanted)
        folders = list(shards.values_list("folder", flat=True))
        shards.delete()
        EmbeddingSpace.objects.filter(pk__in=unwanted).update(length=0, state=State.RETIRED)
    remove(folders)
    return len(folders)
