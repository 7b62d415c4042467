"""Putting pictures into the catalogue: positions, lots, the reserve, exact duplicates, rejected files."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from annotator.images.models import Image, ImageSource, ImportBatch, RejectedFile, Trust
from annotator.images.services import Refusal, insert_images, reject_files
from annotator.images.services.catalogue import MAX_NOTICES, in_share, lot_of
from annotator.projects.models import Project
from tests.annotator.images.arrivals import arrival, open_batch
from tests.factories import make_project


@pytest.fixture
def batch(db) -> ImportBatch:
    return open_batch(make_project(reserve_share=0))


def test_pictures_get_the_next_positions_in_the_order_in_which_they_come(batch):
    insert_images(batch=batch, rows=[arrival("b.jpg", split="train"), arrival("a.jpg")])
    insert_images(batch=batch, rows=[arrival("c.jpg")])

    images = Image.objects.order_by("position")
    assert [(image.position, image.group, image.sources.get().path) for image in images] == [
        (0, 0, "b.jpg"),
        (1, 1, "a.jpg"),
        (2, 2, "c.jpg"),
    ]
    assert images[0].split == "train"
    batch.refresh_from_db()
    assert (batch.imported, batch.duplicates) == (3, 0)
    assert Project.objects.get(pk=batch.project_id).next_position == 3


def test_every_chunk_gets_a_change_number_above_all_earlier_ones(batch):
    first = insert_images(batch=batch, rows=[arrival("a.jpg"), arrival("b.jpg")])
    second = insert_images(batch=batch, rows=[arrival("c.jpg")])

    seqs = [source.image.change_seq for source in (*first, *second)]
    assert seqs[0] == seqs[1] < seqs[2]


def test_a_path_that_is_recorded_is_not_inserted_again(batch):
    insert_images(batch=batch, rows=[arrival("a.jpg")])

    sources = insert_images(batch=batch, rows=[arrival("a.jpg"), arrival("b.jpg")])

    assert [source.path for source in sources] == ["b.jpg"]
    batch.refresh_from_db()
    assert (batch.imported, batch.duplicates) == (2, 0)


def test_the_same_content_is_one_image_with_several_sources(batch):
    insert_images(batch=batch, rows=[arrival("a.jpg", "x"), arrival("copy.jpg", "x")])
    later = open_batch(batch.project)
    insert_images(batch=later, rows=[arrival("again.jpg", "x")])

    image = Image.objects.get()
    assert sorted(source.path for source in image.sources.all()) == ["a.jpg", "again.jpg", "copy.jpg"]
    batch.refresh_from_db()
    later.refresh_from_db()
    assert (batch.imported, batch.duplicates) == (1, 1)
    assert (later.imported, later.duplicates) == (0, 1)


def test_the_same_content_in_another_project_is_another_image(batch):
    insert_images(batch=batch, rows=[arrival("a.jpg")])
    insert_images(batch=open_batch(make_project()), rows=[arrival("a.jpg")])

    assert Image.objects.count() == 2


def test_what_was_archived_comes_in_again_at_a_new_position(batch):
    insert_images(batch=batch, rows=[arrival("a.jpg")])
    Image.objects.update(archived_at=batch.created_at)

    insert_images(batch=open_batch(batch.project), rows=[arrival("a.jpg")])

    assert list(Image.objects.order_by("position").values_list("position", flat=True)) == [0, 1]


class TestContradictions:
    """An exact duplicate in another class folder."""

    def test_within_a_chunk_the_first_folder_is_the_label_and_the_second_a_suggestion(self, batch):
        rows = [arrival("cat/a.jpg", "x", label="cat"), arrival("dog/a.jpg", "x", label="dog")]
        first, second = insert_images(batch=batch, rows=rows)

        assert (first.suggests, second.suggests) == (False, True)
        batch.refresh_from_db()
        assert batch.conflicts == 1
        assert batch.notices == [
            "“dog/a.jpg” is the same picture as one of “cat”; its folder “dog” became a suggestion."
        ]

    def test_chunks_make_no_difference_even_before_the_label_is_written(self, batch):
        insert_images(batch=batch, rows=[arrival("cat/a.jpg", "x", label="cat")])
        (second,) = insert_images(batch=batch, rows=[arrival("dog/a.jpg", "x", label="dog")])

        assert second.suggests

    def test_what_a_person_said_stands_against_a_folder(self, batch):
        insert_images(batch=batch, rows=[arrival("a.jpg", "x")])
        cat = batch.project.classes.get(name="cat")
        Image.objects.update(label=cat, trust=Trust.HUMAN)

        (source,) = insert_images(batch=open_batch(batch.project), rows=[arrival("dog/a.jpg", "x", label="dog")])

        assert source.suggests

    def test_the_same_folder_name_is_no_contradiction(self, batch):
        rows = [arrival("cat/a.jpg", "x", label="cat"), arrival("more/cat/a.jpg", "x", label="cat")]
        insert_images(batch=batch, rows=rows)

        batch.refresh_from_db()
        assert (batch.conflicts, batch.notices) == (0, [])

    def test_in_an_import_without_labels_folders_contradict_nothing(self, batch):
        plain = open_batch(batch.project, labels="ignore")
        rows = [arrival("cat/a.jpg", "x", label="cat"), arrival("dog/a.jpg", "x", label="dog")]
        sources = insert_images(batch=plain, rows=rows)

        assert not any(source.suggests for source in sources)
        plain.refresh_from_db()
        assert plain.conflicts == 0

    def test_no_more_notices_are_kept_than_a_person_would_read(self, batch):
        rows = [arrival("cat/a.jpg", "x", label="cat")]
        rows += [arrival(f"dog/{n}.jpg", "x", label="dog") for n in range(MAX_NOTICES + 5)]
        insert_images(batch=batch, rows=rows)

        batch.refresh_from_db()
        assert len(batch.notices) == MAX_NOTICES
        assert batch.conflicts == MAX_NOTICES + 5


def test_as_suggestions_every_class_folder_is_a_suggestion(db):
    batch = open_batch(make_project(), labels="suggestions")

    with_folder, without = insert_images(batch=batch, rows=[arrival("cat/a.jpg", label="cat"), arrival("b.jpg")])

    assert (with_folder.suggests, without.suggests) == (True, False)


def test_rejected_files_are_recorded_once(batch):
    refusal = Refusal("a.txt", "not_an_image", "The content is not a picture.", "text")

    assert reject_files(batch=batch, rows=[refusal, refusal]) == 1
    assert reject_files(batch=batch, rows=[refusal]) == 0

    row = RejectedFile.objects.get()
    assert (row.path, row.reason, row.message, row.detail) == ("a.txt", "not_an_image", refusal.message, "text")
    batch.refresh_from_db()
    assert batch.rejected == 1


def test_a_lot_depends_on_the_projects_key_and_the_content_alone():
    one, other = Project(lot_key="a" * 32), Project(lot_key="b" * 32)

    assert lot_of(one, "f" * 64) == lot_of(one, "f" * 64)
    assert lot_of(one, "f" * 64) != lot_of(other, "f" * 64)
    assert -(2**63) <= lot_of(one, "f" * 64) < 2**63


@settings(deadline=None)
@given(st.floats(0, 0.5), st.integers(-(2**63), 2**63 - 1))
def test_a_larger_share_never_loses_a_lot(share, lot):
    if in_share(lot, share):
        assert in_share(lot, min(0.5, share + 0.01))
    assert not in_share(lot, 0)


def test_lots_fill_the_share_evenly():
    project = Project(lot_key="c" * 32)
    lots = [lot_of(project, hashlib.sha256(str(n).encode()).hexdigest()) for n in range(4000)]

    share = sum(in_share(lot, 0.1) for lot in lots) / len(lots)

    assert share == pytest.approx(0.1, abs=0.025)


class TestReserve(TestCase):
    """The reserve after any sequence of chunks and answers."""

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        share=st.sampled_from([0.0, 0.1, 0.3, 0.5]),
        most=st.integers(0, 6),
        chunks=st.lists(st.integers(1, 12), min_size=1, max_size=5),
        answer_every=st.integers(2, 5),
    )
    def test_it_is_the_lowest_lots_of_the_share_and_keeps_what_was_answered(self, share, most, chunks, answer_every):
        project = make_project(reserve_share=share, reserve_max=most)
        batch = open_batch(project)
        answered: set[int] = set()
        for number, size in enumerate(chunks):
            insert_images(batch=batch, rows=[arrival(f"{project.pk}/{number}/{n}") for n in range(size)])
            reserve = Image.objects.filter(project=project, reserve=True)
            assert answered <= set(reserve.values_list("pk", flat=True))
            some = list(reserve.order_by("lot").values_list("pk", flat=True))[::answer_every]
            Image.objects.filter(pk__in=some).update(trust=Trust.HUMAN)
            answered |= set(some)

        images = list(Image.objects.filter(project=project))
        inside = [image for image in images if in_share(image.lot, share)]
        kept = [image for image in images if image.reserve]
        assert all(image in inside for image in kept)
        assert len(kept) == min(len(inside), max(most, len(answered)))
        open_kept = [image.lot for image in kept if image.pk not in answered]
        left = [image.lot for image in inside if not image.reserve]
        assert not open_kept or not left or max(open_kept) < min(left)


def test_a_source_names_its_split_and_folder(batch):
    insert_images(batch=batch, rows=[arrival("train/cat/a.jpg", label="cat", split="train")])

    source = ImageSource.objects.get()
    assert (source.split, source.folder_label) == ("train", "cat")
