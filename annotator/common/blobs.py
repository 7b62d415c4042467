"""Pictures in content-addressed storage: a local folder, or a bucket with a verified local cache in front.

The key is the SHA-256 of the original's bytes, so a blob never changes once it is there.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from rest_framework import status

from annotator.common.cache import Keeper, cache_root, kept, sha256_of
from annotator.common.errors import DomainError

logger = logging.getLogger(__name__)
keeper = Keeper()

ORIGINAL = "original"
FRESH = timedelta(hours=1)  # a blob brought within this time need not be touched again
VARIANTS: Mapping[str, str] = {
    ORIGINAL: "original",
    "thumb": "thumb.jpg",
    "model": "model.jpg",
    "preview": "preview.jpg",
}


class BlobChanged(DomainError):
    """A file's bytes are not (any more) those that its SHA-256 was taken of."""

    status = status.HTTP_503_SERVICE_UNAVAILABLE
    code = "picture_damaged"


class StorageUnavailable(DomainError):
    """The bucket does not answer, refuses, or is not there; what went wrong is in the log."""

    status = status.HTTP_503_SERVICE_UNAVAILABLE
    code = "storage_unavailable"

    def __init__(self, error: Exception) -> None:
        logger.warning("The bucket %s cannot be used: %s", settings.BLOB_BUCKET, error)
        hint = "Check ANNOTATOR_S3_BUCKET, ANNOTATOR_S3_ENDPOINT and the credentials, then try again."
        super().__init__(f"The bucket of the pictures cannot be used ({_reason(error)}).", extra={"hint": hint})


def _reason(error: Exception) -> str:
    """Name what went wrong without any address."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


@contextmanager
def asking_storage() -> Iterator[None]:
    """Turn what the bucket answers, or that it does not, into StorageUnavailable."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StorageUnavailable(error) from error


def blob_key(sha256: str, variant: str) -> str:
    """Return the storage key of a variant of a picture: `ab/ab12…/thumb.jpg`."""
    return f"{sha256[:2]}/{sha256}/{VARIANTS[variant]}"


@asking_storage()
def store_picture(original: Path, sha256: str, derivatives: Mapping[str, bytes]) -> None:
    """Store a picture and its derivatives unless they are there already.

    The original is written last, so that where it exists everything exists. One that is there is touched, so that
    nobody takes it for forgotten before a row names it.

    Raises:
        BlobChanged: the file no longer has the content that `sha256` was taken of.
        OSError: the file cannot be read, or the storage cannot be written.
        StorageUnavailable: the bucket cannot be written.
    """
    if _touch(blob_key(sha256, ORIGINAL)):
        return
    for variant, data in derivatives.items():
        _write_bytes(blob_key(sha256, variant), data)
    _write_original(blob_key(sha256, ORIGINAL), original, sha256)


def _touch(key: str) -> bool:
    """Make a blob count as brought just now; say whether it is there."""
    path = _own_path(key)
    if path is not None:
        with suppress(FileNotFoundError):
            os.utime(path)
            return True
        return False
    if not default_storage.exists(key):
        return False
    bucket = getattr(default_storage, "bucket", None)
    if bucket is not None and bucket.Object(key).last_modified < datetime.now(UTC) - FRESH:
        source = {"Bucket": bucket.name, "Key": key}
        bucket.Object(key).copy_from(CopySource=source, MetadataDirective="REPLACE")
    return True


def settle() -> None:
    """Bring what was stored to the disk before rows name it; one call for many pictures costs little."""
    if isinstance(default_storage, FileSystemStorage):
        os.sync()


@asking_storage()
def local_path(sha256: str, variant: str) -> Path:
    """Return a file on this host with the blob's content; from a bucket it is fetched once and kept.

    Raises:
        FileNotFoundError: the storage has no such blob.
        BlobChanged: what the bucket gave is not what was stored there.
        StorageUnavailable: the bucket cannot be read.
    """
    key = blob_key(sha256, variant)
    stored = _own_path(key)
    if stored is None:
        place = cache_root() / key
        return kept(place) or _fetch(key, place, sha256 if variant == ORIGINAL else None)
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
        _check(sha256_of(draft), sha256)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def _check(found: str, expected: str) -> None:
    if found != expected:
        raise BlobChanged(f"The picture is damaged: expected SHA-256 {expected}, found {found}.")


def _fetch(key: str, place: Path, sha256: str | None) -> Path:
    """Download a blob to `place` with its SHA-256 appended, whole and verified or not at all; return that path."""
    draft = _draft_beside(place)
    try:
        with default_storage.open(key, "rb") as remote, draft.open("wb") as copy:
            shutil.copyfileobj(remote, copy, 1 << 20)
            expected = remote.size
        if draft.stat().st_size != expected:
            raise BlobChanged(f"The picture is damaged: {draft.stat().st_size} of {expected} bytes arrived.")
        found = sha256_of(draft)
        if sha256 is not None:
            _check(found, sha256)
        target = place.with_name(f"{place.name}.{found}")
        os.replace(draft, target)
        keeper.fetched(expected)
    except FileNotFoundError:
        _look_for_bucket()
        raise
    finally:
        draft.unlink(missing_ok=True)
    return target


def _look_for_bucket() -> None:
    """Tell a bucket that is not there from a blob that is not. Raises StorageUnavailable."""
    bucket = getattr(default_storage, "bucket", None)
    try:
        if bucket is not None:
            bucket.meta.client.head_bucket(Bucket=bucket.name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == status.HTTP_404_NOT_FOUND:
            raise
