"""What an import does with the files it is given."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from annotator.common.blobs import local_path
from annotator.events.models import Event
from annotator.images.models import Image, ImageSource, ImportBatch, RejectedFile, ScoreSet, Trust
from annotator.images.selectors import score_reader
from annotator.images.services import create_batch, inbox_of, start_batch, uploads_of
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import request_cancel, retry
from annotator.labeling.models import Annotation
from annotator.projects.models import Project
from tests.factories import make_project, picture_bytes
from worker.handlers import import_images
from worker.media.reasons import Reason
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


def put(root: Path, files: dict[str, bytes]) -> Path:
    """Write files under a folder."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def start(project: Project, folder: Path, labels: str = "ignore") -> tuple[ImportBatch, Job]:
    """Open an import of a folder on the server and start it."""
    user = project.created_by
    batch = create_batch(project=project, user=user, labels=labels, name="photos", source_path=str(folder))
    return batch, start_batch(batch=batch, user=user)


def run(project: Project, folder: Path, labels: str = "ignore") -> ImportBatch:
    """Import a folder to the end."""
    batch, job = start(project, folder, labels)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error_message
    batch.refresh_from_db()
    return batch


def labels_of(project: Project) -> dict[str, tuple[str, int]]:
    """Class and trust by source path."""
    sources = ImageSource.objects.filter(image__project=project).select_related("image__label")
    return {row.path: (row.image.label.name if row.image.label else "", row.image.trust) for row in sources}


def suggestions_of(project: Project) -> dict[int, str]:
    """Suggested class by position."""
    reader = score_reader(project.pk)
    names = dict(project.classes.values_list("id", "name"))
    if reader is None:
        return {}
    return {n: names[reader.top(n)[0][0]] for n in range(reader.length) if reader.top(n)}


def test_pictures_reach_catalogue_and_storage_and_are_embedded_next(tmp_path):
    project = make_project()
    folder = put(
        tmp_path / "in", {f"train/{c}/{n}.jpg": picture_bytes(10 * n + ord(c)) for c in "cd" for n in range(3)}
    )

    batch = run(project, folder)

    assert batch.state == ImportBatch.State.DONE
    assert (batch.found, batch.imported, batch.labelled, batch.rejected) == (6, 6, 0, 0)
    images = list(Image.objects.order_by("position"))
    assert [image.position for image in images] == list(range(6))
    assert {image.split for image in images} == {"train"}
    original = folder / "train/c/0.jpg"
    assert images[0].sha256 == hashlib.sha256(original.read_bytes()).hexdigest()
    assert (images[0].width, images[0].height, images[0].format) == (64, 48, "JPEG")
    assert images[0].bytes == original.stat().st_size
    assert local_path(images[0].sha256, "original").read_bytes() == original.read_bytes()
    for variant in ("thumb", "model", "preview"):
        assert Picture.open(local_path(images[0].sha256, variant)).size == (64, 48)

    embed = Job.objects.get(kind=JobKind.EMBED)
    assert (embed.state, embed.slot) == (Job.State.QUEUED, f"embed:{project.pk}")
    event = Event.objects.get(kind="import_finished").data
    assert (event["batch"], event["state"], event["imported"]) == (batch.pk, "done", 6)


class TestLabels:
    """What class folders become."""

    FILES = {"cat/1.jpg": picture_bytes(1), "bird/2.jpg": picture_bytes(2), "3.jpg": picture_bytes(3)}

    def test_trusted_folders_become_labels_and_missing_classes_are_made(self, tmp_path):
        project = make_project(classes=("cat",))

        batch = run(project, put(tmp_path / "in", self.FILES), labels="trusted")

        assert labels_of(project) == {
            "3.jpg": ("", Trust.NONE),
            "bird/2.jpg": ("bird", Trust.IMPORTED),
            "cat/1.jpg": ("cat", Trust.IMPORTED),
        }
        assert batch.labelled == 2
        assert batch.notices == ["Classes made from folder names: bird."]
        assert set(Annotation.objects.values_list("origin", flat=True)) == {"import"}

    def test_as_suggestions_they_are_a_score_set_and_nothing_is_trusted(self, tmp_path):
        project = make_project(classes=("cat",))

        batch = run(project, put(tmp_path / "in", self.FILES), labels="suggestions")

        assert set(labels_of(project).values()) == {("", Trust.NONE)}
        assert suggestions_of(project) == {1: "bird", 2: "cat"}
        assert batch.labelled == 0
        assert not Annotation.objects.exists()

    def test_ignored_they_are_only_remembered(self, tmp_path):
        project = make_project(classes=("cat",))

        run(project, put(tmp_path / "in", self.FILES), labels="ignore")

        assert set(labels_of(project).values()) == {("", Trust.NONE)}
        assert list(project.classes.values_list("name", flat=True)) == ["cat"]
        assert ImageSource.objects.get(path="cat/1.jpg").folder_label == "cat"
        assert not ScoreSet.objects.exists()

    def test_a_later_import_of_suggestions_adds_to_the_earlier(self, tmp_path):
        project = make_project()
        run(project, put(tmp_path / "one", {"cat/1.jpg": picture_bytes(1)}), labels="suggestions")
        run(project, put(tmp_path / "two", {"dog/2.jpg": picture_bytes(2)}), labels="suggestions")

        assert suggestions_of(project) == {0: "cat", 1: "dog"}

    def test_an_exact_duplicate_in_another_folder_becomes_a_suggestion_and_a_notice(self, tmp_path):
        project = make_project()
        same = picture_bytes(7)
        folder = put(tmp_path / "in", {"cat/1.jpg": same, "dog/1.jpg": same, "cat/2.jpg": same})

        batch = run(project, folder, labels="trusted")

        assert (batch.imported, batch.duplicates, batch.conflicts, batch.labelled) == (1, 2, 1, 1)
        assert set(labels_of(project).values()) == {("cat", Trust.IMPORTED)}
        assert suggestions_of(project) == {0: "dog"}
        assert "“dog/1.jpg”" in batch.notices[0]

    def test_a_picture_that_came_without_a_label_gets_it_from_a_later_import(self, tmp_path):
        project = make_project()
        run(project, put(tmp_path / "one", {"1.jpg": picture_bytes(1)}))

        batch = run(project, put(tmp_path / "two", {"cat/1.jpg": picture_bytes(1)}), labels="trusted")

        assert (batch.duplicates, batch.labelled) == (1, 1)
        assert labels_of(project)["1.jpg"] == ("cat", Trust.IMPORTED)


class TestRejected:
    """Files that are not taken."""

    def test_each_is_listed_with_its_reason_and_the_others_come_in(self, tmp_path):
        project = make_project()
        good = picture_bytes(1)
        files = {"good.jpg": good, "text.jpg": b"not a picture", "empty.png": b"", "cut.jpg": good[: len(good) // 2]}

        batch = run(project, put(tmp_path / "in", files))

        assert (batch.found, batch.imported, batch.rejected) == (4, 1, 3)
        rows = {row.path: row for row in RejectedFile.objects.all()}
        assert {path: row.reason for path, row in rows.items()} == {
            "text.jpg": Reason.NOT_AN_IMAGE,
            "empty.png": Reason.EMPTY_FILE,
            "cut.jpg": Reason.TRUNCATED,
        }
        assert rows["empty.png"].message == Reason.EMPTY_FILE.sentence

    def test_a_link_out_of_the_folder_is_not_followed(self, tmp_path):
        folder = put(tmp_path / "in", {"a.jpg": picture_bytes(1)})
        secret = put(tmp_path, {"secret.jpg": picture_bytes(2)}) / "secret.jpg"
        (folder / "link.jpg").symlink_to(secret)

        batch = run(make_project(), folder)

        assert (batch.found, batch.imported) == (2, 1)
        assert RejectedFile.objects.get().reason == Reason.UNSAFE_PATH

    def test_a_file_that_changes_under_the_import_is_not_stored_under_a_wrong_hash(self, tmp_path, monkeypatch):
        folder = put(tmp_path / "in", {"a.jpg": picture_bytes(1)})
        store = import_images.store_picture

        def overwrite_first(path, sha256, derivatives):
            path.write_bytes(b"something else")
            store(path, sha256, derivatives)

        monkeypatch.setattr(import_images, "store_picture", overwrite_first)

        batch = run(make_project(), folder)

        assert (batch.imported, batch.rejected) == (0, 1)
        assert RejectedFile.objects.get().reason == Reason.UNREADABLE

    def test_nothing_to_import_is_a_finished_import_of_nothing(self, tmp_path):
        batch = run(make_project(), put(tmp_path / "in", {".DS_Store": b"x"}))

        assert (batch.state, batch.found) == (ImportBatch.State.DONE, 0)
        assert not Job.objects.filter(kind=JobKind.EMBED).exists()


class TestZip:
    """Archives are unpacked and read like folders."""

    def test_its_folders_are_its_own_and_its_name_goes_before_them(self, tmp_path):
        project = make_project()
        packed = zipped({"photos/cat/1.jpg": picture_bytes(1), "photos/dog/2.jpg": picture_bytes(2)})
        folder = put(tmp_path / "in", {"more.zip": packed, "cat/3.jpg": picture_bytes(3)})

        batch = run(project, folder, labels="trusted")

        assert (batch.found, batch.imported, batch.rejected) == (3, 3, 0)
        assert {path: label for path, (label, _) in labels_of(project).items()} == {
            "cat/3.jpg": "cat",
            "more.zip/photos/cat/1.jpg": "cat",
            "more.zip/photos/dog/2.jpg": "dog",
        }

    def test_a_zip_alone_can_be_the_source(self, tmp_path):
        put(tmp_path, {"all.zip": zipped({"cat/1.jpg": picture_bytes(1)})})

        batch = run(make_project(), tmp_path / "all.zip")

        assert batch.imported == 1
        assert not inbox_of(batch).exists(), "what was unpacked is cleared away"

    def test_hostile_and_broken_archives_are_rejected_with_a_reason(self, tmp_path):
        packed = zipped({"../../evil.jpg": picture_bytes(1), "fine.jpg": picture_bytes(2)})
        folder = put(tmp_path / "in", {"evil.zip": packed, "broken.zip": b"PK\x03\x04 no more"})

        batch = run(make_project(), folder)

        assert (batch.found, batch.imported, batch.rejected) == (3, 1, 2)
        reasons = dict(RejectedFile.objects.values_list("path", "reason"))
        assert reasons == {"evil.zip/../../evil.jpg": Reason.UNSAFE_PATH, "broken.zip": Reason.ZIP_CORRUPT}


class TestInbox:
    """Uploaded files are kept as long as they may be needed."""

    def uploaded(self, files: dict[str, bytes]) -> tuple[ImportBatch, Job]:
        project = make_project()
        batch = create_batch(project=project, user=project.created_by, labels="ignore")
        put(uploads_of(batch), files)
        return batch, start_batch(batch=batch, user=project.created_by)

    def test_they_are_gone_when_the_import_is_done(self):
        batch, job = self.uploaded({"a.jpg": picture_bytes(1)})
        run_job(job.pk)

        assert Image.objects.count() == 1
        assert not inbox_of(batch).exists()

    def test_they_stay_when_the_import_fails_and_a_retry_ends_well(self, monkeypatch):
        batch, job = self.uploaded({"a.jpg": picture_bytes(1)})
        with monkeypatch.context() as broken:
            broken.setattr(import_images, "insert_images", lambda **_: 1 / 0)
            run_job(job.pk)
        batch.refresh_from_db()
        assert batch.state == ImportBatch.State.FAILED

        job.refresh_from_db()
        retry(job=job)
        run_job(job.pk)

        batch.refresh_from_db()
        assert (batch.state, batch.imported) == (ImportBatch.State.DONE, 1)

    def test_a_job_whose_files_are_gone_fails_in_words(self):
        batch, job = self.uploaded({"a.jpg": picture_bytes(1)})
        inbox_of(batch).rename(inbox_of(batch).with_name("moved"))

        run_job(job.pk)

        job.refresh_from_db()
        assert (job.state, job.error_code) == (Job.State.FAILED, "files_gone")
        assert job.error_hint


def test_cancelled_it_keeps_what_is_in_and_embeds_that(tmp_path, monkeypatch):
    project = make_project()
    folder = put(tmp_path / "in", {f"{n:03}.jpg": picture_bytes(n) for n in range(30)})
    monkeypatch.setattr(import_images, "CHUNK", 8)
    monkeypatch.setattr("worker.runner.REPORT_SECONDS", 0)
    batch, job = start(project, folder)
    save = import_images._save

    def cancel_after_first(work, arrivals, refusals):
        save(work, arrivals, refusals)
        request_cancel(job=Job.objects.get(pk=job.pk))

    monkeypatch.setattr(import_images, "_save", cancel_after_first)
    run_job(job.pk)

    job.refresh_from_db()
    batch.refresh_from_db()
    assert (job.state, batch.state) == (Job.State.CANCELLED, ImportBatch.State.CANCELLED)
    assert Image.objects.count() == batch.imported == 8
    assert Job.objects.filter(kind=JobKind.EMBED, state=Job.State.QUEUED).exists()


def catalogue(project: Project) -> list[tuple]:
    """Everything about a project's pictures that must not depend on what happened on the way."""
    names = ("position", "sha256", "group", "lot", "reserve", "split", "label__name", "trust")
    images = list(Image.objects.filter(project=project).order_by("position").values_list(*names))
    sources = ImageSource.objects.filter(image__project=project).order_by("path")
    return [*images, *sources.values_list("path", "image__position", "folder_label", "suggests")]


@pytest.mark.parametrize("step", ["insert_images", "record_import_labels", "store_picture", "publish_suggestions"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_attempt_that_dies_is_made_up_for(tmp_path, monkeypatch, step, when):
    """A second attempt after a failure just before or after any step ends like an undisturbed run."""
    same = picture_bytes(99)
    files = {f"{'cat' if n % 2 else 'dog'}/{n:02}.jpg": picture_bytes(n) for n in range(12)}
    folder = put(tmp_path / "in", files | {"cat/same.jpg": same, "dog/same.jpg": same, "cat/bad.jpg": b"bad"})
    monkeypatch.setattr(import_images, "CHUNK", 4)
    key = "0" * 32
    undisturbed = make_project(lot_key=key, reserve_share=0.3)
    expected = run(undisturbed, folder, labels="trusted")

    project = make_project(lot_key=key, reserve_share=0.3)
    batch, job = start(project, folder, labels="trusted")
    with monkeypatch.context() as broken:
        real, calls = getattr(import_images, step), []

        def die(*args, **kwargs):
            calls.append(1)
            second = len(calls) == (1 if step == "publish_suggestions" else 2)
            if second and when == "before":
                raise OSError("killed")
            result = real(*args, **kwargs)
            if second:
                raise OSError("killed")
            return result

        broken.setattr(import_images, step, die)
        run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    retry(job=job)
    run_job(job.pk)

    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.DONE
    assert catalogue(project) == catalogue(undisturbed)
    assert suggestions_of(project) == suggestions_of(undisturbed)
    counts = import_images.COUNTS
    assert [getattr(batch, name) for name in counts] == [getattr(expected, name) for name in counts]
    assert Annotation.objects.filter(project=project).count() == expected.labelled


def test_two_imports_at_once_share_positions_and_duplicates_without_gaps(tmp_path):
    """Two workers import overlapping folders into one project."""
    project = make_project()
    one = put(tmp_path / "one", {f"{n:02}.jpg": picture_bytes(n) for n in range(20)})
    two = put(tmp_path / "two", {f"{n:02}.jpg": picture_bytes(n) for n in range(10, 30)})
    jobs = [start(project, folder)[1] for folder in (one, two)]
    threads = [threading.Thread(target=run_job, args=(job.pk,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(Job.objects.filter(kind=JobKind.IMPORT).values_list("state", flat=True)) == {Job.State.SUCCEEDED}
    positions = np.array(Image.objects.order_by("position").values_list("position", flat=True))
    assert positions.tolist() == list(range(30))
    assert ImageSource.objects.count() == 40
