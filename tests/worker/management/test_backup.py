"""`annotator backup` writes everything to one file while the product runs; `annotator restore` puts it back."""

from __future__ import annotations

import errno
import hashlib
import json
import resource
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, connections

from annotator.common.blobs import VARIANTS, blob_key, store_picture
from annotator.images.models import Image, ScoreSet
from annotator.images.services import collect_garbage, create_batch, ensure_space, start_batch
from annotator.projects.models import Project
from tests.annotator.images.arrivals import open_batch, store_scores
from tests.factories import make_image, make_project, picture_bytes
from tests.worker.management.tampering import rewrite, with_manifest, with_member
from worker.management import archive
from worker.management.commands import backup as backup_command
from worker.management.supervisor import Supervisor
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def data(settings, tmp_path) -> Iterator[Path]:
    """A data directory of the test's own; tables that a restore has moved aside are dropped in the end."""
    settings.DATA_DIR = tmp_path / "data"
    for name in ("blobs", "arrays", "inbox", "scratch"):
        setattr(settings, f"{name.removesuffix('s').upper()}_DIR", settings.DATA_DIR / name)
    local = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(settings.BLOB_DIR)},
    }
    settings.STORAGES = settings.STORAGES | {"default": local}
    settings.DATA_DIR.mkdir()
    (settings.DATA_DIR / "secret.key").write_text(settings.SECRET_KEY)
    yield settings.DATA_DIR
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'before_restore_%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP SCHEMA "{name}" CASCADE')


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "backup.tar"


@pytest.fixture
def run(capsys) -> Callable[..., dict[str, Any]]:
    """Run a command; return what it prints as JSON."""

    def run_(*args: Any) -> dict[str, Any]:
        capsys.readouterr()
        call_command(*map(str, args), "--json")
        return dict(json.loads(capsys.readouterr().out))

    return run_


def add_picture(project: Project, folder: Path) -> Image:
    """Add a picture with its blobs; `folder` is where it comes from."""
    project.refresh_from_db()
    content = picture_bytes(project.next_position)
    sha256 = hashlib.sha256(content).hexdigest()
    original = folder / f"{sha256}.jpg"
    original.write_bytes(content)
    store_picture(original, sha256, dict.fromkeys(("thumb", "model", "preview"), content[:100]))
    return make_image(project, sha256=sha256)


@pytest.fixture
def project(tmp_path) -> Project:
    """A project with two pictures and scores."""
    project = make_project()
    for _ in range(2):
        add_picture(project, tmp_path)
    store_scores(project, [[("cat", 0.9)], [("dog", 0.8)]], kind="import")
    return project


def catalogue() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}


def files(data: Path) -> dict[str, bytes]:
    """All files of the data directory but the lock."""
    found = {str(path.relative_to(data)): path.read_bytes() for path in data.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name != "up.lock"}


def wipe(data: Path) -> None:
    """Leave what a fresh machine has: an empty database and a key of its own."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connections.close_all()
    if connection.vendor == "sqlite":
        for end in ("", "-wal", "-shm"):
            Path(f"{connection.settings_dict['NAME']}{end}").unlink(missing_ok=True)
    data.rename(data.with_name("lost"))
    data.mkdir()
    (data / "secret.key").write_text("another")


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """Let the kernel refuse to make any file longer than so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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
    assert written["counts"] == restored["counts"] == {"projects": 1, "images": 3, "annotations": 3, "users": 1}
    assert written["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o077 == 0
    assert written["notices"] == restored["notices"] == []
    assert not list(tmp_path.glob("*.part*"))


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
    assert "1 projects, 2 images, 0 annotations, 1 users." in capsys.readouterr().out

    call_command("restore", str(file), "--yes")
    out = capsys.readouterr().out
    assert "1 projects, 2 images, 0 annotations, 1 users." in out
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
        monkeypatch.setattr(backup_command, "score_folders_now", list)

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
        before = sorted(file.parent.iterdir())
        with pytest.raises(CommandError, match=match) as error:
            call_command("backup", str(file))
        assert "\n" not in str(error.value)
        assert sorted(file.parent.iterdir()) == before

    def test_the_file_is_there_already(self, project, file):
        file.write_text("precious")
        self.refused(file, "already something")
        assert file.read_text() == "precious"

    def test_the_folder_is_not_there(self, project, tmp_path):
        with pytest.raises(CommandError, match="no folder"):
            call_command("backup", str(tmp_path / "nowhere" / "backup.tar"))

    def test_the_disk_fills_up_while_the_database_is_copied(self, project, file):
        with full_disk(after=20_000):
            self.refused(file, "could not be (copied|written)|pg_dump failed")

    def test_the_disk_fills_up_at_the_end(self, project, file, monkeypatch):
        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(archive.os, "fsync", full)
            self.refused(file, "No space left on device")

    def test_another_one_is_being_written_there(self, project, file):
        with archive.whole_or_nothing(file):
            self.refused(file, "Another backup")

    def test_there_is_no_database_yet(self, data, file, restored_afterwards):
        wipe(data)
        self.refused(file, "nothing to back up yet")


class TestRestoreThatIsRefused:
    """One line, and all is as it was."""

    @pytest.fixture(autouse=True)
    def written(self, project, file, run) -> None:
        run("backup", file)

    def refused(self, file: Path, data: Path, match: str, *args: str) -> None:
        before, stored = catalogue(), files(data)
        with pytest.raises(CommandError, match=match) as error:
            call_command("restore", str(file), *args)
        assert "\n" not in str(error.value)
        assert catalogue() == before
        assert files(data) == stored
        assert not list(data.glob("before_restore_*"))
        assert not (data.parent / "evil").exists()

    def test_one_that_leads_out_of_the_data_directory(self, data, file):
        rewrite(file, with_member("blobs/../../evil"))
        self.refused(file, data, "which is no name for a file of a backup. Nothing was changed", "--yes")

    def test_one_that_ends_early(self, data, file):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        self.refused(file, data, "it is not a backup, or it ends early. Nothing was changed", "--yes")

    def test_a_flipped_bit(self, data, file):
        content = bytearray(file.read_bytes())
        content[content.index(b"\xff\xd8\xff") + 50] ^= 1  # within a JPEG
        file.write_bytes(content)
        self.refused(file, data, "is not what was written", "--yes")

    def test_something_else_or_nothing(self, data, file):
        file.write_text("my shopping list" * 100)
        self.refused(file, data, "not a backup", "--yes")
        self.refused(file.with_name("nothing.tar"), data, "No such file", "--yes")

    def test_a_place_that_is_in_use(self, data, file):
        self.refused(file, data, "With --yes it is moved aside")

    def test_while_the_product_runs(self, data, file):
        running = Supervisor()
        running.take_data_dir()
        try:
            self.refused(file, data, "in use by another annotator", "--yes")
        finally:
            running.close()

    def test_from_a_later_version(self, data, file):
        rewrite(file, with_manifest(version="9.9", migrations=["images.0099_future"]))
        self.refused(file, data, r"of version 9\.9", "--yes")

    def test_from_the_other_database(self, data, file):
        rewrite(file, with_manifest(database="oracle"))
        self.refused(file, data, "DATABASE_URL", "--yes")

    def test_without_room(self, data, file, monkeypatch):
        usage = type("Usage", (), {"free": 1000})
        monkeypatch.setattr("worker.management.commands.restore.shutil.disk_usage", lambda path: usage)
        self.refused(file, data, "0 MiB free", "--yes")

    def test_when_the_disk_fills_up(self, data, file):
        with full_disk(after=20_000):
            self.refused(file, data, "File too large", "--yes")

    def test_when_a_file_cannot_be_put_in_its_place(self, data, file, monkeypatch):
        move, calls = shutil.move, []

        def fail(source: Path, target: Path) -> None:
            calls.append(source)
            if len(calls) == 4:
                raise OSError(errno.EIO, "Input/output error")
            move(source, target)

        monkeypatch.setattr("worker.management.commands.restore.shutil.move", fail)
        self.refused(file, data, "Input/output error", "--yes")
        assert len(calls) > 4, "what had been moved was moved back"


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
