"""Pairs of copies as the search keeps them."""

from __future__ import annotations

from annotator.curation.selectors import searched_up_to
from annotator.curation.services import Pair, record_pairs, regroup
from annotator.images.models import Image
from annotator.projects.models import Project
from tests.factories import make_image, make_project

REASON = {"changes": ["mirrored"], "likeness": 0.99, "detail": 0.97, "gain": 1.0, "offset": 0.0, "area": 1.0}


def a_project(pictures: int) -> tuple[Project, list[Image]]:
    """A project with so many pictures, none of them compared yet."""
    project = make_project()
    images = []
    for _ in range(pictures):
        project.refresh_from_db()
        images.append(make_image(project))
    return project, images


def find(project: Project, stop: int, *pairs: tuple[Image, Image]) -> None:
    """Keep pairs (earlier, later) as found among the positions below `stop`, and group them."""
    found = [Pair(later.pk, earlier.pk, 0.97, REASON) for earlier, later in pairs]
    assert record_pairs(project_id=project.pk, start=searched_up_to(project.pk), stop=stop, pairs=found)
    regroup(project_id=project.pk)


def groups(project: Project) -> list[int]:
    """The group of every picture in order of position."""
    return list(Image.objects.filter(project=project).order_by("position").values_list("group", flat=True))
