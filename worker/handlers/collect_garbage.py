"""Collect garbage: measure what takes room, and delete what no row names any more; a dry run only measures.

Everything it does is done for good at once or not at all, so an attempt that follows a killed one goes on where it was.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from annotator.common.arrays import array_path, remove
from annotator.common.cache import cache_root, trim
from annotator.common.storage import newest_in, size_of
from annotator.common.upkeep import Stored, discard_picture, recover_discarded, stored_pictures
from annotator.images.models import EmbeddingShard, ImportBatch, NeighbourGraph, ScoreSet
from annotator.images.services import collect_garbage as collect_arrays
from annotator.modeling.models import ModelVersion, TrainingRun
from annotator.modeling.services import collect_models, collect_runs
from annotator.projects.models import Project
from annotator.snapshots.models import Export, Snapshot
from annotator.snapshots.services import collect_garbage as collect_snapshots
from worker.naming import in_snapshots, named_pictures, owners
from worker.runner import JobContext, remove_leftovers

IN_PROJECTS = ("embeddings", "scores", "neighbours")  # stored as <project>/<kind>/<folder>
BY_KIND = ("snapshots", "exports", "models", "runs")  # stored as <kind>/<project>/<folder>
GRACE = timedelta(days=1)  # nothing lies longer than this before a row names it
PART = 1000  # pictures looked up at once


@dataclass
class Use:
    """What takes room, in bytes, and what of it nobody needs (or needed: what was deleted takes none any more)."""

    projects: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    shared: Counter[str] = field(default_factory=Counter)
    pictures: int = 0  # each once, whoever has it
    garbage: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def note_garbage(self, kind: str, size: int) -> None:
        """Count a thing that nobody needs."""
        self.garbage[kind].update({"count": 1, "bytes": size})

    def shown(self, *, dry_run: bool, found_at: datetime) -> dict[str, Any]:
        """Return it as the job's result; the room of the projects may overlap where they share pictures."""
        garbage = [{"kind": kind, **found} for kind, found in sorted(self.garbage.items())]
        waste = sum(found["bytes"] for found in self.garbage.values())
        own = sum(size for kinds in self.projects.values() for kind, size in kinds.items() if kind != "pictures")
        return {
            "measured_at": found_at.isoformat(),
            "dry_run": dry_run,
            "projects": [
                {"project": project, "kinds": dict(kinds), "total": kinds.total()}
                for project, kinds in sorted(self.projects.items())
            ],
            "shared": dict(self.shared),
            "total": own + self.pictures + self.shared.total(),
            "garbage": garbage,
            "garbage_bytes": waste,
        }


def handle(ctx: JobContext) -> dict[str, Any]:
    """Look through arrays, pictures, uploads and what this host keeps aside."""
    dry_run, now, use = bool(ctx.params.get("dry_run")), timezone.now(), Use()
    recover_discarded()
    _arrays(ctx, use, dry_run, now)
    _pictures(ctx, use, dry_run, now)
    _uploads(ctx, use, dry_run)
    _aside(use, dry_run)
    return use.shown(dry_run=dry_run, found_at=now)


# Arrays


def _arrays(ctx: JobContext, use: Use, dry_run: bool, now: datetime) -> None:
    """Measure every stored directory; then let each app clear up, and delete what no row names."""
    before = {folder: size_of(array_path(folder)) for folder in _folders()}
    projects, named = set(Project.objects.values_list("pk", flat=True)), _named()
    oldest = (now - GRACE).timestamp()
    lost = {folder for folder in before if folder not in named and _age_of(folder) < oldest}
    if not dry_run:
        _let_apps_clear_up(ctx, sorted(projects))
        remove(lost)
    for folder, size in before.items():
        kind, project = _kind_of(folder)
        left = size if dry_run else size_of(array_path(folder))
        if left < size or folder in lost:
            use.note_garbage(kind, size if folder in lost else size - left)
        if project in projects:
            use.projects[project][kind] += left
        else:
            use.shared["unowned"] += left


def _folders() -> list[str]:
    root = Path(settings.ARRAY_DIR)
    found = (path for path in root.glob("*/*/*") if path.is_dir())
    names = sorted(path.relative_to(root).as_posix() for path in found)
    return [name for name in names if _kind_of(name)[0]]


def _kind_of(folder: str) -> tuple[str, int]:
    """Return kind and project of a stored directory; an empty kind for what is none of ours."""
    first, second, _ = folder.split("/")
    if first in BY_KIND and second.isdecimal():
        return first, int(second)
    if first.isdecimal() and second in IN_PROJECTS:
        return second, int(first)
    return "", 0


def _age_of(folder: str) -> float:
    with suppress(FileNotFoundError):
        return array_path(folder).stat().st_mtime
    return time.time()


def _named() -> set[str]:
    """All directories that rows name."""
    named = {f"runs/{project}/{run}" for project, run in TrainingRun.objects.values_list("project_id", "pk")}
    for model in (EmbeddingShard, NeighbourGraph, ScoreSet, Snapshot, Export, ModelVersion):
        named.update(model._default_manager.values_list("folder", flat=True))
    return named


def _let_apps_clear_up(ctx: JobContext, projects: list[int]) -> None:
    for number, project in enumerate(projects, start=1):
        for collect in (collect_arrays, collect_snapshots, collect_models, collect_runs):
            collect(project)
        ctx.progress(number, len(projects), "projects", "clearing up the projects' arrays")


# Pictures


def _pictures(ctx: JobContext, use: Use, dry_run: bool, now: datetime) -> None:
    """Measure every stored picture; delete those that neither a row nor a snapshot names."""
    named, done, forgotten = named_pictures(now), 0, []
    for part in _parts(stored_pictures()):
        for stored, projects in zip(part, owners(named, [stored.sha256 for stored in part]), strict=True):
            use.pictures += stored.bytes
            for project in projects:
                use.projects[project]["pictures"] += stored.bytes
            if not projects and stored.touched < now - GRACE:
                forgotten.append(stored)
        done += len(part)
        ctx.progress(done, max(done, len(named)), "pictures", "looking through the pictures")
    frozen = in_snapshots([stored.sha256 for stored in forgotten])
    for stored in forgotten:
        if stored.sha256 in frozen:
            continue
        freed = stored.bytes if dry_run else discard_picture(stored.sha256, unless_touched_since=now - GRACE)
        if freed:
            use.note_garbage("pictures", freed)
            use.pictures -= 0 if dry_run else freed
        ctx.check()


def _parts(pictures: Iterator[Stored]) -> Iterator[list[Stored]]:
    while part := list(islice(pictures, PART)):
        yield part


# What is neither


def _uploads(ctx: JobContext, use: Use, dry_run: bool) -> None:
    """Measure uploaded files that wait; delete those whose import is gone."""
    found = sorted(Path(settings.INBOX_DIR).glob("*"))
    owner = dict(ImportBatch.objects.values_list("pk", "project_id"))  # read later: a row is there before its folder
    for path in found:
        size, project = size_of(path), owner.get(int(path.name)) if path.name.isdecimal() else None
        if project is not None:
            use.projects[project]["uploads"] += size
            continue
        if not path.name.isdecimal() and newest_in(path) > time.time() - GRACE.total_seconds():
            use.shared["uploads"] += size  # of no import (yet): being received, or a picture that a model is tried on
            continue
        use.note_garbage("uploads", size)
        if dry_run:
            use.shared["unowned"] += size
        else:
            shutil.rmtree(path, ignore_errors=True)
        ctx.check()


def _aside(use: Use, dry_run: bool) -> None:
    """Measure the database, drafts, the cache of a bucket, and what restores have put aside."""
    data = Path(settings.DATA_DIR)
    places = {"scratch": Path(settings.SCRATCH_DIR), "cache": cache_root()}
    before = {kind: size_of(folder) for kind, folder in places.items()}
    if not dry_run:
        remove_leftovers()
        trim()
    for kind, folder in places.items():
        use.shared[kind] = size_of(folder)
        if use.shared[kind] < before[kind]:
            use.note_garbage(kind, before[kind] - use.shared[kind])
    use.shared["restores"] = sum(map(size_of, data.glob("before_restore_*")))
    use.shared["database"] = _database_size()


def _database_size() -> int:
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        return sum(size_of(Path(f"{name}{end}")) for end in ("", "-wal", "-shm"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])
