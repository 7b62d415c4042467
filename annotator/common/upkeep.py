"""Going through all stored pictures: how much room each takes, and removing those that nobody needs."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage, default_storage

from annotator.common.blobs import ORIGINAL, asking_storage, blob_key
from annotator.common.cache import cache_root
from annotator.common.storage import newest_in, size_of

PREFIX = re.compile(r"[0-9a-f]{2}")
NAME = re.compile(r"[0-9a-f]{64}")
KEY = re.compile(r"[0-9a-f]{2}/([0-9a-f]{64})/[^/]+")
ASIDE = ".discarded"


@dataclass(frozen=True)
class Stored:
    """A picture with its derivatives, as it lies in the storage."""

    sha256: str
    bytes: int
    touched: datetime  # when somebody last brought it


def stored_pictures() -> Iterator[Stored]:
    """Yield every stored picture in order of its hash. What is no picture of ours is left out.

    Raises:
        StorageUnavailable: the bucket cannot be read.
    """
    root = _root()
    with asking_storage():
        yield from _in_bucket() if root is None else _in_folder(root)


@asking_storage()
def discard_picture(sha256: str, *, unless_touched_since: datetime) -> int:
    """Delete a picture that no row names, unless an import has brought it again meanwhile; return the bytes freed.

    An import touches a picture that is there already before it names it in a row, so one that was not touched for
    longer than an import takes from the one to the other is safe to delete. In a folder it is moved aside first and
    looked at again there: from then on an import writes it anew.

    Raises:
        StorageUnavailable: the bucket cannot be written.
    """
    _forget_copies(sha256)
    root = _root()
    if root is None:
        return _discard_from_bucket(sha256, unless_touched_since)
    return _discard_from_folder(root, sha256, unless_touched_since)


def recover_discarded() -> None:
    """Put back what a killed worker was about to delete: it may have been about to find that it is needed."""
    root = _root()
    if root is None:
        return
    for path in (root / ASIDE).glob("*"):
        target = _place(root, path.name[:64])
        if target.exists():
            shutil.rmtree(path, ignore_errors=True)
        else:
            _move(path, target)


def _root() -> Path | None:
    """The folder of the pictures; None when they are in a bucket."""
    return Path(default_storage.location) if isinstance(default_storage, FileSystemStorage) else None


def _place(root: Path, sha256: str) -> Path:
    return (root / blob_key(sha256, ORIGINAL)).parent


def _in_folder(root: Path) -> Iterator[Stored]:
    for prefix in sorted(path for path in root.glob("*") if PREFIX.fullmatch(path.name)):
        for folder in sorted(path for path in prefix.glob("*") if NAME.fullmatch(path.name)):
            yield Stored(folder.name, size_of(folder), datetime.fromtimestamp(newest_in(folder), UTC))


def _discard_from_folder(root: Path, sha256: str, since: datetime) -> int:
    place, aside = _place(root, sha256), root / ASIDE / f"{sha256}-{uuid.uuid4().hex}"
    if newest_in(place) >= since.timestamp():
        return 0
    aside.parent.mkdir(exist_ok=True)
    if not _move(place, aside):
        return 0
    if newest_in(aside) >= since.timestamp() and _move(aside, place):
        return 0
    freed = size_of(aside)
    shutil.rmtree(aside, ignore_errors=True)
    return freed


def _move(source: Path, target: Path) -> bool:
    """Rename a folder; say whether it could be: not where it is gone, or where another has taken its place."""
    with suppress(OSError):
        os.rename(source, target)
        return True
    return False


def _bucket() -> Any:
    return default_storage.bucket  # type: ignore[attr-defined]


def _in_bucket() -> Iterator[Stored]:
    found = ((match[1], item) for item in _bucket().objects.all() if (match := KEY.fullmatch(item.key)))
    for sha256, items in groupby(found, key=lambda pair: pair[0]):
        objects = [item for _, item in items]
        yield Stored(sha256, sum(item.size for item in objects), max(item.last_modified for item in objects))


def _discard_from_bucket(sha256: str, since: datetime) -> int:
    objects = list(_bucket().objects.filter(Prefix=f"{sha256[:2]}/{sha256}/"))
    if not objects or max(item.last_modified for item in objects) >= since:
        return 0
    _bucket().delete_objects(Delete={"Objects": [{"Key": item.key} for item in objects], "Quiet": True})
    return sum(item.size for item in objects)


def _forget_copies(sha256: str) -> None:
    """Delete what this host keeps of a picture from a bucket."""
    shutil.rmtree((cache_root() / blob_key(sha256, ORIGINAL)).parent, ignore_errors=True)
