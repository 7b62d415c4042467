"""Which stored pictures are named: by rows of which projects, and by snapshots. Small enough for a million of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings
from django.db.models import Q

from annotator.images.models import Image
from annotator.snapshots.models import Snapshot
from annotator.snapshots.selectors import content_path

KIND = np.dtype([("key", np.uint64), ("project", np.int64)])
MANY = 65_536  # rows of a snapshot read at once


def named_pictures(now: datetime, *, without: int | None = None) -> np.ndarray:
    """Return (key, project) of each picture that a row names, by key: the first 64 bits of its hash.

    Two hashes with the same key would only keep a picture that nobody needs. Removed pictures count for a while.

    Args:
        now: the time.
        without: a project that does not count.
    """
    kept = Q(archived_at=None) | Q(archived_at__gt=now - timedelta(days=settings.KEEP_DAYS))
    rows = Image.objects.filter(kept).exclude(project=without).values_list("sha256", "project_id").iterator(10_000)
    table = np.fromiter(((_key(sha256), project) for sha256, project in rows), KIND)
    table.sort(order="key")
    return table


def owners(named: np.ndarray, pictures: Sequence[str]) -> list[set[int]]:
    """Return the projects that name each picture, as of `named_pictures`."""
    keys = np.array([_key(sha256) for sha256 in pictures], np.uint64)
    starts, stops = (np.searchsorted(named["key"], keys, side=side) for side in ("left", "right"))
    return [set(named["project"][start:stop].tolist()) for start, stop in zip(starts, stops, strict=True)]


def in_snapshots(pictures: Sequence[str], *, without: int | None = None) -> set[str]:
    """Return which of these pictures a snapshot holds: it can still be exported. `without` is a project, as above."""
    found: set[str] = set()
    wanted = pa.array(pictures, pa.string())
    snapshots = Snapshot.objects.exclude(project=without) if pictures else Snapshot.objects.none()
    for snapshot in {row.folder: row for row in snapshots}.values():
        with suppress(FileNotFoundError), pq.ParquetFile(content_path(snapshot)) as file:
            for batch in file.iter_batches(MANY, columns=["sha256"]):
                column = batch.column(0)
                found.update(column.filter(pc.is_in(column, value_set=wanted)).to_pylist())
    return found


def _key(sha256: str) -> int:
    return int(sha256[:16], 16)
