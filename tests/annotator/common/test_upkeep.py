"""Stored pictures are found with size and age; those that nobody needs go, whatever an import does meanwhile."""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from annotator.common import upkeep
from annotator.common.blobs import ORIGINAL, blob_key, local_path, store_picture
from annotator.common.upkeep import discard_picture, recover_discarded, stored_pictures

DERIVATIVES = {"thumb": b"thumb", "model": b"model", "preview": b"preview"}
NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=3)


@pytest.fixture
def store(tmp_path):
    """Store a picture as an import does; return its hash."""

    def store_(content: bytes) -> str:
        original = tmp_path / "original.jpg"
        original.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        store_picture(original, digest, DERIVATIVES)
        return digest

    return store_


def place(settings, sha256: str) -> Path:
    return (settings.BLOB_DIR / blob_key(sha256, ORIGINAL)).parent


def age(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))


def test_pictures_are_found_with_size_and_age_and_other_files_are_not(store, settings):
    old, new = store(b"one"), store(b"other")
    age(place(settings, old))
    (settings.BLOB_DIR / "notes.txt").write_text("not ours")
    (settings.BLOB_DIR / old[:2] / "lost").mkdir()

    found = {each.sha256: each for each in stored_pictures()}

    assert list(found) == sorted([old, new])
    assert found[old].bytes == len(b"one") + len(b"thumbmodelpreview")
    assert found[old].touched == LONG_AGO
    assert abs(found[new].touched - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_forgotten_picture_is_deleted_whole(store, settings):
    sha256 = store(b"one")
    age(place(settings, sha256))

    freed = discard_picture(sha256, unless_touched_since=NOW - timedelta(days=1))

    assert freed == len(b"onethumbmodelpreview")
    assert list(stored_pictures()) == []
    with pytest.raises(FileNotFoundError):
        local_path(sha256, ORIGINAL)
    assert discard_picture(sha256, unless_touched_since=NOW) == 0, "it is gone already"


def test_a_picture_that_an_import_brings_again_stays(store, settings):
    sha256 = store(b"one")
    age(place(settings, sha256))

    store(b"one")

    assert discard_picture(sha256, unless_touched_since=NOW - timedelta(days=1)) == 0
    assert local_path(sha256, "thumb").read_bytes() == b"thumb"


def test_also_one_that_it_brings_at_the_last_moment(store, settings, monkeypatch):
    sha256 = store(b"one")
    age(place(settings, sha256))
    move = upkeep._move

    def late(source: Path, target: Path) -> bool:
        if target.parent.name == upkeep.ASIDE:
            store(b"one")
        return move(source, target)

    monkeypatch.setattr(upkeep, "_move", late)

    assert discard_picture(sha256, unless_touched_since=NOW - timedelta(days=1)) == 0
    assert local_path(sha256, ORIGINAL).read_bytes() == b"one"


def test_what_a_killed_worker_had_moved_aside_comes_back(store, settings, monkeypatch):
    gone, replaced = store(b"one"), store(b"other")
    with monkeypatch.context() as patch:
        patch.setattr(upkeep.shutil, "rmtree", lambda *args, **kwargs: None)
        for sha256 in (gone, replaced):
            age(place(settings, sha256))
            discard_picture(sha256, unless_touched_since=NOW - timedelta(days=1))
    store(b"other")

    recover_discarded()

    assert {each.sha256 for each in stored_pictures()} == {gone, replaced}
    assert list((settings.BLOB_DIR / upkeep.ASIDE).iterdir()) == []


def test_without_any_pictures_there_is_nothing_to_do(settings):
    shutil.rmtree(settings.BLOB_DIR, ignore_errors=True)

    recover_discarded()

    assert list(stored_pictures()) == []
