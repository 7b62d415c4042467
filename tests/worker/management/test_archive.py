"""The backup's file is read as it was written, or not at all."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.management.tampering import Members, rewrite, with_manifest, with_member
from worker.management.archive import MANIFEST, Archive, Damaged, Manifest, Writer, whole_or_nothing

SAYS = Manifest(1, "0.1.0", "2026-01-01T00:00:00+00:00", "sqlite", ["images.0001_initial"], {"images": 2}, "")
MEMBERS = {"database.sqlite3": b"rows" * 999, "blobs/ab/thumb.jpg": b"a thumb", "secret.key": b"k"}


def write(path: Path, members: dict[str, bytes]) -> Path:
    with whole_or_nothing(path) as stream:
        writer = Writer(stream, path.parent)
        writer.add_bytes(MANIFEST, SAYS.to_json())
        for name, content in members.items():
            writer.add_bytes(name, content)
        writer.close()
    return path


@pytest.fixture
def file(tmp_path) -> Path:
    return write(tmp_path / "backup.tar", MEMBERS)


def unpacked(file: Path, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    Archive(file).unpack(folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_written_is_read(file, tmp_path):
    archive = Archive(file)

    assert archive.manifest == SAYS
    assert archive.members == 4
    assert unpacked(file, tmp_path / "out") == {MANIFEST: SAYS.to_json()} | MEMBERS
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "out").rglob("*") if path.is_file()} == {0}


@settings(max_examples=40, deadline=None)
@given(contents=st.lists(st.binary(max_size=2000), max_size=6), folder=st.text("ab/._-9", min_size=1, max_size=120))
def test_any_content_under_any_name_is_read_or_the_name_is_refused(contents, folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("any")
    members = {f"{folder}/{number}": content for number, content in enumerate(contents)}
    plain = not {"", ".", ".."} & set(folder.split("/"))

    if members and not plain:
        with pytest.raises(ValueError, match="cannot be the name"):
            write(place / "backup.tar", members)
        assert os.listdir(place) == []
    else:
        assert unpacked(write(place / "backup.tar", members), place / "out") == {MANIFEST: SAYS.to_json()} | members


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "shard").write_bytes(b"short")
    longer = type("Stat", (), {"st_size": 6})
    with whole_or_nothing(tmp_path / "backup.tar") as stream, monkeypatch.context() as patch:
        patch.setattr("worker.management.archive.os.fstat", lambda descriptor: longer)
        with pytest.raises(OSError, match="became shorter"):
            Writer(stream, tmp_path).add_file("arrays/shard", tmp_path / "shard")


def tampered(members: Members) -> Members:
    return [(info, b"x" * len(content) if info.name.endswith("thumb.jpg") else content) for info, content in members]


TAMPERED = {
    "a changed member": (tampered, "thumb.jpg is not what was written"),
    "a changed manifest": (lambda m: [(m[0][0], m[0][1] + b" "), *m[1:]], "manifest.json is not what was written"),
    "a missing member": (lambda m: [*m[:2], *m[3:]], "is not in its list"),
    "members in another order": (lambda m: [m[0], m[2], m[1], *m[3:]], "is not in its list"),
    "no list": (lambda m: m[:-1], "ends early"),
    "a list cut short": (lambda m: [*m[:-1], (m[-1][0], m[-1][1][:200])], "SHA256SUMS cannot be read"),
    "a list of too much": (
        lambda m: [*m[:-1], (m[-1][0], m[-1][1] + m[-1][1][-90:].split(b"\n")[-2] + b"\n")],
        "early",
    ),
    "no manifest": (lambda m: m[1:], "does not begin with manifest.json"),
    "a manifest of another kind": (with_manifest(migrations=None), "manifest cannot be read"),
    "a later format": (with_manifest(format=2), "its format is 2"),
    "a way out": (with_member("../evil"), "'../evil', which is no name"),
    "a way out from within": (with_member("blobs/../../evil"), "which is no name"),
    "an absolute name": (with_member("/tmp/evil"), "'/tmp/evil', which is no name"),
    "a link": (with_member("blobs/evil", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "which is no plain file"),
    "a device": (with_member("blobs/evil", type=tarfile.CHRTYPE), "which is no plain file"),
    "the same name twice": (with_member("secret.key"), "File exists"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_tampered_with_is_refused(file, tmp_path, name):
    change, match = TAMPERED[name]
    rewrite(file, change)

    with pytest.raises((Damaged, FileExistsError), match=match):
        unpacked(file, tmp_path / "out")

    assert sorted(os.listdir(tmp_path)) == ["backup.tar", "out"], "nothing is written elsewhere"


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 0.999))
def test_what_ends_early_is_refused(share, tmp_path_factory):
    file = write(tmp_path_factory.mktemp("cut") / "backup.tar", MEMBERS)
    end = file.stat().st_size - 2 * tarfile.BLOCKSIZE  # two empty blocks end a tar, and say nothing
    file.write_bytes(file.read_bytes()[: int(end * share)])

    with pytest.raises(Damaged):
        unpacked(file, file.parent / "out")


@settings(max_examples=40, deadline=None)
@given(where=st.floats(0, 0.999), bit=st.integers(0, 7))
def test_a_flipped_bit_changes_nothing_or_is_refused(where, bit, tmp_path_factory):
    file = write(tmp_path_factory.mktemp("flip") / "backup.tar", MEMBERS)
    content = bytearray(file.read_bytes())
    content[int(len(content) * where)] ^= 1 << bit
    file.write_bytes(content)

    try:
        found = unpacked(file, file.parent / "out")
    except Damaged:
        return
    assert found == {MANIFEST: SAYS.to_json()} | MEMBERS, "it was in the padding"
