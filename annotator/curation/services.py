"""Every write to findings and duplicate groups: pairs found, pictures grouped, groups taken apart by a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from annotator.accounts.models import User
from annotator.common.errors import DomainError, NotFound
from annotator.curation.models import DuplicateSearch, Finding, Separation
from annotator.curation.selectors import members_of, misplaced
from annotator.events.services import record_event
from annotator.images.services import set_groups
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.projects.models import Project
from annotator.projects.services import next_change

CHUNK = 200  # groups written in a transaction


@dataclass(frozen=True)
class Pair:
    """Two pictures that are copies: the later and the earlier one's id, how sure, and why."""

    image: int
    other: int
    score: float
    reason: dict[str, Any]


def request_duplicates(*, project: Project, user: User | None = None) -> Job:
    """Ask for a search for near-duplicates among new pictures; per project at most one runs and one waits."""
    return enqueue(
        kind=JobKind.FIND_DUPLICATES,
        project=project,
        title="Find duplicates",
        created_by=user,
        slot=f"duplicates:{project.pk}",
    )


def record_pairs(*, project_id: int, start: int, stop: int, pairs: Sequence[Pair]) -> bool:
    """Keep what a comparison of positions start … stop with all earlier ones found, once.

    Returns:
        False when the search is not at `start` (any more); then nothing was changed.
    """
    with transaction.atomic():
        next_change(project_id=project_id)  # the project before everything else, as in every transaction
        DuplicateSearch.objects.get_or_create(project_id=project_id)
        search = DuplicateSearch.objects.filter(project_id=project_id, length=start)
        moved = search.update(length=stop, version=F("version") + 1)
        if moved:
            Finding.objects.bulk_create(
                Finding(
                    project_id=project_id,
                    kind=Finding.Kind.DUPLICATE,
                    image_id=pair.image,
                    other_id=pair.other,
                    score=pair.score,
                    reason=pair.reason,
                )
                for pair in pairs
            )
    return bool(moved)


def regroup(*, project_id: int) -> int:
    """Bring every picture's group in line with the pairs found and what people said of them; return how many moved.

    Groups are worked out outside of transactions, which are short; if pairs or judgements came meanwhile, again.
    """
    moved = 0
    while True:
        version = _version(project_id)
        changes = list(misplaced(project_id).items())
        if not changes:
            return moved
        for start in range(0, len(changes), CHUNK):
            part = dict(changes[start : start + CHUNK])
            with transaction.atomic():
                next_change(project_id=project_id)
                if _version(project_id) != version:
                    break
                set_groups(project_id=project_id, groups=part)
            moved += len(part)


def _version(project_id: int) -> int | None:
    return DuplicateSearch.objects.filter(project_id=project_id).values_list("version", flat=True).first()


def separate(*, project: Project, group: int, user: User, image_ids: Collection[int] = ()) -> Separation:
    """Keep a person's word that pictures of a group are no duplicates; the machine never groups them again.

    Args:
        project: of the group.
        group: its number.
        user: whose word it is.
        image_ids: the pictures that stand apart from the rest of the group, together; none given means that every
            picture of the group stands for itself.

    Raises:
        NotFound: there is no such group.
        DomainError: a picture is not in the group, or nothing would remain of the group.
    """
    members = members_of(project.pk, group)
    if not members:
        raise NotFound("There is no such group of duplicates in this project.")
    apart = set(image_ids)
    if apart - {image.pk for image in members} or len(apart) == len(members):
        message = "Name some pictures of this group, but not all of them."
        raise DomainError(message, errors={"images": [message]})
    parts = [[image.position] for image in members]
    if apart:
        parts = [[image.position for image in members if (image.pk in apart) is side] for side in (False, True)]
    with transaction.atomic():
        record_event(project_id=project.pk, kind="duplicates_split", actor=user, group=group, parts=len(parts))
        DuplicateSearch.objects.filter(project=project).update(version=F("version") + 1)
        separation = Separation.objects.create(project=project, user=user, parts=parts)
    regroup(project_id=project.pk)
    return separation
