"""Changes to pictures that are in the catalogue: labels' mirror, hold-outs, the reserve, archiving an import."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import BigIntegerField, Case, F, QuerySet, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import DomainError, NotFound
from annotator.events.services import record_event
from annotator.images.models import Holdout, Image, ImageSource, ImportBatch, Trust
from annotator.images.services.scores import publish_suggestions
from annotator.projects.models import Project
from annotator.projects.services import next_change

CHUNK = 1000


def mirror_label(
    *, project_id: int, image_id: int, label_id: int | None, trust: int, expected_version: int
) -> int | None:
    """Set an image's mirrored label if its version is still the expected one; call inside a transaction.

    Returns:
        The new version, or None when somebody else was first and nothing was changed.
    """
    seq = next_change(project_id=project_id)
    current = Image.objects.filter(pk=image_id, project_id=project_id, label_version=expected_version)
    changed = current.update(label=label_id, trust=trust, label_version=expected_version + 1, change_seq=seq)
    return expected_version + 1 if changed else None


def mirror_labels(*, project_id: int, labels: Mapping[int, tuple[int | None, int]]) -> None:
    """Set the mirrored (label, trust) of many images by id, and raise their versions by one, with one update.

    Call inside a transaction that has locked the project's row and has read the images since.
    """
    members: dict[tuple[int | None, int], list[int]] = defaultdict(list)
    for image_id, mirrored in labels.items():
        members[mirrored].append(image_id)
    label = Case(*(When(pk__in=ids, then=Value(label)) for (label, _), ids in members.items()))
    trust = Case(*(When(pk__in=ids, then=Value(trust)) for (_, trust), ids in members.items()))
    Image.objects.filter(project_id=project_id, pk__in=list(labels)).update(
        label=Cast(label, BigIntegerField()),  # PostgreSQL takes nothing but NULLs for text
        trust=trust,
        label_version=F("label_version") + 1,
        change_seq=next_change(project_id=project_id),
    )


@transaction.atomic
def set_holdout(*, project: Project, name: str, image_ids: Iterable[int], user: User | None = None) -> Holdout:
    """Add pictures to the hold-out `name`, which is made when it does not exist; they leave the reserve.

    Raises:
        DomainError: the name is empty, or a picture is not in the project.
    """
    ids = sorted(set(image_ids))
    if not name.strip():
        raise DomainError("A hold-out needs a name.", errors={"name": ["A hold-out needs a name."]})
    seq = next_change(project_id=project.pk)
    holdout, _ = Holdout.objects.get_or_create(project=project, name=name.strip(), defaults={"created_by": user})
    added = 0
    for part in _parts(ids):
        images = Image.objects.present().filter(project=project, pk__in=part)
        added += images.update(holdout=holdout, reserve=False, change_seq=seq)
    if added < len(ids):
        message = f"{len(ids) - added} of these pictures are not in the project (any more)."
        raise DomainError(message, errors={"images": [message]})
    record_event(project_id=project.pk, kind="holdout_added", actor=user, name=holdout.name, added=added)
    return holdout


@transaction.atomic
def drop_holdout(*, project: Project, name: str, user: User | None = None) -> int:
    """Dissolve a hold-out; its pictures return to the pool. Returns how many there were.

    Raises:
        NotFound: the project has no hold-out of this name.
    """
    holdout = Holdout.objects.filter(project=project, name=name).first()
    if holdout is None:
        raise NotFound(f"There is no hold-out named {name} in this project.")
    seq = next_change(project_id=project.pk)
    freed = Image.objects.filter(holdout=holdout).update(holdout=None, change_seq=seq)
    holdout.delete()
    record_event(project_id=project.pk, kind="holdout_dropped", actor=user, name=name, freed=freed)
    return freed


@transaction.atomic
def release_reserve(*, project: Project, user: User | None = None) -> int:
    """Let what nobody has answered yet leave the reserve for the pool; return how many pictures that were."""
    seq = next_change(project_id=project.pk)
    waiting = Image.objects.filter(project=project, reserve=True, trust__lt=Trust.PAGE_VERIFIED)
    released = waiting.update(reserve=False, change_seq=seq)
    record_event(project_id=project.pk, kind="reserve_released", actor=user, count=released)
    return released


def set_groups(*, project_id: int, groups: Mapping[int, int]) -> None:
    """Put pictures into duplicate groups, inside the caller's transaction.

    Args:
        project_id: of the pictures.
        groups: position of a picture → position of the first picture of its group.
    """
    seq = next_change(project_id=project_id)
    members: dict[int, list[int]] = defaultdict(list)
    for position, group in groups.items():
        members[group].append(position)
    for group, positions in members.items():
        Image.objects.filter(project=project_id, position__in=positions).update(group=group, change_seq=seq)


def archive_batch(*, batch: ImportBatch) -> int:
    """Archive the pictures that came in through this import alone, chunk by chunk; return how many.

    A picture that another import (not undone) delivered too stays, and so does its position: archived pictures
    are tombstones. One last row update makes the import `undone`.
    """
    archived = 0
    while ids := list(_only_from(batch)[:CHUNK]):
        with transaction.atomic():
            seq = next_change(project_id=batch.project_id)
            images = Image.objects.present().filter(pk__in=ids)
            archived += images.update(archived_at=timezone.now(), change_seq=seq)
    ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.UNDONE)
    if ImageSource.objects.filter(batch=batch, suggests=True).exists():
        publish_suggestions(project_id=batch.project_id)
    return archived


def _only_from(batch: ImportBatch) -> QuerySet[Image, int]:
    """Ids of the batch's present pictures that no other import holds."""
    others = ImageSource.objects.exclude(batch=batch).exclude(batch__state=ImportBatch.State.UNDONE)
    images = Image.objects.present().filter(sources__batch=batch).exclude(pk__in=others.values("image_id"))
    return images.values_list("pk", flat=True).distinct()


def _parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
