"""Archives: what goes in comes out, the same members make the same bytes, and memory stays where it is."""

from __future__ import annotations

import gc
import hashlib
import io
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.formats.packing import ARCHIVES, Archive

NAMES = st.lists(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\0/\\", exclude_categories=["C"]), min_size=1, max_size=20
    ),
    min_size=0,
    max_size=6,
    unique=True,
)
KINDS = pytest.mark.parametrize("kind", ["zip", "tar"])


def pack(kind: str, folder: Path, files: dict[str, bytes]) -> Path:
    """Write an archive and return it."""
    path, source = folder / f"packed.{kind}", folder / "source"
    with path.open("wb") as file, ARCHIVES[kind](file, folder) as archive:
        for name, data in files.items():
            source.write_bytes(data)
            assert archive.add(name, source, text=name.endswith(".txt")) == hashlib.sha256(data).hexdigest()
    return path


def unpack(path: Path) -> dict[str, bytes]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


@KINDS
def test_files_come_out_as_they_went_in(kind, tmp_path):
    files = {"train/cat/1.jpg": b"\xff\xd8\xff" * 1000, "notes.txt": b"a" * 5000, "empty": b"", "Käse/猫.png": b"x"}

    path = pack(kind, tmp_path, files)

    assert unpack(path) == files
    assert sorted(item.name for item in tmp_path.iterdir()) == [path.name, "source"]


@KINDS
@given(names=NAMES, content=st.binary(max_size=50))
def test_any_names_and_any_contents(kind, names, content, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    files = {name: content + name.encode() for name in names}

    path = pack(kind, folder, files)

    assert unpack(path) == files
    assert path.read_bytes() == pack(kind, folder, files).read_bytes()


def test_a_picture_is_stored_and_readable_by_everybody(tmp_path):
    with zipfile.ZipFile(pack("zip", tmp_path, {"1.jpg": b"a" * 100, "2.txt": b"a" * 100})) as archive:
        picture, text = archive.infolist()

    assert (picture.compress_type, text.compress_type) == (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    assert picture.external_attr >> 16 == 0o100644
    assert picture.date_time == (1980, 1, 1, 0, 0, 0)


@KINDS
def test_memory_does_not_grow_with_the_number_of_members(kind, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"x" * 100)

    def peak(members: int) -> int:
        gc.collect()
        tracemalloc.start()
        with (tmp_path / "packed").open("wb") as file, ARCHIVES[kind](file, tmp_path) as archive:
            for number in range(members):
                archive.add(f"train/cat/{number:06}.jpg", source)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(10)  # what is made once, such as caches
    assert peak(2000) < 1.2 * peak(200) + 20_000


@KINDS
def test_an_archive_that_failed_writes_no_end(kind, tmp_path):
    def fail(archive: Archive, source: Path) -> None:
        archive.add("1.jpg", source)
        raise OSError("no space")

    source = tmp_path / "source"
    source.write_bytes(b"x")
    file = io.BytesIO()
    with pytest.raises(OSError, match="no space"), ARCHIVES[kind](file, tmp_path) as archive:
        fail(archive, source)
    written = file.tell()
    del archive
    gc.collect()

    assert file.seek(0, io.SEEK_END) == written
    assert b"PK\x05\x06" not in file.getvalue()
