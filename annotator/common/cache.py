"""The pictures that this host has fetched from a bucket: verified at each use, the longest unused ones cleared away."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)

REST = 600  # seconds after its last use during which somebody may still be reading a file
STEP = 60  # seconds; what was last used within the same step is cleared away together
LEAVE = 0.8  # of what is allowed, after clearing away
LOOK = 0.05  # of what is allowed: after fetching so much, a process looks how much there is


def cache_root() -> Path:
    """Return the folder of fetched pictures."""
    return Path(settings.DATA_DIR) / "blob-cache"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def kept(place: Path) -> Path | None:
    """Return what was fetched to `place`, whose name ends in its SHA-256, if it still is that; this counts as use."""
    for path in place.parent.glob(f"{place.name}.*"):
        with suppress(FileNotFoundError):  # it was cleared away, or somebody else found it damaged, too
            if sha256_of(path) == path.suffix[1:]:
                os.utime(path)
                return path
            path.unlink()
    return None


class Keeper:
    """Looks from time to time, in a thread of its own, whether the cache has outgrown its limit."""

    def __init__(self) -> None:
        self._unseen: int | None = None  # bytes fetched since it last looked; None before the first time
        self._looking = threading.Lock()

    def fetched(self, size: int) -> None:
        """Note that so many bytes came in."""
        unseen = self._unseen
        self._unseen = (unseen or 0) + size
        due = unseen is None or self._unseen > settings.CACHE_BYTES * LOOK
        if due and self._looking.acquire(blocking=False):
            self._unseen = 0
            threading.Thread(target=self._look, name="cache keeper", daemon=True).start()

    def _look(self) -> None:
        try:
            trim()
        except OSError as error:
            logger.warning("The cache of pictures could not be looked through: %s", error)
        finally:
            self._looking.release()


def trim(limit: int | None = None) -> int:
    """Where the cache takes more than `limit` bytes, delete what was not used for longest; return the bytes freed.

    What was used within the last minutes stays. Memory is flat: ages are counted by the minute.

    Args:
        limit: bytes; by default the setting.
    """
    allowed = settings.CACHE_BYTES if limit is None else limit
    now = time.time()
    by_age: Counter[int] = Counter()
    for size, used, _ in _files():
        by_age[int((now - used) // STEP)] += size
    if by_age.total() <= allowed:
        return 0
    left, oldest = int(allowed * LEAVE), 0
    for age in sorted(by_age):
        left -= by_age[age]
        if left < 0:
            oldest = age
            break
    freed = 0
    for size, used, path in _files():
        if now - used > REST and (now - used) // STEP >= oldest:
            with suppress(FileNotFoundError):
                path.unlink()
                freed += size
    return freed


def _files() -> Iterator[tuple[int, float, Path]]:
    """Yield size, last use and path of each file."""
    for folder, _, names in os.walk(cache_root()):
        for name in names:
            path = Path(folder, name)
            with suppress(FileNotFoundError):
                about = path.stat()
                yield about.st_size, about.st_mtime, path
