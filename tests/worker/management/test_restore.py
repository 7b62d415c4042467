"""`annotator restore` refuses whatever would not end well: in one line, and all is as it was."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.worker.management.installation import catalogue, files, full_disk
from tests.worker.management.tampering import rewrite, with_content, with_manifest, with_member
from worker.management.supervisor import Supervisor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data")]


@pytest.fixture(autouse=True)
def written(project, file, run) -> None:
    run("backup", file)


def refused(file: Path, data: Path, match: str, *args: str) -> None:
    before, stored = catalogue(), files(data)
    with pytest.raises(CommandError, match=match) as error:
        call_command("restore", str(file), *args)
    assert "\n" not in str(error.value)
    assert catalogue() == before
    assert files(data) == stored
    assert not list(data.glob("before_restore_*"))
    assert not (data.parent / "evil").exists()


def test_what_is_not_what_was_written(data, file):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    refused(file, data, "it is not a backup, or it ends early. Nothing was changed", "--yes")

    where = content.index(b"\xff\xd8\xff") + 50  # within a JPEG
    file.write_bytes(content[:where] + bytes([content[where] ^ 1]) + content[where + 1 :])
    refused(file, data, "original is not what was written. Nothing was changed", "--yes")

    file.write_bytes(content)
    rewrite(file, with_member("blobs/../../evil"))
    refused(file, data, "which is no name for a file of a backup. Nothing was changed", "--yes")

    file.write_bytes(content)
    rewrite(file, with_content("database.", b"PGDMP is how a dump begins, and this is none"))
    refused(file, data, "database|pg_restore failed, and nothing was changed", "--yes")

    file.unlink()
    refused(file, data, "No such file", "--yes")


def test_what_does_not_fit_this_installation(data, file, settings):
    kept = file.read_bytes()
    rewrite(file, with_manifest(version="9.9", migrations=["images.0099_future"]))
    refused(file, data, r"of version 9\.9", "--yes")

    file.write_bytes(kept)
    rewrite(file, with_manifest(database="oracle"))
    refused(file, data, "DATABASE_URL", "--yes")

    file.write_bytes(kept)
    settings.BLOB_BUCKET = "pictures"
    refused(file, data, "in the backup itself, and this installation uses the bucket pictures", "--yes")


def test_a_place_that_is_in_use(data, file):
    refused(file, data, "With --yes it is moved aside")


def test_while_the_product_runs(data, file):
    running = Supervisor()
    running.take_data_dir()
    try:
        refused(file, data, "in use by another annotator", "--yes")
    finally:
        running.close()


def test_when_the_disk_is_full(data, file, monkeypatch):
    with full_disk(after=20_000):
        refused(file, data, "File too large", "--yes")
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("worker.management.commands.restore.shutil.disk_usage", lambda path: usage)
    refused(file, data, "0 MiB free", "--yes")


def test_when_a_file_cannot_be_put_in_its_place(data, file, monkeypatch):
    move, calls = shutil.move, []

    def fail(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == 4:
            raise OSError(errno.EIO, "Input/output error")
        move(source, target)

    monkeypatch.setattr("worker.management.commands.restore.shutil.move", fail)
    refused(file, data, "Input/output error", "--yes")
    assert len(calls) > 4, "what had been moved was moved back"
