"""`annotator backup`: everything that cannot be made again, in one file, while the product runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from annotator.common.arrays import array_path
from annotator.common.blobs import ORIGINAL, VARIANTS, blob_key
from annotator.modeling.services.runs import LIGHT
from worker.management.archive import FORMAT, MANIFEST, Manifest, Writer, whole_or_nothing
from worker.management.databases import Contents, contents, copy_to, in_use, need_tools, one_moment, passing_folders_now

ATTEMPTS = 5  # heads and models may come and go while their arrays are copied
MEMBER_OF = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
KEY = "secret.key"


class Command(BaseCommand):
    """Copy the database, and then what that copy names: it never changes, so the whole is of one moment."""

    help = (
        "Write database, pictures, arrays and the secret key to one tar file. The product may run meanwhile. "
        "Whoever has the file can read everything in it: keep it safe."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("file", type=Path, help="the file to write; it must not exist yet")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        """Write the backup; print what is in it."""
        path = _checked(options["file"])
        database = path.with_name(f"{path.name}.part.database")
        try:
            if not in_use():
                raise CommandError("There is nothing to back up yet: the database has no tables.")
            with whole_or_nothing(path) as stream:
                backup = Backup(stream, database)
                backup.write()
        except BlockingIOError as error:
            raise CommandError(f"Another backup is being written to {path}.") from error
        except OSError as error:
            raise CommandError(f"The backup could not be written: {error.strerror or error}.") from error
        except (DatabaseError, sqlite3.Error) as error:
            raise CommandError(f"The database could not be copied: {str(error).strip()}.") from error
        finally:
            database.unlink(missing_ok=True)
        self._tell(path, backup, as_json=options["json"])

    def _tell(self, path: Path, backup: Backup, *, as_json: bool) -> None:
        if as_json:
            shown = {
                "file": str(path),
                "bytes": path.stat().st_size,
                "members": backup.writer.members,
                "counts": backup.contents.counts,
                "notices": backup.notices,
            }
            self.stdout.write(json.dumps(shown))
            return
        parts = ", ".join(f"{number} {name}" for name, number in backup.contents.counts.items())
        self.stdout.write(f"Wrote {path} ({path.stat().st_size / 2**20:.1f} MiB): {parts}.")
        for notice in backup.notices:
            self.stdout.write(f"  {notice}")


class Backup:
    """One backup in the making."""

    writer: Writer
    contents: Contents

    def __init__(self, stream: IO[bytes], database: Path) -> None:
        """Begin; the database is copied to the file `database` on its way."""
        self.stream = stream
        self.database = database
        self.notices: list[str] = []
        self._missing: list[str] = []
        self._rotten: list[str] = []

    def write(self) -> None:
        """Write all members.

        Raises:
            CommandError: scores were cleared away faster than they could be copied.
            OSError: no space, or no right to write.
        """
        for _ in range(ATTEMPTS):
            with one_moment():
                self._begin()
                if set(self.contents.passing_folders) <= set(passing_folders_now()):
                    copy_to(self.database)
                    break
        else:
            raise CommandError("Scores are cleared away faster than they are copied. Try again at a quieter time.")
        self.writer.add_file(MEMBER_OF[connection.vendor], self.database)
        self._add_arrays(self.contents.kept_folders)
        self._add_runs()
        self._add_pictures()
        self._add_key()
        self.writer.close()
        self._take_notice()

    def _begin(self) -> None:
        """Say what it will be, and add first what is cleared away in time."""
        self._missing = []
        self.contents = contents()
        self.writer = Writer(self.stream, self.database.parent)
        manifest = Manifest(
            format=FORMAT,
            version=settings.VERSION,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            database=connection.vendor,
            migrations=self.contents.migrations,
            counts=self.contents.counts,
            bucket=settings.BLOB_BUCKET,
        )
        self.writer.add_bytes(MANIFEST, manifest.to_json())
        self._add_arrays(self.contents.passing_folders)

    def _add_arrays(self, folders: Sequence[str]) -> None:
        for folder in folders:
            try:
                for path in sorted(array_path(folder).iterdir()):
                    self.writer.add_file(f"arrays/{folder}/{path.name}", path)
            except FileNotFoundError:
                self._missing.append(f"arrays/{folder}")

    def _add_runs(self) -> None:
        """Add curves and logs of training runs; checkpoints are of use to a run that is at work alone."""
        for folder in self.contents.runs:
            for path in sorted(array_path(folder).glob("attempt-*/**/*")):
                name = path.relative_to(array_path(folder))
                if LIGHT.isdisjoint(name.parts[1:2]) or not path.is_file():
                    continue
                with suppress(FileNotFoundError):  # the next attempt has begun
                    self.writer.add_bytes(f"arrays/{folder}/{name.as_posix()}", path.read_bytes())

    def _add_pictures(self) -> None:
        if settings.BLOB_BUCKET:
            return
        gone = [sha256 for sha256 in self.contents.removed_pictures if not _original(sha256).exists()]
        for sha256 in sorted({*self.contents.pictures, *self.contents.removed_pictures}.difference(gone)):
            for variant in VARIANTS:
                name = blob_key(sha256, variant)
                try:
                    found = self.writer.add_file(f"blobs/{name}", settings.BLOB_DIR / name)
                except FileNotFoundError:
                    self._missing.append(f"blobs/{name}")
                    continue
                if variant == ORIGINAL and found != sha256:
                    self._rotten.append(f"blobs/{name}")

    def _add_key(self) -> None:
        key = Path(settings.DATA_DIR) / KEY
        if key.is_file() and key.read_text().strip() == settings.SECRET_KEY:
            self.writer.add_file(KEY, key)
        else:
            self.notices.append("The secret key is not in it: it comes from ANNOTATOR_SECRET_KEY. Keep that too.")

    def _take_notice(self) -> None:
        """Say what the backup lacks."""
        if settings.BLOB_BUCKET:
            self.notices.append(f"The pictures are not in it: they are in the bucket {settings.BLOB_BUCKET}.")
        if self.contents.imports_under_way:
            self.notices.append(
                f"{self.contents.imports_under_way} imports were under way; of those the backup has what is in already."
            )
        for names, what in ((self._missing, "missing"), (self._rotten, "damaged")):
            if names:
                shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
                self.notices.append(f"Here already {what}: {len(names)} files or folders ({shown}).")


def _original(sha256: str) -> Path:
    return Path(settings.BLOB_DIR) / blob_key(sha256, ORIGINAL)


def _checked(path: Path) -> Path:
    """Return the absolute path of a file that can be made. Raises CommandError."""
    if path.exists():
        raise CommandError(f"There is already something at {path}. Name another file.")
    if not path.absolute().parent.is_dir():
        raise CommandError(f"There is no folder {path.absolute().parent}.")
    if connection.vendor == "postgresql":
        need_tools("pg_dump")
    return path.absolute()
