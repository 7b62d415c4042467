"""Reads of duplicates: how pictures group, which groups differ from the catalogue, how a group is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, QuerySet

from annotator.common.groups import group_of
from annotator.curation.models import DuplicateSearch, Finding, Separation
from annotator.images.models import Image
from annotator.images.selectors import image_brief


def searched_up_to(project_id: int) -> int:
    """Return the position below which all pictures were compared with each other."""
    return DuplicateSearch.objects.filter(project_id=project_id).values_list("length", flat=True).first() or 0


def duplicates(project_id: int) -> QuerySet[Finding]:
    """Pairs of copies of which neither picture is archived."""
    return Finding.objects.filter(
        project_id=project_id, kind=Finding.Kind.DUPLICATE, image__archived_at=None, other__archived_at=None
    )


def misplaced(project_id: int) -> dict[int, int]:
    """Return the right group of each picture (by position) whose group in the catalogue is another one."""
    rows = duplicates(project_id).values_list(
        "other__position", "image__position", "score", "other__group", "image__group"
    )
    pairs, present = [], {}
    for one, other, score, group_of_one, group_of_other in rows.iterator(10_000):
        pairs.append((one, other, score))
        present[one], present[other] = group_of_one, group_of_other
    separations = Separation.objects.filter(project_id=project_id).order_by("id").values_list("parts", flat=True)
    wanted = group_of(pairs, list(separations))
    return {position: group for position, group in sorted(wanted.items()) if present[position] != group}


def within_groups(project_id: int) -> QuerySet[Finding]:
    """Pairs of copies that are in one group: not those that a person has separated."""
    return duplicates(project_id).filter(image__group=F("other__group"))


def group_page(project_id: int, *, after: int, limit: int) -> tuple[list[dict[str, Any]], int | None]:
    """Return up to `limit` groups beyond group `after`, with members and reasons, and the key of the next page."""
    keys = within_groups(project_id).filter(image__group__gt=after).order_by("image__group")
    found = list(keys.values_list("image__group", flat=True).distinct()[: limit + 1])
    page = found[:limit]
    rows = within_groups(project_id).filter(image__group__in=page).select_related("image", "other")
    pairs: Mapping[int, list[Finding]] = defaultdict(list)
    for row in rows.prefetch_related("image__sources", "other__sources").order_by("id"):
        pairs[row.image.group].append(row)
    return [_show(group, pairs[group]) for group in page], page[-1] if len(found) > limit else None


def members_of(project_id: int, group: int) -> list[Image]:
    """Return the present pictures of a group of duplicates, in order of position."""
    rows = within_groups(project_id).filter(image__group=group).select_related("image", "other")
    return _members(list(rows))


def _members(pairs: Sequence[Finding]) -> list[Image]:
    images = {image.pk: image for row in pairs for image in (row.other, row.image)}
    return sorted(images.values(), key=lambda image: image.position)


def _show(group: int, pairs: Sequence[Finding]) -> dict[str, Any]:
    return {
        "group": group,
        "members": [image_brief(image) for image in _members(pairs)],
        "pairs": [{"first": row.other_id, "second": row.image_id, "score": row.score} | row.reason for row in pairs],
    }
