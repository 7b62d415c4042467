"""The database's part of a backup: copied as of one moment while the product runs, put back all at once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from django.core.management import CommandError
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder

from annotator.accounts.models import User
from annotator.images.models import EmbeddingShard, EmbeddingSpace, Image, ImportBatch, NeighbourGraph, ScoreSet
from annotator.labeling.models import Annotation
from annotator.modeling.models import ModelVersion, TrainingRun
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot

COUNTED: dict[str, type[models.Model]] = {
    "projects": Project,
    "images": Image,
    "annotations": Annotation,
    "snapshots": Snapshot,
    "models": ModelVersion,
    "users": User,
}
UNDER_WAY = (ImportBatch.State.RECEIVING, ImportBatch.State.QUEUED, ImportBatch.State.RUNNING)
SCHEMA = "public"  # where PostgreSQL keeps the product's tables


@dataclass(frozen=True)
class Contents:
    """What one state of the database holds and names."""

    counts: dict[str, int]
    migrations: list[str]  # applied ones, as app.name
    passing_folders: list[str]  # in the array store: of scores, graphs, old embeddings, which are removed in time
    kept_folders: list[str]  # of embeddings in use, snapshots and models; they stay
    runs: list[str]  # folders of training runs, which may be at work
    pictures: list[str]  # SHA-256 of each
    removed_pictures: list[str]  # of those that only removed ones have; they may be gone
    imports_under_way: int


def in_use() -> bool:
    """Whether the database has tables."""
    return MigrationRecorder.Migration._meta.db_table in connection.introspection.table_names()


def count() -> dict[str, int]:
    """Return how many rows there are of what people care for."""
    return {name: model._default_manager.count() for name, model in COUNTED.items()}


def passing_folders() -> list[str]:
    """Return the directories that rows name and that are removed when newer ones have taken their place."""
    scores = ScoreSet.objects.exclude(folder="").values_list("folder", flat=True)
    old = EmbeddingShard.objects.exclude(space__state=EmbeddingSpace.State.ACTIVE).values_list("folder", flat=True)
    graphs = NeighbourGraph.objects.values_list("folder", flat=True)
    return sorted({*scores, *old, *graphs})


def kept_folders() -> list[str]:
    """Return the directories of embeddings in use, snapshots and models that rows name."""
    shards = EmbeddingShard.objects.filter(space__state=EmbeddingSpace.State.ACTIVE)
    snapshots, models_ = Snapshot.objects.order_by("folder"), ModelVersion.objects.exclude(folder="").order_by("folder")
    named = (rows.values_list("folder", flat=True).distinct() for rows in (snapshots, models_))
    return [*shards.values_list("folder", flat=True), *chain.from_iterable(named)]


def _pictures() -> tuple[list[str], list[str]]:
    """Return the hashes of pictures that are there, and of those that only removed pictures have."""
    there = sorted(set(Image.objects.present().values_list("sha256", flat=True)))
    removed = set(Image.objects.exclude(archived_at=None).values_list("sha256", flat=True))
    return there, sorted(removed.difference(there))


@contextmanager
def one_moment() -> Iterator[None]:
    """Let all reads, and `copy_to`, see the same state without keeping anybody from writing."""
    if connection.vendor == "sqlite":  # `atomic` would take the write lock
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def contents() -> Contents:
    """Say what the database holds and names."""
    pictures, removed = _pictures()
    return Contents(
        counts=count(),
        migrations=sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()),
        passing_folders=passing_folders(),
        kept_folders=kept_folders(),
        runs=[f"runs/{project}/{run}" for project, run in TrainingRun.objects.values_list("project_id", "pk")],
        pictures=pictures,
        removed_pictures=removed,
        imports_under_way=ImportBatch.objects.filter(state__in=UNDER_WAY).count(),
    )


def passing_folders_now() -> list[str]:
    """Return the same as `passing_folders` as it is by now, also within `one_moment`."""

    def ask() -> list[str]:
        try:
            return passing_folders()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as elsewhere:  # a thread has a connection of its own
        return elsewhere.submit(ask).result()


def copy_to(target: Path) -> None:
    """Copy the database, as `one_moment` sees it, to a new file.

    Raises:
        CommandError: PostgreSQL's tools are missing, or refuse.
        DatabaseError, sqlite3.Error: the database cannot be read, or the copy cannot be written.
    """
    target.unlink(missing_ok=True)
    target.touch(mode=0o600)
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(target)) as copy:
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
        same = f"--snapshot={snapshot}"
        _run("pg_dump", *_plainly(), f"--schema={SCHEMA}", "--format=custom", same, f"--file={target}")


def check_sqlite(path: Path) -> None:
    """Look whether a copy is a sound database. Raises sqlite3.Error."""
    with closing(sqlite3.connect(path)) as copy:
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def need_tools(*names: str) -> None:
    """Look whether PostgreSQL's programs are there. Raises CommandError with what to install."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise CommandError(
            f"{', '.join(missing)} not found: install PostgreSQL's client programs "
            "(on Debian: apt install postgresql-client)."
        )


def restore_postgresql(dump: Path, aside: str) -> None:
    """Restore a dump; tables that are there already go to the schema `aside`, if one is named: all of it, or nothing.

    Raises:
        CommandError: PostgreSQL's tools are missing, or refuse.
    """
    script = dump.with_suffix(".sql")
    only = f"--schema={SCHEMA}"  # what is in it; it is there itself
    _run("pg_restore", *_plainly(), only, f"--file={script}", str(dump), connected=False)
    exchange = f"ALTER SCHEMA {SCHEMA} RENAME TO {aside}; CREATE SCHEMA {SCHEMA};" if aside else ""
    quietly = ("--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1")
    _run("psql", *quietly, "--single-transaction", f"--command={exchange}", f"--file={script}")


def _plainly() -> tuple[str, ...]:
    """Leave out owners and rights, which are those of whoever restores."""
    return ("--no-owner", "--no-privileges")


def _run(program: str, *options: str, connected: bool = True) -> None:
    """Run one of PostgreSQL's programs on the product's database. Raises CommandError with its first complaint."""
    (_, *where), more = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    command = [program, *options, *(where if connected else ())]
    environment = {**os.environ, **(more or {})}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        complaint = next(iter(done.stderr.strip().splitlines()), f"exit code {done.returncode}")
        raise CommandError(f"{program} failed, and nothing was changed: {complaint}")
