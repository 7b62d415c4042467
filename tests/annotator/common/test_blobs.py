"""Pictures in content-addressed storage, on this host's disk or in a bucket."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage

from annotator.common import blobs
from annotator.common.blobs import ORIGINAL, VARIANTS, BlobChanged, blob_key, local_path, store_picture

DERIVATIVES = {"thumb": b"thumb", "model": b"model", "preview": b"preview"}


@pytest.fixture
def original(tmp_path) -> Path:
    path = tmp_path / "original.jpg"
    path.write_bytes(b"the original")
    return path


@pytest.fixture(params=["folder", "bucket"])
def storage(request, settings, data_dir):
    """Every test here runs on both kinds of storage; a bucket is one that has no paths."""
    settings.DATA_DIR = data_dir
    if request.param == "bucket":
        settings.STORAGES = settings.STORAGES | {
            "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        }
    return request.param


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_picture_is_stored_under_its_hash_with_its_derivatives(storage, original):
    digest = sha256(original)

    store_picture(original, digest, DERIVATIVES)

    assert local_path(digest, ORIGINAL).read_bytes() == b"the original"
    for variant, data in DERIVATIVES.items():
        assert local_path(digest, variant).read_bytes() == data
    assert blob_key(digest, "thumb") == f"{digest[:2]}/{digest}/thumb.jpg"
    assert original.exists(), "the source is not ours to move"


def test_what_is_there_already_is_not_written_again(storage, original):
    digest = sha256(original)
    store_picture(original, digest, DERIVATIVES)
    original.unlink()

    store_picture(original, digest, DERIVATIVES)

    assert local_path(digest, ORIGINAL).exists()


def test_the_original_comes_last_so_that_half_a_picture_is_completed(storage, original):
    digest = sha256(original)
    with pytest.raises(BlobChanged):
        store_picture(original, "0" * 64, DERIVATIVES)
    assert not default_storage.exists(blob_key("0" * 64, ORIGINAL))

    default_storage.save(blob_key(digest, "thumb"), ContentFile(b"thumb"))
    store_picture(original, digest, DERIVATIVES)

    assert default_storage.exists(blob_key(digest, ORIGINAL))


def test_bytes_that_are_not_those_of_the_hash_are_refused_without_a_trace(storage, original, data_dir):
    digest = sha256(original)
    original.write_bytes(b"something else")

    with pytest.raises(BlobChanged):
        store_picture(original, digest, DERIVATIVES)

    with pytest.raises(FileNotFoundError):
        local_path(digest, ORIGINAL)
    assert not [path for path in data_dir.rglob(".*") if path.is_file()]


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_not_there_is_not_found(storage, variant):
    with pytest.raises(FileNotFoundError):
        local_path("f" * 64, variant)


class TestBucket:
    """A bucket's blobs are fetched once and checked."""

    @pytest.fixture(autouse=True)
    def storage(self, settings, data_dir) -> InMemoryStorage:
        settings.DATA_DIR = data_dir
        settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
        return default_storage

    def test_a_second_read_does_not_ask_the_bucket(self, original):
        digest = sha256(original)
        store_picture(original, digest, DERIVATIVES)
        first = local_path(digest, "thumb")

        default_storage.delete(blob_key(digest, "thumb"))

        assert local_path(digest, "thumb") == first
        assert first.read_bytes() == b"thumb"

    def test_an_original_that_was_tampered_with_is_not_handed_out(self, original):
        digest = sha256(original)
        store_picture(original, digest, DERIVATIVES)
        with default_storage.open(blob_key(digest, ORIGINAL), "wb") as file:
            file.write(b"tampered with")

        with pytest.raises(BlobChanged):
            local_path(digest, ORIGINAL)

    def test_a_download_that_ends_early_is_not_kept(self, original, monkeypatch, data_dir):
        digest = sha256(original)
        store_picture(original, digest, DERIVATIVES)
        monkeypatch.setattr(blobs.shutil, "copyfileobj", lambda remote, copy, _size: copy.write(remote.read(2)))

        with pytest.raises(BlobChanged):
            local_path(digest, "thumb")

        assert not [path for path in (data_dir / "blob-cache").rglob("*") if path.is_file()]
