"""`annotator restore`: put back what `annotator backup` wrote, all of it or nothing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from worker.management.archive import Archive, Damaged
from worker.management.commands.backup import KEY, MEMBER_OF
from worker.management.databases import check_sqlite, count, in_use, need_tools, restore_postgresql
from worker.management.supervisor import Supervisor

Moves = list[tuple[Path, Path]]


class Command(BaseCommand):
    """Check the file, unpack it beside what is there, and only then exchange the two."""

    help = (
        "Put back a backup into the data directory and the database. The product must be stopped. What is there is "
        "moved aside, never deleted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("file", type=Path, help="a file that `annotator backup` has written")
        parser.add_argument("--yes", action="store_true", help="also where there is data already; it is moved aside")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        """Restore; print what there is now."""
        path = options["file"]
        try:
            archive = Archive(path)
            _check_fits(archive)
            with closing(Supervisor()) as lock:
                lock.take_data_dir()
                _check_free(archive, may_replace=options["yes"])
                moved = _restore(archive)
                counts = count()
        except Damaged as error:
            raise CommandError(f"{path} cannot be restored: {error}. Nothing was changed.") from error
        except OSError as error:
            told = f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else "")
            raise CommandError(f"{path} cannot be restored: {told}. Nothing was changed.") from error
        except sqlite3.Error as error:
            raise CommandError(f"{path} cannot be restored: its database: {error}. Nothing was changed.") from error
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {str(error).strip()}. Check DATABASE_URL.") from error
        self._tell(archive, counts, moved, as_json=options["json"])

    def _tell(self, archive: Archive, counts: dict[str, int], moved: list[str], *, as_json: bool) -> None:
        manifest, notices = archive.manifest, []
        if manifest.bucket:
            notices.append(f"The pictures were not in it: they are in the bucket {manifest.bucket}.")
        if manifest.version != settings.VERSION:
            notices.append(f"It is of version {manifest.version}; `annotator up` brings the database up to date.")
        if as_json:
            shown = {"made_at": manifest.made_at, "counts": counts, "moved_to": moved, "notices": notices}
            self.stdout.write(json.dumps(shown))
            return
        parts = ", ".join(f"{number} {name}" for name, number in counts.items())
        self.stdout.write(f"Restored what was backed up at {manifest.made_at}: {parts}.")
        if moved:
            notices.append(f"What was there before is in {' and '.join(moved)}.")
        for notice in notices:
            self.stdout.write(f"  {notice}")


def _check_fits(archive: Archive) -> None:
    """Look whether this installation can take the backup. Raises CommandError."""
    manifest = archive.manifest
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if not set(manifest.migrations) <= known:
        raise CommandError(
            f"The backup is of version {manifest.version}, whose database this one ({settings.VERSION}) does not know. "
            "Install that version or a later one."
        )
    if manifest.database != connection.vendor:
        raise CommandError(
            f"The backup is of a {manifest.database} database, and this installation uses {connection.vendor}. "
            "Set DATABASE_URL accordingly."
        )
    if manifest.bucket != settings.BLOB_BUCKET:
        there = f"in the bucket {manifest.bucket}" if manifest.bucket else "in the backup itself"
        here = f"the bucket {settings.BLOB_BUCKET}" if settings.BLOB_BUCKET else "a folder"
        raise CommandError(f"Its pictures are {there}, and this installation uses {here}. Set ANNOTATOR_S3_BUCKET.")
    if connection.vendor == "postgresql":
        need_tools("pg_restore", "psql")


def _check_free(archive: Archive, *, may_replace: bool) -> None:
    """Look whether there is room, and nothing that somebody may want to keep. Raises CommandError."""
    data = Path(settings.DATA_DIR)
    full = [folder for folder in (settings.BLOB_DIR, settings.ARRAY_DIR) if folder.is_dir() and any(folder.iterdir())]
    if (full or in_use()) and not may_replace:
        raise CommandError(
            f"There is data in {full[0] if full else 'the database'} already. "
            "With --yes it is moved aside and the backup put in its place."
        )
    free = shutil.disk_usage(data).free
    if free < archive.size:
        need, have = archive.size / 2**20, free / 2**20
        raise CommandError(f"{data} has {have:.0f} MiB free, and the backup takes {need:.0f} MiB. Free some space.")


def _restore(archive: Archive) -> list[str]:
    """Unpack, verify, exchange; return where that is which was there before."""
    data = Path(settings.DATA_DIR)
    aside = data / f"before_restore_{timezone.now():%Y%m%d_%H%M%S_%f}"
    schema = aside.name if connection.vendor == "postgresql" and in_use() else ""
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=data) as name:
        draft = Path(name)
        archive.unpack(draft)
        if connection.vendor == "sqlite":
            check_sqlite(draft / MEMBER_OF["sqlite"])
        os.sync()
        connections.close_all()
        with _exchanged(_arrivals(draft), aside):
            if connection.vendor == "postgresql":
                restore_postgresql(draft / MEMBER_OF["postgresql"], schema)
        os.sync()
    return [*([str(aside)] if aside.exists() else []), *([f"the schema {schema}"] if schema else [])]


def _arrivals(draft: Path) -> Moves:
    """Return what was unpacked, each with its place; what is not there empties its place."""
    places = [
        (draft / "blobs", Path(settings.BLOB_DIR)),
        (draft / "arrays", Path(settings.ARRAY_DIR)),
        (draft / "inbox", Path(settings.INBOX_DIR)),
        (draft / "scratch", Path(settings.SCRATCH_DIR)),
    ]
    if (draft / KEY).exists():
        places.append((draft / KEY, Path(settings.DATA_DIR) / KEY))
    if connection.vendor == "sqlite":
        database = Path(connection.settings_dict["NAME"])
        member = MEMBER_OF["sqlite"]
        places += [(draft / f"{member}{end}", Path(f"{database}{end}")) for end in ("", "-wal", "-shm")]
    return places


@contextmanager
def _exchanged(arrivals: Moves, aside: Path) -> Iterator[None]:
    """Move what is at each place aside and what arrives there in; if anything goes wrong, also within, all back."""
    done: Moves = []

    def move(source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source, target)
        done.append((source, target))

    try:
        for _, place in arrivals:
            if place.exists() and (place.is_file() or any(place.iterdir())):
                move(place, aside / place.name)
        for arrival, place in arrivals:
            if arrival.exists():
                if place.is_dir():
                    place.rmdir()
                move(arrival, place)
        yield
    except BaseException:
        _move_back(done, aside)
        raise


def _move_back(done: Moves, aside: Path) -> None:
    for source, target in reversed(done):
        shutil.move(target, source)
    if aside.exists():
        aside.rmdir()
