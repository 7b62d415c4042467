"""Snapshots and exports of projects with several labels a picture: all labels, and what is verified to be absent."""

from __future__ import annotations

import csv
import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from annotator.common.arrays import array_path
from annotator.common.errors import DomainError
from annotator.images.models import Image
from annotator.insights.selectors.numbers import balance
from annotator.jobs.models import Job
from annotator.labeling.models import Annotation
from annotator.modeling.services.runs import request_training
from annotator.projects.models import Project
from annotator.snapshots.models import Export, Snapshot
from annotator.snapshots.selectors import content_rows
from annotator.snapshots.services import request_export, request_snapshot
from tests.annotator.labeling.test_annotating import say
from tests.annotator.labeling.test_sets import in_hand, wardrobe
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


def finished(job: Job) -> Job:
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error_message
    return job


@pytest.fixture
def project() -> Project:
    """Three pictures: a coat and a bag, none of what was suggested, and one that nobody has answered."""
    project, (coat, _, bag, *_) = wardrobe(pictures=3)
    first, second, _ = in_hand(project)
    assert say(project, project.created_by, task=first.pk, labels=[bag.pk, coat.pk]).status == "created"
    assert say(project, project.created_by, task=second.pk, labels=[]).status == "created"
    return project


def frozen(project: Project) -> Snapshot:
    job = finished(request_snapshot(project=project, user=project.created_by))
    return Snapshot.objects.get(pk=job.result["snapshot"])


def exported(snapshot: Snapshot, format_: str) -> Any:
    job = finished(request_export(snapshot=snapshot, user=None, format=format_))
    export = Export.objects.get(pk=job.result["export"])
    return array_path(export.folder) / export.filename


def test_a_snapshot_holds_whole_sets_and_counts_a_picture_for_each_of_its_classes(project):
    snapshot = frozen(project)

    (rows,) = content_rows(snapshot)

    assert [(row["label"], row["labels"], row["absent"]) for row in rows] == [
        ("bag", ["bag", "coat"], ["hat"]),
        ("", [], ["coat", "hat", "bag"]),
    ]
    assert {row["name"]: row["train"] + row["validation"] + row["test"] for row in snapshot.classes} == {
        "coat": 1,
        "bag": 1,
    }


def test_a_snapshot_changes_its_hash_with_any_of_the_labels(project):
    before = frozen(project)
    hat = project.classes.get(name="hat")
    image = Image.objects.order_by("position").first()
    labels = [*Annotation.objects.get(image=image).labels, hat.pk]
    say(project, project.created_by, image=image.pk, seen_version=image.label_version, labels=labels)
    assert frozen(project).hash != before.hash


def test_tables_have_a_column_for_all_labels(project):
    snapshot = frozen(project)

    cells = list(csv.DictReader(exported(snapshot, "csv").open(encoding="utf-8")))
    assert [json.loads(row["labels"]) for row in cells] == [["bag", "coat"], []]
    lines = [json.loads(line) for line in exported(snapshot, "jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["absent"] for line in lines] == [["hat"], ["coat", "hat", "bag"]]
    assert pq.read_table(exported(snapshot, "parquet")).column("labels").to_pylist() == [["bag", "coat"], []]


@pytest.mark.parametrize("format_", ["image_folder", "hugging_face"])
def test_folders_of_classes_are_refused_with_what_to_choose_instead(project, format_):
    with pytest.raises(DomainError, match="hold all labels"):
        request_export(snapshot=frozen(project), user=None, format=format_)


def test_what_knows_one_label_a_picture_says_so(project):
    with pytest.raises(DomainError, match="several classes at once"):
        request_snapshot(project=project, user=None, min_per_class=2)
    with pytest.raises(DomainError, match="heads learn"):
        request_training(project=project, user=None)


def test_the_balance_counts_every_label(project):
    labelled = {row["name"]: row["labelled"] for row in balance(project)["classes"]}
    assert {name: number for name, number in labelled.items() if number} == {"coat": 1, "bag": 1}
