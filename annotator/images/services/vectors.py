"""Making embeddings visible, shard by shard."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from annotator.images.models import EmbeddingShard, EmbeddingSpace
from annotator.projects.models import Project


def ensure_space(*, project: Project, dim: int) -> EmbeddingSpace:
    """Return the project's active embedding space, made on first use for the backbone that it starts with (v1)."""
    try:
        with transaction.atomic():
            space, _ = EmbeddingSpace.objects.get_or_create(
                project=project,
                state=EmbeddingSpace.State.ACTIVE,
                defaults={"model_name": "v1", "backbone": project.backbone, "dim": dim},
            )
    except IntegrityError:  # another worker was first
        space = EmbeddingSpace.objects.get(project=project, state=EmbeddingSpace.State.ACTIVE)
    return space


def publish_shard(*, space: EmbeddingSpace, start: int, stop: int, folder: str, sha256: str) -> bool:
    """Append a stored shard to the space if it still ends at `start`; one row update makes it visible.

    Returns:
        False when another attempt has got further meanwhile; then nothing was changed.
    """
    with transaction.atomic():
        moved = EmbeddingSpace.objects.filter(pk=space.pk, length=start).update(length=stop)
        if moved:
            EmbeddingShard.objects.create(space=space, start=start, stop=stop, folder=folder, sha256=sha256)
    return bool(moved)
