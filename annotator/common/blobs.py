"""Pictures in content-addressed storage: a local folder, or a bucket with a verified local cache in front.

The key is the SHA-256 of the original's bytes, so a blob never changes once it is there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage

ORIGINAL = "original"
VARIANTS: Mapping[str, str] = {
    ORIGINAL: "original",
    "thumb": "thumb.jpg",
    "model": "model.jpg",
    "preview": "preview.jpg",
}


class BlobChanged(Exception):
    """A file's bytes are not (any more) those that its SHA-256 was taken of."""


def blob_key(sha256: str, variant: str) -> str:
    """Return the storage key of a variant of a picture: `ab/ab12…/thumb.jpg`."""
    return f"{sha256[:2]}/{sha256}/{VARIANTS[variant]}"


def store_picture(original: Path, sha256: str, derivatives: Mapping[str, bytes]) -> None:
    """Store a picture and its derivatives unless they are there already.

    The original is written last, so that where it exists everything exists.

    Raises:
        BlobChanged: the file no longer has the content that `sha256` was taken of.
        OSError: the file cannot be read, or the storage cannot be written.
    """
    if default_storage.exists(blob_key(sha256, ORIGINAL)):
        return
    for variant, data in derivatives.items():
        _write_bytes(blob_key(sha256, variant), data)
    _write_original(blob_key(sha256, ORIGINAL), original, sha256)


def settle() -> None:
    """Bring what was stored to the disk before rows name it; one call for many pictures costs little."""
    if isinstance(default_storage, FileSystemStorage):
        os.sync()


def local_path(sha256: str, variant: str) -> Path:
    """Return a file on this host with the blob's content; from a bucket it is fetched once and kept.

    Raises:
        FileNotFoundError: the storage has no such blob.
        BlobChanged: what the bucket gave is not what was stored there.
    """
    key = blob_key(sha256, variant)
    stored = _own_path(key)
    if stored is None:
        stored = Path(settings.DATA_DIR) / "blob-cache" / key
        if not stored.exists():
            _fetch(key, stored, sha256 if variant == ORIGINAL else None)
    if not stored.exists():
        raise FileNotFoundError(key)
    return stored


def _own_path(key: str) -> Path | None:
    """Where the default storage keeps the key on this host; None when it is a bucket."""
    return Path(default_storage.path(key)) if isinstance(default_storage, FileSystemStorage) else None


def _draft_beside(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name}.{uuid.uuid4().hex}")


def _write_bytes(key: str, data: bytes) -> None:
    target = _own_path(key)
    if target is None:
        default_storage.save(key, ContentFile(data))
        return
    draft = _draft_beside(target)
    draft.write_bytes(data)
    os.replace(draft, target)


def _write_original(key: str, source: Path, sha256: str) -> None:
    """Copy the file while hashing it: a source folder may change under a running import."""
    target = _own_path(key)
    if target is None:
        with source.open("rb") as stream:
            _check(hashlib.file_digest(stream, "sha256").hexdigest(), sha256)
            stream.seek(0)
            default_storage.save(key, File(stream))
        return
    draft = _draft_beside(target)
    try:
        shutil.copyfile(source, draft)
        with draft.open("rb") as stream:
            _check(hashlib.file_digest(stream, "sha256").hexdigest(), sha256)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def _check(found: str, expected: str) -> None:
    if found != expected:
        raise BlobChanged(f"expected SHA-256 {expected}, found {found}")


def _fetch(key: str, target: Path, sha256: str | None) -> None:
    """Download a blob into the cache, whole and verified or not at all."""
    draft = _draft_beside(target)
    try:
        with default_storage.open(key, "rb") as remote, draft.open("wb") as copy:
            shutil.copyfileobj(remote, copy, 1 << 20)
        if draft.stat().st_size != default_storage.size(key):
            raise BlobChanged(f"{key} arrived with {draft.stat().st_size} bytes")
        if sha256 is not None:
            with draft.open("rb") as stream:
                _check(hashlib.file_digest(stream, "sha256").hexdigest(), sha256)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
