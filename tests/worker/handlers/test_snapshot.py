"""What a snapshot freezes, how it splits it, and what its report says."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from annotator.common.arrays import array_path, publish, write_arrays
from annotator.events.models import Event
from annotator.images.models import Image, ImageSource, ImportBatch, Trust
from annotator.images.services import ensure_space, publish_shard, set_holdout
from annotator.jobs.models import Job
from annotator.jobs.services import request_cancel
from annotator.labeling.services import Item, submit_annotations
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot
from annotator.snapshots.selectors import Row, canonical, content_path, content_rows
from annotator.snapshots.services import request_snapshot
from tests.annotator.images.arrivals import store_scores
from tests.annotator.modeling.scheduled import give_labels
from tests.factories import make_image, make_project
from worker.handlers import snapshot as handler
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)

LOWEST, MIDDLE, HIGHEST = -(2**63), 0, 2**63 - 1  # lots: by default shares test, train and train


def freeze(project: Project, **asked: Any) -> Snapshot:
    """Make a snapshot to the end."""
    job = ran(project, **asked)
    assert job.state == Job.State.SUCCEEDED, job.error_message
    return Snapshot.objects.get(pk=job.result["snapshot"])


def ran(project: Project, **asked: Any) -> Job:
    job = request_snapshot(project=project, user=project.created_by, **asked)
    run_job(job.pk)
    job.refresh_from_db()
    return job


def rows_of(snapshot: Snapshot) -> list[Row]:
    return [row for rows in content_rows(snapshot) for row in rows]


def labelled(project: Project, name: str = "cat", **fields: Any) -> Image:
    """A picture with a label that a person gave."""
    label = project.classes.get(name=name)
    return make_image(project, **({"label": label, "trust": Trust.HUMAN, "label_version": 1} | fields))


def splits_of(snapshot: Snapshot) -> dict[int, str]:
    return {row["position"]: row["split"] for row in rows_of(snapshot)}


def test_labels_are_frozen_with_where_they_and_the_suggestions_come_from():
    project = make_project()
    lead, dog = project.created_by, project.classes.get(name="dog")
    first = make_image(project, lot=MIDDLE)
    labelled(project, "cat", lot=MIDDLE, trust=Trust.IMPORTED)
    make_image(project)
    batch = ImportBatch.objects.create(project=project, name="photos")
    for path in ("holiday/rex.jpg", "again.jpg"):
        ImageSource.objects.create(image=first, batch=batch, path=path)
    store_scores(project, [[], [("dog", 0.75), ("cat", 0.25)]], kind="import")
    submit_annotations(project=project, user=lead, items=[Item(uuid.uuid4(), image=first.pk, labels=[dog.pk])])

    snapshot = freeze(project, name="May")

    one, two = rows_of(snapshot)
    assert one == {
        "position": 0,
        "sha256": first.sha256,
        "source": "holiday/rex.jpg",
        "label_id": dog.pk,
        "label": "dog",
        "trust": Trust.HUMAN,
        "split": "train",
        "blind": False,
        "group": 0,
        "origin": "single",
        "annotator_id": lead.pk,
        "suggestion_head": None,
        "suggestion": None,
        "suggestion_confidence": None,
    }
    assert (two["position"], two["label"], two["origin"], two["annotator_id"]) == (1, "cat", "", None)
    assert (two["suggestion_head"], two["suggestion"], two["suggestion_confidence"]) == ("import", "dog", 0.75)
    assert (snapshot.number, snapshot.name, snapshot.rows, snapshot.created_by) == (1, "May", 2, lead)
    assert [(row["name"], row["train"], row["test"]) for row in snapshot.classes] == [("cat", 1, 0), ("dog", 1, 0)]
    assert Event.objects.get(kind="snapshot_made").data["number"] == 1


def test_the_suggestion_on_the_screen_goes_before_what_the_machine_says_now():
    project = make_project()
    image = make_image(project, lot=MIDDLE)
    cat, dog = project.classes.all()
    submit_annotations(
        project=project, user=project.created_by, items=[Item(uuid.uuid4(), image=image.pk, labels=[dog.pk])]
    )
    image.annotations.update(suggestion_model="v1.3", suggestion_class_id=cat.pk, suggestion_confidence=0.61234)
    store_scores(project, [[("dog", 0.75)]], kind="import")

    (row,) = rows_of(freeze(project))

    assert (row["suggestion_head"], row["suggestion"], row["suggestion_confidence"]) == ("v1.3", "cat", 0.6123)


class TestHash:
    """The same content has the same hash, whenever and under whatever name it is frozen."""

    def test_it_is_taken_over_the_rows_and_nothing_else(self):
        project = make_project()
        for _ in range(5):
            labelled(project)

        first, second = freeze(project, name="one"), freeze(project, name="two")

        assert (first.number, second.number) == (1, 2)
        assert first.hash == second.hash == hashlib.sha256(b"".join(map(canonical, rows_of(first)))).hexdigest()
        assert content_path(first) == content_path(second)

    def test_one_different_label_makes_another(self):
        project = make_project()
        image = labelled(project)
        before = freeze(project)
        Image.objects.filter(pk=image.pk).update(label=project.classes.get(name="dog"))

        after = freeze(project)

        assert before.hash != after.hash
        assert [row["label"] for row in rows_of(before)] == ["cat"]
        assert [row["label"] for row in rows_of(after)] == ["dog"]


class TestFilters:
    """What does not get in."""

    def test_tombstones_and_labels_of_too_little_trust(self):
        project = make_project()
        labelled(project, trust=Trust.IMPORTED)
        labelled(project, archived_at=timezone.now())
        kept = labelled(project)

        assert [row["position"] for row in rows_of(freeze(project, min_trust=Trust.HUMAN))] == [kept.position]

    def test_certified_labels_unless_they_are_asked_for(self):
        project = make_project()
        labelled(project, trust=Trust.CERTIFIED)
        labelled(project)

        without, with_them = freeze(project), freeze(project, include_certified=True)

        assert (without.rows, without.report["left_out"]["certified"], with_them.rows) == (1, 1, 2)

    def test_small_classes_are_left_out_and_large_ones_cut(self):
        project = make_project(classes=("cat", "dog", "owl"))
        for name, count in (("cat", 6), ("dog", 2), ("owl", 3)):
            for _ in range(count):
                labelled(project, name)

        snapshot = freeze(project, min_per_class=3, max_per_class=4)

        assert {row["name"]: row["train"] + row["validation"] + row["test"] for row in snapshot.classes} == {
            "cat": 4,
            "owl": 3,
        }
        assert snapshot.report["left_out"] == {"certified": 0, "small_classes": {"dog": 2}, "above_maximum": 2}

    def test_where_nothing_is_left_the_job_says_so_and_no_snapshot_appears(self):
        job = ran(make_project())

        assert (job.state, job.error_code) == ("failed", "nothing_to_freeze")
        assert not Snapshot.objects.exists()


class TestSplits:
    """Which pictures are for what."""

    def test_lots_decide_and_the_reserve_and_hold_outs_are_always_test(self):
        project = make_project()
        labelled(project, lot=LOWEST)
        labelled(project, lot=HIGHEST)
        labelled(project, lot=HIGHEST, reserve=True)
        labelled(project, lot=HIGHEST, reserve=True, trust=Trust.IMPORTED)
        set_holdout(project=project, name="exam", image_ids=[labelled(project, lot=HIGHEST).pk])

        snapshot = freeze(project)

        assert splits_of(snapshot) == {0: "test", 1: "train", 2: "test", 3: "test", 4: "test"}
        assert [row["blind"] for row in rows_of(snapshot)] == [False, False, True, False, False]

    def test_a_group_follows_its_first_picture_and_a_blind_one_takes_it_to_test(self):
        project = make_project()
        labelled(project, lot=HIGHEST)
        labelled(project, lot=LOWEST, group=0)
        labelled(project, lot=HIGHEST)
        labelled(project, lot=HIGHEST, group=2, reserve=True)

        snapshot = freeze(project)

        assert splits_of(snapshot) == {0: "train", 1: "train", 2: "test", 3: "test"}
        assert (snapshot.report["groups_moved"], snapshot.report["groups_moved_examples"]) == (1, [2])
        assert snapshot.report["groups_across_splits"] == snapshot.report["copies_across_splits"] == 0

    def test_imported_splits_are_kept_when_they_are_asked_for(self):
        project = make_project()
        labelled(project, lot=LOWEST, split="train")
        labelled(project, lot=HIGHEST, split="validation")
        labelled(project, lot=HIGHEST)
        labelled(project, lot=HIGHEST, split="train", reserve=True)

        assert splits_of(freeze(project, splits="imported")) == {0: "train", 1: "validation", 2: "train", 3: "test"}


class TestLookAlikes:
    """Train and test pictures that are nearly the same are told."""

    def embed(self, project: Project, vectors: np.ndarray, tmp_path) -> None:
        folder = f"{project.pk}/embeddings/given"
        sha256 = write_arrays(tmp_path / "draft", {"embeddings": vectors.astype(np.float16)})
        publish(tmp_path / "draft", folder)
        space = ensure_space(project=project, dim=vectors.shape[1])
        publish_shard(space=space, start=0, stop=len(vectors), folder=folder, sha256=sha256)

    def test_they_are_counted_and_shown_most_similar_first(self, tmp_path):
        project = make_project()
        for lot in (HIGHEST, HIGHEST, LOWEST, LOWEST):
            labelled(project, lot=lot)
        self.embed(project, np.array([[1, 0, 0], [0, 1, 0], [0.99, 0.141, 0], [0, 0, 1]]), tmp_path)

        found = freeze(project).report["look_alikes"]

        assert (found["pairs"], found["test"], found["test_compared"]) == (1, 2, 2)
        assert found["examples"] == [{"train": 0, "test": 2, "similarity": pytest.approx(0.99, abs=1e-3)}]

    def test_of_too_many_a_part_is_compared_and_that_is_told(self, tmp_path, monkeypatch):
        project = make_project()
        for lot in (HIGHEST, HIGHEST, LOWEST, LOWEST, LOWEST):
            labelled(project, lot=lot)
        self.embed(project, np.eye(5), tmp_path)
        monkeypatch.setattr(handler, "MAX_PRODUCTS", 4)

        found = freeze(project).report["look_alikes"]

        assert (found["pairs"], found["test"], found["test_compared"]) == (0, 3, 2)

    def test_before_anything_is_embedded_nothing_is_claimed(self):
        project = make_project()
        labelled(project)

        assert freeze(project).report["look_alikes"] is None


def test_it_says_how_many_labels_had_been_given_before_they_were_read(monkeypatch):
    project = make_project()
    labelled(project)
    read = handler.candidates

    def given_meanwhile(*args: Any, **options: Any) -> Any:
        give_labels(project, 3)
        return read(*args, **options)

    give_labels(project, 4)
    monkeypatch.setattr(handler, "candidates", given_meanwhile)

    assert freeze(project).report["changes"] == 4


def test_a_cancelled_snapshot_leaves_nothing():
    project = make_project()
    labelled(project)
    job = request_snapshot(project=project, user=project.created_by)
    request_cancel(job=job)

    run_job(job.pk)

    assert not Snapshot.objects.exists()
    assert not array_path(f"snapshots/{project.pk}").exists()
