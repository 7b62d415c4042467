"""Clusters: near-identical pictures get one label for all."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from annotator.common.arrays import publish, write_arrays
from annotator.common.errors import DomainError
from annotator.images.models import Image, Trust
from annotator.images.selectors import active_space, columns
from annotator.images.services import publish_graph, set_groups
from annotator.labeling.models import VerifyPage
from annotator.labeling.selectors.clusters import clusters, joined
from annotator.labeling.services import Wanted, lease_pages
from annotator.projects.models import Project
from tests.annotator.labeling.verifying import class_of, confirm, know, verify_project


def group(project: Project, *groups: list[int]) -> None:
    """Put pictures into duplicate groups, by position."""
    with transaction.atomic():
        set_groups(project_id=project.pk, groups={one: part[0] for part in groups for one in part})


def store_graph(project: Project, pairs: dict[tuple[int, int], float], length: int) -> None:
    """Publish a neighbour graph in which these pairs have these cosines."""
    near, cosines = np.full((length, 4), -1, np.int32), np.full((length, 4), -1, np.float16)
    for (one, other), cosine in pairs.items():
        for here, there in ((one, other), (other, one)):
            place = int(np.flatnonzero(near[here] < 0)[0])
            near[here, place], cosines[here, place] = there, cosine
    draft, folder = Path(settings.SCRATCH_DIR) / uuid.uuid4().hex, f"{project.pk}/neighbours/{length}"
    write_arrays(draft, {"neighbours": near, "cosines": cosines})
    publish(draft, folder)
    space = active_space(project.pk)
    assert space is not None
    space.length = length
    space.save()
    with transaction.atomic():
        publish_graph(space=space, folder=folder, length=length, k=4)


def lease(project: Project, count: int = 1, **wanted) -> list[VerifyPage]:
    asked = Wanted(mode="cluster", **({"order": "confident"} | wanted))
    return lease_pages(project=project, user=project.created_by, wanted=asked, count=count).pages


def positions(page: VerifyPage) -> list[int]:
    return list(page.tasks.order_by("lease_order").values_list("image__position", flat=True))


@pytest.mark.django_db
def test_near_identical_pictures_come_on_one_page_the_largest_cluster_first():
    project = verify_project(cats=20, known=4)
    group(project, [2, 5], [7, 9, 11])
    store_graph(project, {(5, 14): 0.99, (14, 15): 0.98, (0, 1): 0.9}, length=20)
    first, second = lease(project, count=2)
    assert (positions(first), positions(second)) == ([2, 5, 14, 15], [7, 9, 11])
    assert (first.mode, first.size, first.label_class) == ("cluster", 4, class_of(project, "cat"))


@pytest.mark.django_db
def test_one_label_is_given_to_all_whatever_was_suggested():
    project = verify_project(cats=10, known=4)
    group(project, [2, 5, 7])
    (page,) = lease(project)
    with pytest.raises(DomainError, match="which label"):
        confirm(page)
    dog = class_of(project, "dog")
    assert confirm(page, class_id=dog.pk).written == 3
    found = Image.objects.filter(position__in=[2, 5, 7]).values_list("label", "trust")
    assert set(found) == {(dog.pk, Trust.PAGE_VERIFIED)}
    page.refresh_from_db()
    assert (page.label_class_id, page.gold) == (dog.pk, 0)


@pytest.mark.django_db
def test_the_least_certain_cluster_comes_first_when_asked_for():
    project = verify_project(cats=20)
    group(project, [0, 1, 2], [18, 19])
    assert positions(lease(project, order="unsure")[0]) == [18, 19]


@pytest.mark.django_db
def test_what_has_a_label_is_on_no_page_and_a_single_picture_makes_no_cluster():
    project = verify_project(cats=6)
    known = know(project, "dog")[0]
    group(project, [0, known.position], [3, 4])
    assert [positions(page) for page in lease(project, count=3)] == [[3, 4]]


@pytest.mark.django_db
def test_a_new_graph_and_a_changed_group_are_seen():
    project = verify_project(cats=10)
    store_graph(project, {(0, 1): 0.99}, length=5)
    assert clusters(project.pk, columns(project.pk)).tolist() == [0, 0, *range(2, 10)]
    store_graph(project, {(0, 1): 0.99, (6, 8): 0.99}, length=10)
    group(project, [3, 4])
    assert clusters(project.pk, columns(project.pk)).tolist() == [0, 0, 2, 3, 3, 5, 6, 7, 6, 9]


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=60))
def test_joined_finds_what_following_every_pair_finds(pairs):
    ends = np.array(pairs, np.int64).reshape(-1, 2)
    found = joined(np.arange(30), ends[:, 0], ends[:, 1])
    expected = list(range(30))
    for _ in range(30):
        for one, other in pairs:
            expected[one] = expected[other] = min(expected[one], expected[other])
    assert found.tolist() == expected
