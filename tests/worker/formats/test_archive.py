"""Zips as nobody should send them: the sound part comes out, everything else is named with its reason."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.formats.archive import ArchiveLimits, ExtractReport, extract_zip
from worker.media.reasons import Reason


def zipped(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def reasons(report: ExtractReport) -> list[tuple[str, Reason]]:
    return [(name, reason) for name, reason, _ in report.rejected]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_a_sound_zip_comes_out_whole(tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("train/coat/1.jpg", b"one"), ("train/hat/ü.jpg", b"two"), ("empty/", b""))
    seen: list[tuple[int, int]] = []
    report = extract_zip(path, target, progress=lambda done, total: seen.append((done, total)))
    assert report == ExtractReport(files=["train/coat/1.jpg", "train/hat/ü.jpg"], rejected=[])
    assert (target / "train/hat/ü.jpg").read_bytes() == b"two"
    assert seen == [(0, 3), (1, 3), (2, 3)]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jpg",
        "a/../../evil.jpg",
        "/etc/evil.jpg",
        "..\\evil.jpg",
        "C:\\evil.jpg",
        "c:/evil.jpg",
        "a//b.jpg",
        "a\n.jpg",
    ],
)
def test_names_that_lead_outside_are_refused(name: str, tmp_path: Path, target: Path) -> None:
    report = extract_zip(zipped(tmp_path / "a.zip", (name, b"evil"), ("fine.jpg", b"fine")), target)
    assert reasons(report) == [(name.replace("\\", "/"), Reason.UNSAFE_PATH)]
    assert report.files == ["fine.jpg"]
    assert sorted(path.name for path in tmp_path.rglob("*.jpg")) == ["fine.jpg"]


@settings(deadline=None)
@given(parts=st.lists(st.sampled_from(["..", ".", "", "a", "C:", "~", "\\", "b.jpg"]), min_size=1, max_size=5))
def test_nothing_is_ever_written_outside_the_target(parts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.mktemp("zip")
    target = base / "deep" / "target"
    extract_zip(zipped(base / "a.zip", ("/".join(parts) or "/", b"x")), target)
    outside = [path for path in base.rglob("*") if path.is_file() and not path.is_relative_to(target)]
    assert outside == [base / "a.zip"]


def test_links_and_devices_are_refused(tmp_path: Path, target: Path) -> None:
    link, device = zipfile.ZipInfo("link"), zipfile.ZipInfo("device")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    device.external_attr = (stat.S_IFCHR | 0o666) << 16
    path = zipped(tmp_path / "a.zip", (link, b"/etc"), (device, b""), ("link/passwd", b"x"))
    report = extract_zip(path, target)
    assert reasons(report) == [("link", Reason.UNSAFE_PATH), ("device", Reason.UNSAFE_PATH)]
    assert report.files == ["link/passwd"]
    assert not (target / "link").is_symlink()


def test_a_link_that_waits_at_the_place_is_not_followed(tmp_path: Path, target: Path) -> None:
    target.mkdir()
    (target / "a.jpg").symlink_to(tmp_path / "victim")
    assert reasons(extract_zip(zipped(tmp_path / "a.zip", ("a.jpg", b"x")), target)) == [("a.jpg", Reason.UNSAFE_PATH)]
    assert not (tmp_path / "victim").exists()


def test_a_bomb_stops_when_it_has_shown_itself(tmp_path: Path, target: Path) -> None:
    limits = ArchiveLimits(ratio_from_bytes=100_000)
    path = zipped(
        tmp_path / "a.zip",
        ("bomb.bmp", bytes(3_000_000)),
        ("small flat.bmp", bytes(50_000)),
        ("photo", os.urandom(50_000)),
    )
    report = extract_zip(path, target, limits)
    assert reasons(report) == [("bomb.bmp", Reason.ZIP_RATIO)]
    assert report.files == ["small flat.bmp", "photo"]
    assert not (target / "bomb.bmp").exists()


def test_many_small_bombs_are_one_big_one(tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", *((f"{number}.bmp", bytes(90_000)) for number in range(200)))
    report = extract_zip(path, target, ArchiveLimits(ratio_from_bytes=100_000))
    assert reasons(report)[-1] == ("a.zip", Reason.ZIP_RATIO)
    assert len(report.files) < 200


def test_sizes_are_counted_not_believed(tmp_path: Path, target: Path) -> None:
    """An entry that claims 10 bytes and holds a million."""
    path = zipped(tmp_path / "a.zip", ("liar.bmp", bytes(1_000_000)))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(signature) + offset
        data[place : place + 4] = struct.pack("<I", 10)
    path.write_bytes(data)
    report = extract_zip(path, target)
    assert [reason for _, reason in reasons(report)] == [Reason.ZIP_CORRUPT]
    assert not report.files


def test_limits_on_entry_total_and_count(tmp_path: Path, target: Path) -> None:
    entries = [(f"{number}.jpg", os.urandom(1000)) for number in range(5)]
    path = zipped(tmp_path / "a.zip", *entries)
    report = extract_zip(path, target / "1", ArchiveLimits(max_entry_bytes=999))
    assert {reason for _, reason in reasons(report)} == {Reason.TOO_MANY_BYTES}
    report = extract_zip(path, target / "2", ArchiveLimits(max_total_bytes=2500))
    assert report.files == ["0.jpg", "1.jpg"]
    assert reasons(report) == [("2.jpg", Reason.ZIP_TOO_LARGE), ("a.zip", Reason.ZIP_TOO_LARGE)]
    report = extract_zip(path, target / "3", ArchiveLimits(max_entries=4))
    assert (report.files, reasons(report)) == ([], [("a.zip", Reason.ZIP_TOO_MANY)])


def test_a_giant_directory_is_not_even_read(tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("n" * 4000, b"x"))
    report = extract_zip(path, target, ArchiveLimits(max_entries=2))
    assert reasons(report) == [("a.zip", Reason.ZIP_TOO_MANY)]


def test_a_damaged_entry_does_not_cost_the_others(tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("a.jpg", b"A" * 50), ("b.jpg", b"B" * 50), method=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"A" * 50, b"A" * 49 + b"x"))
    report = extract_zip(path, target)
    assert (report.files, reasons(report)) == (["b.jpg"], [("a.jpg", Reason.ZIP_CORRUPT)])
    assert not (target / "a.jpg").exists()


@pytest.mark.parametrize("cut", [0, 3, 60, -1])
def test_what_is_no_whole_zip_is_one_rejection(cut: int, tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("a.jpg", os.urandom(200)))
    path.write_bytes(path.read_bytes()[:cut])
    assert reasons(extract_zip(path, target)) == [("a.zip", Reason.ZIP_CORRUPT)]


def test_an_entry_behind_a_password_is_named(tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("secret.jpg", b"x"), ("open.jpg", b"y"))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    report = extract_zip(path, target)
    assert (report.files, reasons(report)) == (["open.jpg"], [("secret.jpg", Reason.ZIP_ENCRYPTED)])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_entries_with_one_name_the_first_is_kept(tmp_path: Path, target: Path) -> None:
    report = extract_zip(zipped(tmp_path / "a.zip", ("a.jpg", b"1"), ("a.jpg", b"2")), target)
    assert (report.files, reasons(report)) == (["a.jpg"], [("a.jpg", Reason.ZIP_DUPLICATE)])
    assert (target / "a.jpg").read_bytes() == b"1"


def test_a_file_where_a_folder_should_be_is_refused(tmp_path: Path, target: Path) -> None:
    report = extract_zip(zipped(tmp_path / "a.zip", ("a", b"1"), ("a/b.jpg", b"2"), ("c" * 300, b"3")), target)
    assert report.files == ["a"]
    assert reasons(report) == [("a/b.jpg", Reason.UNSAFE_PATH), ("c" * 300, Reason.UNSAFE_PATH)]


def test_an_archive_inside_is_not_opened(tmp_path: Path, target: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.jpg", b"x")
    report = extract_zip(zipped(tmp_path / "a.zip", ("inner.jpg", inner.getvalue())), target)
    assert (report.files, reasons(report)) == ([], [("inner.jpg", Reason.ZIP_NESTED)])


def test_what_operating_systems_leave_behind_is_passed_over(tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("__MACOSX/._a.jpg", b"x"), (".DS_Store", b"x"), ("./coat/a.jpg", b"x"))
    assert extract_zip(path, target) == ExtractReport(files=["coat/a.jpg"], rejected=[])


def test_a_second_try_gives_the_same(tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("coat/a.jpg", b"whole"))
    target.mkdir()
    (target / "coat").mkdir()
    (target / "coat/a.jpg").write_bytes(b"half of an earlier attempt")
    assert extract_zip(path, target) == extract_zip(path, target)
    assert (target / "coat/a.jpg").read_bytes() == b"whole"


def test_the_caller_can_stop_the_work(tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("a.jpg", b"x"), ("b.jpg", b"x"))

    def progress(done: int, total: int) -> None:
        if done == 1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        extract_zip(path, target, progress=progress)
    assert [path.name for path in target.iterdir()] == ["a.jpg"]
