"""Archives that are written while they are sent."""

from __future__ import annotations

import io
import zipfile

import pytest

from annotator.common import zips
from annotator.common.zips import zip_stream


def test_the_files_come_out_as_they_went_in(tmp_path, monkeypatch):
    monkeypatch.setattr(zips, "PIECE", 1000)
    contents = {"a.bin": bytes(range(256)) * 20, "empty": b"", "b.txt": "größer".encode()}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    data = b"".join(zip_stream([(f"folder/{name}", tmp_path / name) for name in contents]))

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            f"folder/{name}": content for name, content in contents.items()
        }


def test_it_holds_one_piece_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(zips, "PIECE", 1000)
    (tmp_path / "big").write_bytes(b"x" * 50_000)
    pieces = list(zip_stream([("big", tmp_path / "big")]))
    assert len(pieces) > 50
    assert max(map(len, pieces)) < 1500


def test_the_same_files_make_the_same_archive(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    assert b"".join(zip_stream([("a", tmp_path / "a")])) == b"".join(zip_stream([("a", tmp_path / "a")]))


def test_a_file_that_is_gone_breaks_the_stream_off(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(zip_stream([("a", tmp_path / "a")]))
