"""`annotator backup` writes everything to one file while the product runs; `annotator restore` puts it back."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django_celery_beat.models import PeriodicTask

from annotator.common.arrays import array_path
from annotator.common.blobs import VARIANTS, blob_key
from annotator.events.models import Webhook
from annotator.images.models import Image, ScoreSet
from annotator.images.services import collect_garbage, create_batch, ensure_space, start_batch
from annotator.modeling.models import TrainingRun
from tests.annotator.images.arrivals import open_batch, store_scores
from tests.factories import make_project, picture_bytes
from tests.worker.handlers.upkeep import furnish
from tests.worker.management.installation import add_picture, catalogue, files, full_disk, wipe
from worker.management import archive
from worker.management.commands import backup as backup_command
from worker.runner import run_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data")]


@pytest.fixture
def restored_afterwards(project, file, run, data) -> Iterator[None]:
    """Put back the tables that a test takes away."""
    kept = file.with_name("kept.tar")
    run("backup", kept)
    yield
    run("restore", kept, "--yes")


def test_what_was_lost_comes_back_as_it_was(data, file, run, tmp_path):
    (tmp_path / "photos/cat").mkdir(parents=True)
    for number in range(3):
        (tmp_path / f"photos/cat/{number}.jpg").write_bytes(picture_bytes(number))
    project = make_project()
    for labels in ("trusted", "suggestions"):
        batch = create_batch(
            project=project, user=project.created_by, labels=labels, source_path=str(tmp_path / "photos")
        )
        run_job(start_batch(batch=batch, user=project.created_by).pk)
    before, stored = catalogue(), files(data)
    assert len([name for name in stored if name.startswith("blobs/")]) == 12
    assert any(name.startswith("arrays/") for name in stored)

    written = run("backup", file)
    wipe(data)
    restored = run("restore", file)

    assert catalogue() == before
    aside = Path(restored["moved_to"][0])
    assert (aside / "secret.key").read_text() == "another"
    assert {name: content for name, content in files(data).items() if not name.startswith(aside.name)} == stored
    counts = {"projects": 1, "images": 3, "annotations": 3, "snapshots": 0, "models": 0, "users": 1}
    assert written["counts"] == restored["counts"] == counts
    assert written["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o077 == 0
    assert written["notices"] == restored["notices"] == []
    assert not list(tmp_path.glob("*.part*"))


def test_models_curves_schedules_and_webhooks_come_back_too(data, file, run):
    """All but what can be made again: exports, checkpoints, and files that wait to be imported."""
    project = furnish("pets", seeds=(1, 2))
    training = TrainingRun.objects.get()
    attempt = array_path(f"runs/{project.pk}/{training.pk}/attempt-1")
    (attempt / "tensorboard").mkdir(parents=True, exist_ok=True)
    for name in ("metrics.jsonl", "log.txt", "tensorboard/events.out.tfevents.1.host.2.0", "checkpoint.pt"):
        (attempt / name).write_text(name)
    before, stored = catalogue(), files(data)
    passing = (f"arrays/exports/{project.pk}/", "inbox/", "scratch/")
    kept = {name: content for name, content in stored.items() if not name.startswith(passing)}
    kept.pop(next(name for name in kept if name.endswith("checkpoint.pt")))

    run("backup", file)
    wipe(data)
    restored = run("restore", file)

    assert catalogue() == before
    aside = Path(restored["moved_to"][0]).name
    assert {name: content for name, content in files(data).items() if not name.startswith(aside)} == kept
    assert restored["counts"]["models"] == 1
    assert PeriodicTask.objects.get(name=f"schedule of {project.pk}").crontab.minute == "0"
    assert Webhook.objects.get().url == "https://example.org"


def test_plain_tools_can_read_and_check_it(project, data, file, run, tmp_path):
    run("backup", file)

    with tarfile.open(file) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    listed = dict(reversed(line.split("  ")) for line in (tmp_path / "out/SHA256SUMS").read_text().splitlines())

    unpacked = {name: hashlib.sha256(content).hexdigest() for name, content in files(tmp_path / "out").items()}
    unpacked.pop("SHA256SUMS")
    assert listed == unpacked
    assert json.loads((tmp_path / "out/manifest.json").read_text())["counts"]["images"] == 2


def test_words_say_how_much_it_is(project, data, file, capsys):
    call_command("backup", str(file))
    assert "1 projects, 2 images, 0 annotations, 0 snapshots, 0 models, 1 users." in capsys.readouterr().out

    call_command("restore", str(file), "--yes")
    out = capsys.readouterr().out
    assert "1 projects, 2 images, 0 annotations, 0 snapshots, 0 models, 1 users." in out
    assert f"What was there before is in {data}/before_restore_" in out


class TestWhileTheProductRuns:
    """A backup is of one moment, whatever is written meanwhile."""

    def test_it_holds_all_that_its_catalogue_names(self, project, data, file, run, tmp_path):
        stop, failures = threading.Event(), []

        def work() -> None:
            space = ensure_space(project=project, dim=4)
            try:
                while not stop.is_set():
                    add_picture(project, tmp_path)
                    store_scores(project, [[("cat", 0.5)]], space=space)
                    collect_garbage(project.pk)
                    stop.wait(0.1)  # two refreshes take longer than copying the scores
            except Exception as error:  # noqa: BLE001 - reported by the test
                failures.append(error)
            finally:
                connection.close()

        worker = threading.Thread(target=work)
        worker.start()
        try:
            written = [run("backup", tmp_path / f"{number}.tar") for number in range(3)]
        finally:
            stop.set()
            worker.join()
        assert failures == []
        assert all(each["notices"] == [] for each in written)

        for each in written:
            restored = run("restore", each["file"], "--yes")
            assert restored["counts"] == each["counts"]
            images = Image.objects.values_list("sha256", flat=True)
            assert len(images) == each["counts"]["images"]
            names = {f"blobs/{blob_key(sha256, variant)}" for sha256 in images for variant in VARIANTS}
            names |= {
                f"arrays/{folder}/{array}.npy"
                for folder in ScoreSet.objects.exclude(folder="").values_list("folder", flat=True)
                for array in ("top_class", "top_prob")
            }
            assert {name for name in files(data) if name.startswith(("blobs/", "arrays/"))} == names

    def test_scores_that_are_cleared_away_meanwhile_make_it_begin_anew(self, project, file, run, monkeypatch):
        space = ensure_space(project=project, dim=4)
        store_scores(project, [[("cat", 0.5)]], space=space)
        real, calls = backup_command.contents, []

        def overtake() -> None:
            for _ in range(2):
                store_scores(project, [[("dog", 0.5)]], space=space)
            assert collect_garbage(project.pk) == 1
            connection.close()

        def overtaken() -> Any:
            calls.append(real())
            if len(calls) == 1:
                meanwhile = threading.Thread(target=overtake)
                meanwhile.start()
                meanwhile.join()
            return calls[-1]

        monkeypatch.setattr(backup_command, "contents", overtaken)
        assert run("backup", file)["notices"] == []

        assert len(calls) == 2
        with tarfile.open(file) as tar:
            folders = {name.split("/", 1)[1].rsplit("/", 1)[0] for name in tar.getnames() if name.startswith("arrays/")}
        assert folders == set(ScoreSet.objects.exclude(folder="").values_list("folder", flat=True))

    def test_scores_that_never_stay_are_told(self, project, file, monkeypatch):
        monkeypatch.setattr(backup_command, "passing_folders_now", list)

        with pytest.raises(CommandError, match="quieter time"):
            call_command("backup", str(file))
        assert not list(file.parent.glob("backup*"))


class TestNotices:
    """What a backup lacks is said."""

    def test_files_that_are_missing_or_rotten_already(self, project, settings, file, run):
        first, second = Image.objects.order_by("position")
        (settings.BLOB_DIR / blob_key(first.sha256, "thumb")).unlink()
        (settings.BLOB_DIR / blob_key(second.sha256, "original")).write_bytes(b"rot")

        notices = run("backup", file)["notices"]

        assert notices == [
            f"Here already missing: 1 files or folders (blobs/{blob_key(first.sha256, 'thumb')}).",
            f"Here already damaged: 1 files or folders (blobs/{blob_key(second.sha256, 'original')}).",
        ]

    def test_removed_pictures_whose_files_were_cleared_away_are_not_missed(self, project, settings, file, run):
        first, second = Image.objects.order_by("position")
        Image.objects.filter(pk__in=[first.pk, second.pk]).update(archived_at="2026-01-01T00:00:00Z")
        shutil.rmtree((settings.BLOB_DIR / blob_key(first.sha256, "original")).parent)

        assert run("backup", file)["notices"] == []

        with tarfile.open(file) as tar:
            names = set(tar.getnames())
        assert f"blobs/{blob_key(second.sha256, 'original')}" in names
        assert f"blobs/{blob_key(first.sha256, 'original')}" not in names

    def test_imports_under_way(self, project, file, run):
        open_batch(project)
        assert "1 imports were under way" in run("backup", file)["notices"][0]

    def test_a_key_that_comes_from_the_environment(self, project, data, file, run):
        (data / "secret.key").write_text("unused")
        assert "ANNOTATOR_SECRET_KEY" in run("backup", file)["notices"][0]
        with tarfile.open(file) as tar:
            assert "secret.key" not in tar.getnames()

    def test_pictures_in_a_bucket_stay_there(self, project, settings, file, run):
        settings.BLOB_BUCKET = "pictures"

        assert run("backup", file)["notices"] == ["The pictures are not in it: they are in the bucket pictures."]
        restored = run("restore", file, "--yes")

        assert restored["notices"] == ["The pictures were not in it: they are in the bucket pictures."]
        settings.BLOB_BUCKET = ""
        with pytest.raises(CommandError, match="in the bucket pictures, and this installation uses a folder"):
            call_command("restore", str(file), "--yes")


class TestBackupThatCannotBeMade:
    """One line, and nothing is left behind."""

    def refused(self, file: Path, match: str) -> None:
        place = Path(str(file).partition("backup.tar")[0])
        before = sorted(place.iterdir())
        with pytest.raises(CommandError, match=match) as error:
            call_command("backup", str(file))
        assert "\n" not in str(error.value)
        assert sorted(place.iterdir()) == before

    def test_the_place_is_taken_or_is_not_there(self, project, file):
        self.refused(file / "backup.tar", "no folder")
        with archive.whole_or_nothing(file):
            self.refused(file, "Another backup")
        file.write_text("precious")
        self.refused(file, "already something")
        assert file.read_text() == "precious"

    def test_the_disk_fills_up_while_the_database_is_copied(self, project, file):
        with full_disk(after=20_000):
            self.refused(file, "could not be (copied|written)|pg_dump failed")

    def test_the_disk_fills_up_at_the_end(self, project, file, monkeypatch):
        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(archive.os, "fsync", full)
            self.refused(file, "No space left on device")

    def test_there_is_no_database_yet(self, data, file, restored_afterwards):
        wipe(data)
        self.refused(file, "nothing to back up yet")


class TestPostgresql:
    """The tools that a backup of PostgreSQL needs."""

    def test_without_them_it_is_said_what_to_install(self, file, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(connections["default"], "vendor", "postgresql")
            patch.setenv("PATH", "/nowhere")
            with pytest.raises(CommandError, match=r"pg_dump not found: .*apt install postgresql-client"):
                call_command("backup", str(file))


def test_the_copy_of_the_database_is_one_sound_file(project, file, run, tmp_path):
    run("backup", file)

    with tarfile.open(file) as tar:
        name = next(name for name in tar.getnames() if name.startswith("database."))
        tar.extract(name, tmp_path, filter="data")

    if connection.vendor == "sqlite":
        copy = sqlite3.connect(tmp_path / name)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        copy.close()
    else:
        assert (tmp_path / name).read_bytes().startswith(b"PGDMP")
