"""Asking for snapshots and exports, numbering them, and clearing away what nobody needs."""

from __future__ import annotations

import os
import time

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from annotator.common.arrays import array_path
from annotator.common.errors import DomainError
from annotator.events.models import Event
from annotator.jobs.models import Job, JobKind, Queue
from annotator.snapshots.models import Export, Snapshot
from annotator.snapshots.selectors import canonical, content_path, content_rows, page_of_rows, read_columns
from annotator.snapshots.services import (
    archive_snapshot,
    check_splits,
    collect_garbage,
    publish_snapshot,
    remove_export,
    request_export,
    request_snapshot,
)
from tests.annotator.snapshots.frozen import make_export, make_row, make_snapshot
from tests.factories import make_project

pytestmark = pytest.mark.django_db


def test_a_snapshot_is_asked_for_with_settings_that_its_job_carries():
    project = make_project()

    job = request_snapshot(project=project, user=project.created_by, name=" May ", min_trust=4, max_per_class=100)

    assert (job.kind, job.queue, job.title) == (JobKind.SNAPSHOT, Queue.CPU, "Snapshot May")
    assert job.params == {
        "name": "May",
        "settings": {
            "min_trust": "human",
            "include_certified": False,
            "min_per_class": None,
            "max_per_class": 100,
            "splits": {"train": 0.7, "validation": 0.15, "test": 0.15},
        },
    }
    assert request_snapshot(project=project, user=None).params["name"].startswith("Snapshot of 2")


@pytest.mark.parametrize(
    "splits",
    [
        "mine",
        {"train": 1.0},
        {"train": 0.5, "validation": 0.5, "test": 0.5},
        {"train": 1.2, "validation": -0.2, "test": 0.0},
        {"train": 0.0, "validation": 0.5, "test": 0.5},
        {"train": 0.5, "validation": 0.2, "exam": 0.3},
        {"train": 10**400, "validation": 0.5, "test": 0.5},
        {"train": float("nan"), "validation": 0.5, "test": 0.5},
    ],
)
def test_shares_that_are_none_are_refused(splits):
    with pytest.raises(DomainError) as error:
        check_splits(splits)
    assert set(error.value.errors) == {"splits"}


@given(st.integers(1, 100), st.integers(0, 100), st.integers(0, 100))
def test_shares_that_add_up_are_taken(train, validation, test):
    total = train + validation + test

    assert check_splits({"train": train / total, "validation": validation / total, "test": test / total}) is None


def test_limits_that_leave_nothing_are_refused():
    with pytest.raises(DomainError, match="above the most"):
        request_snapshot(project=make_project(), user=None, min_per_class=10, max_per_class=5)
    assert not Job.objects.exists()


def test_numbers_follow_each_other_in_each_project():
    one, other = make_project(), make_project()

    assert [make_snapshot(project).number for project in (one, one, other, one)] == [1, 2, 1, 3]


def test_rows_come_back_as_they_were_written_and_make_the_hash():
    rows = [make_row(n, label="Käse ≠ “x”\n", suggestion="a", suggestion_confidence=0.1234) for n in (3, 5, 900)]

    snapshot = make_snapshot(make_project(), rows)

    assert [row for batch in content_rows(snapshot) for row in batch] == rows
    assert read_columns(snapshot, ["position", "label"])["position"].tolist() == [3, 5, 900]
    assert canonical(rows[0]).count(b"\n") == 1


def test_the_same_rows_share_a_file_and_different_ones_do_not():
    project = make_project()

    one, same, other = (make_snapshot(project, [make_row(n)]) for n in (1, 1, 2))

    assert one.hash == same.hash != other.hash
    assert content_path(one) == content_path(same) != content_path(other)


class TestPages:
    """Rows by key, of one split or class if asked."""

    ROWS = [make_row(n, split=("train", "test")[n % 2], label_id=n % 3) for n in range(0, 40, 2)]
    ROWS += [make_row(n, split="test", label_id=n % 3) for n in range(41, 61, 2)]

    def pages(self, snapshot, **asked):
        found, after = [], -1
        while after is not None:
            rows, after = page_of_rows(snapshot, after=after, **asked)
            found.append([row["position"] for row in rows])
        return found

    def test_all_of_them_once_whatever_the_size_of_a_page(self):
        snapshot = make_snapshot(make_project(), self.ROWS)
        positions = [row["position"] for row in self.ROWS]

        for limit in (1, 7, 29, 30, 31):
            pages = self.pages(snapshot, limit=limit)
            assert [position for page in pages for position in page] == positions
            assert all(len(page) == limit for page in pages[:-1])

    def test_of_one_split_and_class(self):
        snapshot = make_snapshot(make_project(), self.ROWS)
        expected = [row["position"] for row in self.ROWS if row["split"] == "test" and row["label_id"] == 2]

        assert [n for page in self.pages(snapshot, limit=2, split="test", label=2) for n in page] == expected

    def test_beyond_the_last_one_there_is_nothing(self):
        assert page_of_rows(make_snapshot(make_project()), after=0, limit=5) == ([], None)


def test_archiving_hides_and_is_told_once():
    project = make_project()
    snapshot = make_snapshot(project)
    before = (snapshot.hash, content_path(snapshot).read_bytes())

    for archived in (True, True, False):
        snapshot = archive_snapshot(snapshot=snapshot, archived=archived, user=project.created_by)
        assert (Snapshot.objects.get().archived_at is not None) == archived

    assert (snapshot.hash, content_path(snapshot).read_bytes()) == before
    kinds = list(Event.objects.order_by("seq").values_list("kind", flat=True))
    assert kinds == ["snapshot_made", "snapshot_archived", "snapshot_restored"]


def test_formats_without_files_have_neither_archive_nor_pictures():
    snapshot = make_snapshot(make_project())

    def asked(chosen: str) -> tuple[str, str]:
        params = request_export(snapshot=snapshot, user=None, format=chosen, archive="tar").params
        return params["archive"], params["pictures"]

    assert asked("image_folder") == ("tar", "original")
    assert asked("arrays") == ("tar", "")
    assert asked("csv") == ("", "")


def test_a_removed_export_takes_its_file_along_and_leaves_the_snapshot():
    snapshot = make_snapshot(make_project())
    export = make_export(snapshot)

    remove_export(export=export)

    assert not array_path(f"exports/{snapshot.project_id}").exists() or not any(
        array_path(f"exports/{snapshot.project_id}").iterdir()
    )
    assert content_path(Snapshot.objects.get()).exists()
    assert not Export.objects.exists()


def test_garbage_is_what_no_row_names_and_nobody_can_be_about_to_name():
    project = make_project()
    snapshot = make_snapshot(project)
    export = make_export(snapshot)
    old, young = (array_path(f"exports/{project.pk}/{name}") for name in ("77-1", "78-1"))
    for folder in (old, young, array_path(snapshot.folder), array_path(export.folder)):
        folder.mkdir(exist_ok=True)
        long_ago = time.time() - (10 if folder == young else 2 * 86_400)
        os.utime(folder, (long_ago, long_ago))

    assert collect_garbage(project.pk) == 1

    assert not old.exists()
    assert young.exists()
    assert content_path(snapshot).exists()
    assert (array_path(export.folder) / export.filename).exists()


def test_what_becomes_visible_does_so_inside_a_transaction(transactional_db):
    job = request_snapshot(project=make_project(), user=None)

    with pytest.raises(AssertionError, match="together with the end"):
        publish_snapshot(job=job, folder="x", hash_="0", rows=1, classes=[], report={})
    with transaction.atomic():
        assert publish_snapshot(job=job, folder="x", hash_="0", rows=1, classes=[], report={}).number == 1
