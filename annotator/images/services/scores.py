"""Making machine output visible, and clearing away what nobody needs any more."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max, QuerySet

from annotator.common.arrays import array_path, publish, remove, write_arrays
from annotator.images.models import (
    EmbeddingShard,
    EmbeddingSpace,
    ImageSource,
    ImportBatch,
    NeighbourGraph,
    ScoreSet,
)
from annotator.images.services.graphs import clear_graphs
from annotator.images.services.vectors import clear_spaces
from annotator.projects.models import Project
from annotator.projects.selectors import label_classes
from annotator.projects.services import next_change

IMPORT_NAME = "import"
KEPT_SETS = 2  # the active one and the one before it
ORPHAN_SECONDS = 24 * 3600  # no attempt lives this long between renaming its output and naming it in a row


def publish_scores(
    *,
    project_id: int,
    kind: ScoreSet.Kind | str,
    space: EmbeddingSpace | None,
    folder: str,
    length: int,
    classes: Sequence[int],
    labels: int = 0,
    trained_seq: int = 0,
    test_size: int = 0,
    test_correct: int = 0,
    metrics: dict[str, Any] | None = None,
) -> ScoreSet:
    """Make a stored directory of scores the active set of its kind, inside the caller's transaction.

    A head set is named after the space's model and numbered on: `v1.14`.
    """
    assert connection.in_atomic_block, "a set becomes visible together with what depends on it"
    name = IMPORT_NAME
    if kind == ScoreSet.Kind.HEAD:
        assert space is not None, "a head belongs to the space that it was trained in"
        EmbeddingSpace.objects.filter(pk=space.pk).update(heads=F("heads") + 1)
        name = f"{space.model_name}.{EmbeddingSpace.objects.values_list('heads', flat=True).get(pk=space.pk)}"
    ScoreSet.objects.filter(project_id=project_id, kind=kind, active=True).update(active=False)
    return ScoreSet.objects.create(
        project_id=project_id,
        kind=kind,
        name=name,
        space=space,
        folder=folder,
        length=length,
        classes=list(classes),
        labels=labels,
        trained_seq=trained_seq,
        test_size=test_size,
        test_correct=test_correct,
        metrics=metrics or {},
        active=True,
    )


def restore_scores(*, space: EmbeddingSpace) -> ScoreSet | None:
    """Make the newest stored head set of a space the active one again, inside the caller's transaction.

    Returns None, and leaves no head set active, where the space has none.
    """
    assert connection.in_atomic_block, "scores change together with the space that they were made in"
    sets = ScoreSet.objects.filter(project_id=space.project_id, kind=ScoreSet.Kind.HEAD)
    newest = sets.filter(space=space).exclude(folder="").order_by("-pk").first()
    sets.filter(active=True).update(active=False)
    if newest is not None:
        newest.active = True
        newest.save(update_fields=["active"])
    return newest


def publish_suggestions(*, project_id: int) -> ScoreSet | None:
    """Rebuild the set `import` from all class folders that were taken as suggestions; the latest file decides.

    All probability is on the named class, since a folder says nothing of others. Returns None when a concurrent
    rebuild has read a later state.
    """
    project = Project.objects.get(pk=project_id)
    seq, length = project.change_seq, project.next_position
    classes, column = _suggested(project_id, length)
    speaks = column >= 0
    arrays = {
        "top_class": column[:, None],
        "top_prob": speaks.astype(np.float16)[:, None],
        "margin": speaks.astype(np.float16),
        "entropy": np.zeros(length, np.float16),
        "class_sums": np.bincount(column[speaks], minlength=len(classes)).astype(np.float64),
    }
    token = uuid.uuid4().hex
    draft, folder = Path(settings.SCRATCH_DIR) / f"suggestions-{token}", f"{project_id}/scores/import-{token}"
    write_arrays(draft, arrays)
    publish(draft, folder)
    with transaction.atomic():
        next_change(project_id=project_id)
        newer = ScoreSet.objects.filter(project_id=project_id, kind=ScoreSet.Kind.IMPORT, trained_seq__gt=seq)
        if newer.exists():
            return None
        return publish_scores(
            project_id=project_id,
            kind=ScoreSet.Kind.IMPORT,
            space=None,
            folder=folder,
            length=length,
            classes=classes,
            trained_seq=seq,
        )


def _suggested(project_id: int, length: int) -> tuple[list[int], np.ndarray]:
    """Return class ids, and int16 [length] the column of each picture's suggested class (−1 for none)."""
    ids = dict(label_classes(project_id).values_list("name", "id"))
    classes = list(ids.values())
    columns = {name: number for number, name in enumerate(ids)}
    column = np.full(length, -1, np.int16)
    sources = ImageSource.objects.filter(image__project_id=project_id, suggests=True, image__position__lt=length)
    sources = sources.exclude(batch__state=ImportBatch.State.UNDONE).order_by("id")
    for position, label in sources.values_list("image__position", "folder_label").iterator(10_000):
        column[position] = columns.get(label, -1)
    return classes, column


def collect_garbage(project_id: int) -> int:
    """Delete the project's stored directories that no row needs; return how many.

    Kept are the embeddings of the active space and of the one before it with the newest set and neighbours of each,
    the active and the previous set of each kind, and what is so young that its row may be about to be written. A
    deleted set keeps its row, which is the history of the heads.
    """
    cleared = clear_spaces(project_id) + clear_graphs(project_id)
    old = _forget_sets(project_id)
    orphans = _orphans(project_id)
    remove([*old, *orphans])
    return cleared + len(old) + len(orphans)


def _forget_sets(project_id: int) -> list[str]:
    """Take the sets that nobody needs out of use; return their directories."""
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project_id)  # nobody goes back to a set meanwhile
        old: list[ScoreSet] = []
        for kind in ScoreSet.Kind:
            stored = ScoreSet.objects.filter(project_id=project_id, kind=kind).exclude(folder="").order_by("-id")
            kept = _newest_of_spaces(stored)
            old += [row for row in stored[KEPT_SETS:] if not row.active and row.pk not in kept]
        ScoreSet.objects.filter(pk__in=[row.pk for row in old]).update(folder="")
    return [row.folder for row in old]


def _newest_of_spaces(stored: QuerySet[ScoreSet]) -> set[int]:
    """Ids of the newest set of each space that still holds embeddings."""
    filled = stored.filter(space__length__gt=0).order_by()
    return set(filled.values("space").annotate(newest=Max("pk")).values_list("newest", flat=True))


def _orphans(project_id: int) -> list[str]:
    """Directories that no row names, left by an attempt that died between rename and commit."""
    named = set(ScoreSet.objects.filter(project_id=project_id).values_list("folder", flat=True))
    named |= set(EmbeddingShard.objects.filter(space__project_id=project_id).values_list("folder", flat=True))
    named |= set(NeighbourGraph.objects.filter(space__project_id=project_id).values_list("folder", flat=True))
    root, oldest = array_path(str(project_id)), time.time() - ORPHAN_SECONDS
    found = (path for path in root.glob("*/*") if path.is_dir() and path.stat().st_mtime < oldest)
    folders = (f"{project_id}/{path.parent.name}/{path.name}" for path in found)
    return [folder for folder in folders if folder not in named]
