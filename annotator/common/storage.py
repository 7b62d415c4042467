"""How much room things take on this host's disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder, or of one file. Files with several names count once; none is 0."""
    return sum(size for size, _ in _files(folder, set()))


def newest_in(folder: Path) -> float:
    """Return when the newest file below a folder was written, in seconds since the epoch; 0.0 without any."""
    return max((written for _, written in _files(folder, set())), default=0.0)


def _files(path: Path, seen: set[tuple[int, int]]) -> Iterator[tuple[int, float]]:
    """Yield size and time of each file. What vanishes meanwhile was cleared away by somebody else."""
    with suppress(FileNotFoundError):
        if not path.is_dir():
            about = path.stat()
            if (about.st_dev, about.st_ino) not in seen:
                seen.add((about.st_dev, about.st_ino))
                yield about.st_size, about.st_mtime
            return
        with os.scandir(path) as entries:
            names = [entry.name for entry in entries]
        for name in names:
            yield from _files(path / name, seen)


def disk() -> tuple[int, int]:
    """Return the bytes of the disk that the data directory is on, and how many of them are free."""
    usage = shutil.disk_usage(settings.DATA_DIR)
    return usage.total, usage.free
