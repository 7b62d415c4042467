"""What an export holds: the snapshot and nothing else, whole or not at all."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow.parquet as pq
import pytest

from annotator.common.arrays import array_path, publish, remove, write_arrays
from annotator.common.blobs import local_path
from annotator.images.models import Image
from annotator.images.services import create_batch, ensure_space, publish_shard, start_batch
from annotator.jobs.models import Job
from annotator.jobs.services import request_cancel, retry
from annotator.projects.models import Project
from annotator.snapshots.models import Export, Snapshot
from annotator.snapshots.services import request_export, request_snapshot
from tests.annotator.images.arrivals import store_scores
from tests.factories import make_project, picture_bytes
from worker.formats import packing
from worker.handlers import export
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


def finished(job: Job) -> Job:
    run_job(job.pk)
    job.refresh_from_db()
    return job


def imported(folder: Path, project: Project) -> Project:
    """Import a folder whose class folders are labels."""
    batch = create_batch(project=project, user=project.created_by, labels="trusted", source_path=str(folder))
    job = finished(start_batch(batch=batch, user=project.created_by))
    assert job.state == Job.State.SUCCEEDED, job.error_message
    return project


@pytest.fixture
def project(tmp_path) -> Project:
    """Twelve pictures in two classes, one a PNG, one of each split by its folder."""
    for n in range(12):
        split, name = ("train", "validation", "test")[n % 3], ("cat", "dog")[n % 2]
        encoding = "PNG" if n == 5 else "JPEG"
        path = tmp_path / "in" / split / name / f"same name{'.png' if n == 5 else '.jpg'}"
        path = path.with_stem(f"same name{n // 6}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture_bytes(n, encoding=encoding))
    return imported(tmp_path / "in", make_project(name="Cats & dogs", reserve_share=0))


def frozen(project: Project, **asked: Any) -> Snapshot:
    job = finished(request_snapshot(project=project, user=project.created_by, **({"splits": "imported"} | asked)))
    assert job.state == Job.State.SUCCEEDED, job.error_message
    return Snapshot.objects.get(pk=job.result["snapshot"])


def exported(snapshot: Snapshot, **asked: Any) -> Path:
    """Export to the end; return the file."""
    job = finished(request_export(snapshot=snapshot, user=snapshot.created_by, **asked))
    assert job.state == Job.State.SUCCEEDED, job.error_message
    export = Export.objects.get(pk=job.result["export"])
    path = array_path(export.folder) / export.filename
    assert (export.bytes, export.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def members(path: Path) -> dict[str, bytes]:
    """Return the contents of a zip or tar by name, in the order they were written."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def manifest_of(inside: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(inside["manifest.csv"].decode())))


@pytest.mark.parametrize("archive", ["zip", "tar"])
def test_an_image_folder_holds_every_original_and_tells_where_it_is_from(project, archive):
    snapshot = frozen(project)

    path = exported(snapshot, format="image_folder", archive=archive)

    assert path.name == f"Cats _ dogs-1-image_folder.{archive}"
    inside = members(path)
    rows = manifest_of(inside)
    pictures = {row["file"]: row for row in rows}
    documents = {"manifest.csv", "classes.txt", "README.md", "balance.svg", "SHA256SUMS"}
    assert set(inside) == set(pictures) | documents
    assert len(rows) == 12
    for file, row in pictures.items():
        assert file.startswith(f"{row['split']}/{row['label']}/")
        assert hashlib.sha256(inside[file]).hexdigest() == row["sha256"]
        assert inside[file] == local_path(row["sha256"], "original").read_bytes()
        assert (row["trust"], row["origin"]) == ("imported", "import")
        assert row["annotator"] == project.created_by.username
    assert [file for file in pictures if file.endswith(".png")] == ["test/dog/same name0_" + png_position() + ".png"]
    assert inside["classes.txt"].decode().split() == ["cat", "dog"]


def png_position() -> str:
    return str(Image.objects.get(format="PNG").position)


def test_checksums_hold_and_the_card_shows_balance_and_provenance(project):
    snapshot = frozen(project, name="May | June")

    inside = members(exported(snapshot, format="image_folder"))

    sums = dict(line.split("  ", 1)[::-1] for line in inside["SHA256SUMS"].decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in inside.items() if name != "SHA256SUMS"}
    card = inside["README.md"].decode()
    assert "| cat | `cat` | 2 | 2 | 2 | 6 |" in card
    assert "| **all** |  | 4 | 4 | 4 | 12 |" in card
    assert snapshot.hash in card
    assert "May \\| June" in card
    assert inside["balance.svg"].startswith(b"<svg")


def test_the_same_snapshot_makes_the_same_bytes(project):
    snapshot = frozen(project)

    for archive in ("zip", "tar"):
        first, second = (exported(snapshot, format="image_folder", archive=archive) for _ in range(2))
        assert first != second
        assert first.read_bytes() == second.read_bytes()


def test_pictures_are_stored_and_texts_are_compressed(project):
    with zipfile.ZipFile(exported(frozen(project), format="image_folder")) as archive:
        kinds = {info.filename: info.compress_type for info in archive.infolist()}

    assert kinds.pop("manifest.csv") == kinds.pop("README.md") == zipfile.ZIP_DEFLATED
    assert {kind for name, kind in kinds.items() if name.endswith((".jpg", ".png"))} == {zipfile.ZIP_STORED}


def test_previews_are_jpegs_with_checksums_of_their_own(project):
    inside = members(exported(frozen(project), format="image_folder", pictures="preview"))

    for row in manifest_of(inside):
        assert row["file"].endswith(".jpg")
        assert inside[row["file"]].startswith(b"\xff\xd8\xff")
        assert hashlib.sha256(inside[row["file"]]).hexdigest() == row["sha256"]


def test_what_was_exported_can_be_imported_again_and_is_the_same(project, tmp_path):
    def told(snapshot: Snapshot) -> set[tuple[str, str, str]]:
        rows = csv.DictReader(exported(snapshot, format="csv").open())
        return {(row["sha256"], row["label"], row["split"]) for row in rows}

    before = frozen(project)
    path = exported(before, format="image_folder")

    again = imported(path, make_project(classes=(), reserve_share=0))

    assert told(frozen(again)) == told(before)


def test_hugging_face_finds_its_metadata_inside_each_split(project):
    inside = members(exported(frozen(project), format="hugging_face"))

    for split in ("train", "validation", "test"):
        lines = [json.loads(line) for line in inside[f"{split}/metadata.jsonl"].decode().splitlines()]
        files = {f"{split}/{line['file_name']}": line["label"] for line in lines}
        assert files == {row["file"]: row["label"] for row in manifest_of(inside) if row["split"] == split}
    assert inside["README.md"].startswith(b'---\npretty_name: "Cats & dogs"\n')


def test_tables_say_the_same_in_csv_json_lines_and_parquet(project):
    store_scores(project, [[("dog", 0.75)]] * 12, kind="import")
    snapshot = frozen(project)

    lines = [json.loads(line) for line in exported(snapshot, format="jsonl").read_text().splitlines()]
    cells = list(csv.DictReader(exported(snapshot, format="csv").open()))
    table = pq.read_table(exported(snapshot, format="parquet")).to_pylist()

    assert lines == table
    assert [{name: "" if value is None else str(value) for name, value in line.items()} for line in lines] == cells
    assert [line["position"] for line in lines] == list(range(12))
    assert {(line["suggestion"], line["confidence"], line["head"]) for line in lines} == {("dog", 0.75, "import")}


def test_embeddings_and_predictions_are_in_the_order_of_the_labels(project, tmp_path):
    vectors = np.eye(12, 16, dtype=np.float16)[:10]  # two pictures are not embedded yet
    sha256 = write_arrays(tmp_path / "draft", {"embeddings": vectors})
    publish(tmp_path / "draft", f"{project.pk}/embeddings/given")
    space = ensure_space(project=project, dim=16)
    publish_shard(space=space, start=0, stop=10, folder=f"{project.pk}/embeddings/given", sha256=sha256)
    store_scores(project, [[("dog", 0.75), ("cat", 0.25)]] * 12, kind="import")

    inside = members(exported(frozen(project), format="arrays"))

    labels = pq.read_table(io.BytesIO(inside["labels.parquet"])).to_pylist()
    predictions = pq.read_table(io.BytesIO(inside["predictions.parquet"])).to_pylist()
    assert [row["position"] for row in labels] == [row["position"] for row in predictions] == list(range(12))
    assert predictions[0] == {"position": 0, "head": "import", "classes": ["dog", "cat"], "confidences": [0.75, 0.25]}
    embeddings = np.load(io.BytesIO(inside["embeddings.npy"]))
    assert embeddings.dtype == np.float16
    np.testing.assert_array_equal(embeddings, np.vstack([vectors, np.zeros((2, 16))]))


def test_names_from_outside_are_made_harmless(tmp_path):
    """Formulas in cells, separators in class names, names that differ in case alone."""
    project = make_project(classes=("=cmd", "a/b", "A_B"))
    folder = tmp_path / "in" / "x"
    folder.mkdir(parents=True)
    for n in range(3):
        (folder / f"=evil{n}.jpg").write_bytes(picture_bytes(n))
    imported(tmp_path / "in", project)
    for image, label in zip(Image.objects.order_by("position"), project.classes.order_by("index"), strict=False):
        Image.objects.filter(pk=image.pk).update(label=label)

    rows = manifest_of(members(exported(frozen(project, splits=None), format="image_folder")))

    assert [row["label"] for row in rows] == ["'=cmd", "a/b", "A_B"]
    assert [row["file"].split("/")[1] for row in rows] == ["_cmd", "a_b", "A_B_2"]


class FullDisk(io.BufferedIOBase):
    """A file on a disk with so many bytes left."""

    def __init__(self, file: BinaryIO, room: int) -> None:
        self.file = file
        self.room = room

    def write(self, data: Any) -> int:
        if self.file.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(data)

    def seek(self, *place: int) -> int:
        return self.file.seek(*place)

    def tell(self) -> int:
        return self.file.tell()


class TestFailures:
    """Nothing is half visible, and what went wrong is said."""

    def failed(self, snapshot: Snapshot, code: str) -> Job:
        job = finished(request_export(snapshot=snapshot, user=None, format="image_folder"))
        assert (job.state, job.error_code) == (Job.State.FAILED, code)
        assert not Export.objects.exists()
        assert not array_path(f"exports/{snapshot.project_id}").exists()
        return job

    def test_a_picture_that_is_gone_or_damaged_is_named(self, project):
        snapshot = frozen(project)
        path = local_path(Image.objects.get(position=3).sha256, "original")
        whole = path.read_bytes()

        path.write_bytes(whole[:-1] + b"!")
        assert "same name" in self.failed(snapshot, "picture_damaged").error_message
        path.unlink()
        assert "gone" in self.failed(snapshot, "picture_missing").error_message

    @pytest.mark.parametrize("room", [0, 1000, -30], ids=["at once", "within a picture", "at the very end"])
    def test_a_full_disk_fails_clearly_and_the_next_try_succeeds(self, project, monkeypatch, room):
        snapshot = frozen(project)
        if room < 0:
            room += exported(snapshot, format="image_folder").stat().st_size
            Export.objects.all().delete()
            remove([f"exports/{project.pk}"])

        with monkeypatch.context() as patch:
            patch.setitem(
                export.ARCHIVES, "zip", lambda file, scratch: packing.ZipArchive(FullDisk(file, room), scratch)
            )
            job = self.failed(snapshot, "disk_full")

        assert finished(retry(job=job)).state == Job.State.SUCCEEDED
        assert Export.objects.count() == 1

    def test_a_cancelled_export_leaves_nothing(self, project):
        job = request_export(snapshot=frozen(project), user=None, format="image_folder")
        request_cancel(job=job)

        assert finished(job).state == Job.State.CANCELLED
        assert not Export.objects.exists()

    def test_without_embeddings_there_are_no_arrays(self, project):
        job = finished(request_export(snapshot=frozen(project), user=None, format="arrays"))

        assert job.error_code == "nothing_embedded"
