"""Pairs found become groups; a person takes a group apart, for good."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotator.common.errors import DomainError, NotFound
from annotator.curation import services
from annotator.curation.models import DuplicateSearch, Finding, Separation
from annotator.curation.selectors import misplaced
from annotator.curation.services import Pair, record_pairs, regroup, request_duplicates, separate
from annotator.events.models import Event
from annotator.images.models import Image
from annotator.jobs.models import Job
from tests.annotator.curation.findings import REASON, a_project, find, groups
from tests.factories import make_project

pytestmark = pytest.mark.django_db


def test_pairs_become_groups_named_after_their_first_picture():
    project, images = a_project(5)
    find(project, 5, (images[1], images[3]), (images[3], images[4]))

    assert groups(project) == [0, 1, 2, 1, 1]
    row = Finding.objects.get(image=images[4])
    assert (row.kind, row.other, row.score, row.reason) == ("duplicate", images[3], 0.97, REASON)


def test_a_later_pair_that_joins_two_groups_moves_the_pictures_of_one():
    project, images = a_project(6)
    find(project, 4, (images[0], images[2]), (images[1], images[3]))
    project.refresh_from_db()
    before = project.change_seq
    find(project, 6, (images[0], images[5]), (images[1], images[5]))

    assert groups(project) == [0, 0, 0, 0, 4, 0]
    moved = Image.objects.filter(project=project, change_seq__gt=before)
    assert set(moved.values_list("position", flat=True)) == {1, 3, 5}, "others were not written"
    assert regroup(project_id=project.pk) == 0


def test_what_was_compared_already_is_not_kept_twice():
    project, images = a_project(3)
    find(project, 2, (images[0], images[1]))

    again = [Pair(images[1].pk, images[0].pk, 0.97, REASON)]
    assert not record_pairs(project_id=project.pk, start=0, stop=2, pairs=again)
    assert (Finding.objects.count(), DuplicateSearch.objects.get().length) == (1, 2)


def test_an_archived_picture_neither_groups_nor_joins_others():
    project, images = a_project(3)
    find(project, 3, (images[0], images[1]), (images[1], images[2]))
    Image.objects.filter(pk=images[1].pk).update(archived_at=timezone.now())

    assert misplaced(project.pk) == {}, "there is no pair of present pictures to be grouped"


def test_a_group_is_taken_apart_picture_by_picture():
    project, images = a_project(4)
    find(project, 4, *((images[0], image) for image in images[1:]))
    kept = separate(project=project, group=0, user=project.created_by)

    assert kept.parts == [[0], [1], [2], [3]]
    assert groups(project) == [0, 1, 2, 3]
    event = Event.objects.get(kind="duplicates_split")
    assert (event.actor, event.data) == (project.created_by, {"group": 0, "parts": 4})


def test_some_pictures_of_a_group_stand_apart_together():
    project, images = a_project(4)
    find(project, 4, *((one, other) for n, one in enumerate(images) for other in images[n + 1 :]))
    separate(project=project, group=0, user=project.created_by, image_ids=[images[1].pk, images[2].pk])

    assert groups(project) == [0, 1, 1, 0]


def test_the_machine_never_joins_again_what_a_person_took_apart():
    project, images = a_project(4)
    find(project, 2, (images[0], images[1]))
    separate(project=project, group=0, user=project.created_by)
    find(project, 4, (images[0], images[2]), (images[1], images[2]), (images[2], images[3]))

    first, second, *_ = groups(project)
    assert first != second
    assert Separation.objects.count() == 1


@pytest.mark.parametrize("wrong", ["all of them", "a stranger"])
def test_one_takes_apart_what_is_in_the_group_and_not_all_of_it(wrong):
    project, images = a_project(3)
    find(project, 3, (images[0], images[1]))
    ids = [image.pk for image in (images[:2] if wrong == "all of them" else images[2:])]

    with pytest.raises(DomainError, match="Name some pictures of this group"):
        separate(project=project, group=0, user=project.created_by, image_ids=ids)
    assert not Separation.objects.exists()


def test_a_picture_without_copies_is_no_group():
    project, _ = a_project(2)
    with pytest.raises(NotFound):
        separate(project=project, group=1, user=project.created_by)


def test_a_judgement_that_comes_while_groups_are_worked_out_is_respected(monkeypatch):
    project, images = a_project(3)
    find(project, 2, (images[0], images[1]))
    found = [Pair(images[2].pk, images[0].pk, 0.97, REASON)]
    assert record_pairs(project_id=project.pk, start=2, stop=3, pairs=found)
    real, calls = misplaced, []

    def interrupted(project_id):
        changes = real(project_id)
        calls.append(changes)
        if len(calls) == 1:
            separate(project=project, group=0, user=project.created_by)
        return changes

    monkeypatch.setattr(services, "misplaced", interrupted)
    regroup(project_id=project.pk)

    assert groups(project)[:2] == [0, 1]
    assert groups(project)[2] in {0, 1}


def test_one_search_waits_per_project():
    project = make_project()
    first, second = (request_duplicates(project=project) for _ in range(2))

    assert first == second
    assert (first.kind, first.queue, first.slot) == ("find_duplicates", "cpu", f"duplicates:{project.pk}")
    assert Job.objects.count() == 1
