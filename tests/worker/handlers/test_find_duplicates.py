"""The search for duplicates: copies are grouped with their reason, in whatever portions pictures arrive."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from django.utils import timezone

from annotator.common.arrays import array_path
from annotator.curation.models import DuplicateSearch, Finding
from annotator.curation.services import record_pairs, request_duplicates, separate
from annotator.images.models import Image
from annotator.jobs.models import Job
from annotator.jobs.services import request_cancel
from annotator.projects.models import Project
from tests.copies import COPIES, texture
from tests.factories import make_project
from tests.worker.handlers.finding import add_pictures, groups
from worker.handlers import find_duplicates
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(find_duplicates, "BLOCK", 4)


def find(project: Project) -> Job:
    job = request_duplicates(project=project)
    run_job(job.pk)
    job.refresh_from_db()
    return job


def family() -> list:
    """An original, a copy of each kind, and as many strangers between them."""
    original, rng = texture(1), np.random.default_rng(0)
    copies = [copy(original, rng) for copy in COPIES.values()]
    strangers = [texture(seed) for seed in range(100, 106)]
    return [picture for pair in zip([original, *copies], strangers, strict=True) for picture in pair]


def pairs() -> set[tuple[int, int, float, tuple[str, ...]]]:
    rows = Finding.objects.values_list("other__position", "image__position", "score", "reason")
    return {(one, other, score, tuple(reason["changes"])) for one, other, score, reason in rows}


def test_every_kind_of_copy_joins_its_original_and_strangers_stay_alone():
    project = make_project()
    images = add_pictures(project, family())

    job = find(project)

    assert job.state == Job.State.SUCCEEDED, job.error_message
    assert job.result["compared"] == len(images)
    assert groups(project) == {position: 0 if position % 2 == 0 else position for position in range(len(images))}
    for position, kind in zip(range(2, 12, 2), COPIES, strict=True):
        reason = Finding.objects.get(other=images[0], image=images[position]).reason
        assert kind in reason["changes"]
        assert reason["likeness"] > 0.95
    mirrored = Finding.objects.get(other=images[0], image=images[8])
    assert mirrored.reason["changes"] == ["mirrored"]


def test_the_portions_in_which_pictures_arrive_do_not_matter():
    whole, bit_by_bit = make_project(), make_project()
    pictures = family()
    add_pictures(whole, pictures)
    find(whole)
    at_once = pairs()
    Finding.objects.all().delete()

    for start, stop in ((0, 1), (1, 6), (6, 7), (7, 12)):
        add_pictures(bit_by_bit, pictures[start:stop])
        assert find(bit_by_bit).result["compared"] == stop - start

    assert pairs() == at_once
    assert groups(bit_by_bit) == groups(whole)


def test_once_more_changes_nothing():
    project = make_project()
    add_pictures(project, family())
    find(project)
    before = list(Image.objects.order_by("id").values())

    assert find(project).result == {"compared": 0, "pairs": 0, "moved": 0}
    assert list(Image.objects.order_by("id").values()) == before


def test_an_earlier_copy_that_comes_together_with_a_later_one_names_the_group():
    project = make_project()
    rng = np.random.default_rng(3)
    original = texture(5)
    add_pictures(project, [texture(6), COPIES["cropped"](original, rng), texture(7), COPIES["mirrored"](original, rng)])
    find(project)
    add_pictures(project, [original])
    find(project)

    assert groups(project) == {0: 0, 1: 1, 2: 2, 3: 1, 4: 1}


def test_what_a_person_took_apart_stays_apart_when_more_copies_come():
    project = make_project()
    rng = np.random.default_rng(4)
    original = texture(8)
    images = add_pictures(project, [original, COPIES["re-encoded"](original, rng), COPIES["brightness"](original, rng)])
    find(project)
    assert set(groups(project).values()) == {0}

    separate(project=project, group=0, user=project.created_by, image_ids=[images[1].pk])
    assert groups(project) == {0: 0, 1: 1, 2: 0}
    add_pictures(project, [COPIES["resized"](original, rng), COPIES["cropped"](original, rng)])
    find(project)

    found = groups(project)
    assert found[0] != found[1]
    assert found[0] == found[2]
    assert {found[3], found[4]} <= {0, 1}


def test_tombstones_unreadable_and_flat_pictures_are_nobodys_copies(data_dir):
    project = make_project()
    flat = [texture(0).point(lambda _, grey=grey: grey) for grey in (90, 91)]
    images = add_pictures(project, [texture(1), *flat, COPIES["mirrored"](texture(1), np.random.default_rng(0))])
    Image.objects.filter(pk=images[3].pk).update(archived_at=timezone.now())
    lost = add_pictures(project, [COPIES["re-encoded"](texture(1), np.random.default_rng(1))])[0]
    for blob in (data_dir / "blobs").glob(f"*/{lost.sha256}/*"):
        blob.unlink()

    job = find(project)

    assert (job.state, job.result["pairs"]) == (Job.State.SUCCEEDED, 0)
    assert groups(project) == {position: position for position in range(5)}


def test_lost_signatures_are_made_again():
    project = make_project()
    pictures = family()
    add_pictures(project, pictures[:7])
    find(project)
    shutil.rmtree(array_path("signatures"))
    add_pictures(project, pictures[7:])

    assert find(project).state == Job.State.SUCCEEDED
    assert {position for position, group in groups(project).items() if group == 0} == set(range(0, 12, 2))


def test_cancelled_it_keeps_what_is_compared_and_goes_on_from_there(monkeypatch):
    project = make_project()
    add_pictures(project, family())
    monkeypatch.setattr("worker.runner.REPORT_SECONDS", 0)
    job = request_duplicates(project=project)

    def cancel_afterwards(**fields):
        request_cancel(job=Job.objects.get(pk=job.pk))
        return record_pairs(**fields)

    with monkeypatch.context() as once:
        once.setattr(find_duplicates, "record_pairs", cancel_afterwards)
        run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert DuplicateSearch.objects.get(project=project).length == 4

    assert find(project).result["compared"] == 8
    assert {position for position, group in groups(project).items() if group == 0} == set(range(0, 12, 2))


def test_before_anything_is_embedded_there_is_nothing_to_compare():
    assert find(make_project()).result == {"compared": 0, "pairs": 0, "moved": 0}
