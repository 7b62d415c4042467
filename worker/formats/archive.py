"""Unpacks an uploaded zip that nobody trusts: what is sound is kept, everything else is named with a reason."""

from __future__ import annotations

import errno
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from worker.formats.folder import is_ignored
from worker.media.reasons import Reason, RejectedError

_CHUNK = 1 << 20
_ZIP_SIGNATURE = b"PK\x03\x04"
_DIRECTORY_ENTRY_BYTES = 320  # generous for one file name; bounds what reading the directory can cost
_END_OF_DIRECTORY = b"PK\x05\x06"
_NAME_ERRORS = {errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EINVAL, errno.ELOOP}
_CORRUPT = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, struct.error)
_DRIVE = re.compile(r"[A-Za-z]:")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ArchiveLimits:
    """Bounds for one archive. Sizes count bytes really written, never what the archive claims.

    The ratio of unpacked to packed size is judged per entry, once the entry is past `ratio_from_bytes`:
    small files of one colour may honestly pack a thousandfold.
    """

    max_entries: int = 200_000
    max_total_bytes: int = 50_000_000_000
    max_entry_bytes: int = 100_000_000
    max_ratio: float = 200.0
    ratio_from_bytes: int = 10_000_000


@dataclass
class ExtractReport:
    """What came out: POSIX paths relative to the target, and (name, reason, detail) for everything else."""

    files: list[str] = field(default_factory=list)
    rejected: list[tuple[str, Reason, str]] = field(default_factory=list)


def extract_zip(
    path: Path, target: Path, limits: ArchiveLimits | None = None, progress: Progress = lambda _done, _total: None
) -> ExtractReport:
    """Unpack `path` into the folder `target` (made if absent; files of an earlier try are overwritten).

    Damage, bombs and tricks never raise: they are in the report, under the archive's own name where they
    concern all of it. Raises OSError where the disk fails. `progress` gets entries done and in all before
    each entry; raising in it stops the work.
    """
    limits = limits or ArchiveLimits()
    report = ExtractReport()
    target.mkdir(parents=True, exist_ok=True)
    try:
        _check_directory_size(path, limits)
        archive = zipfile.ZipFile(path)
    except RejectedError as rejected:
        report.rejected.append((path.name, rejected.reason, rejected.detail))
        return report
    except (*_CORRUPT, ValueError) as error:
        report.rejected.append((path.name, Reason.ZIP_CORRUPT, str(error)))
        return report
    with archive:
        try:
            _Extraction(archive, path.stat().st_size, target, limits, report).run(progress)
        except RejectedError as rejected:
            report.rejected.append((path.name, rejected.reason, rejected.detail))
    return report


class _Extraction:
    """One pass over one open archive."""

    def __init__(
        self,
        archive: zipfile.ZipFile,
        packed_bytes: int,
        target: Path,
        limits: ArchiveLimits,
        report: ExtractReport,
    ) -> None:
        self._archive = archive
        self._target = target
        self._limits = limits
        self._report = report
        self._kept: set[str] = set()
        self._total = 0
        self._allowed, self._overrun = limits.max_total_bytes, Reason.ZIP_TOO_LARGE
        # Entries may share packed bytes, so the whole needs a bound of its own.
        by_ratio = max(limits.ratio_from_bytes, int(limits.max_ratio * packed_bytes))
        if by_ratio < self._allowed:
            self._allowed, self._overrun = by_ratio, Reason.ZIP_RATIO

    def run(self, progress: Progress) -> None:
        entries = self._archive.infolist()
        if len(entries) > self._limits.max_entries:
            raise RejectedError(Reason.ZIP_TOO_MANY, f"{len(entries)} entries, limit {self._limits.max_entries}")
        for done, entry in enumerate(entries):
            progress(done, len(entries))
            name = entry.filename.replace("\\", "/").removeprefix("./")
            try:
                _check_name(name)
                if not is_ignored(name) and not entry.is_dir():
                    self._extract(entry, name)
            except RejectedError as rejected:
                self._report.rejected.append((name, rejected.reason, rejected.detail))
            if self._total > self._allowed:
                raise RejectedError(self._overrun, f"stopped after {done + 1} of {len(entries)} entries")

    def _extract(self, entry: zipfile.ZipInfo, name: str) -> None:
        _check_kind(entry)
        if name in self._kept:
            raise RejectedError(Reason.ZIP_DUPLICATE)
        destination = self._target.joinpath(*name.split("/"))
        try:
            destination.parent.mkdir(parents=True, exist_ok=True)
            self._write(entry, destination)
        except _CORRUPT as error:
            raise RejectedError(Reason.ZIP_CORRUPT, str(error)) from error
        except OSError as error:
            if error.errno is None:  # bz2 says "invalid data stream" this way
                raise RejectedError(Reason.ZIP_CORRUPT, str(error)) from error
            if error.errno in _NAME_ERRORS:
                raise RejectedError(Reason.UNSAFE_PATH, error.strerror or "") from error
            raise
        self._kept.add(name)
        self._report.files.append(name)

    def _write(self, entry: zipfile.ZipInfo, destination: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        complete = False
        with self._archive.open(entry) as packed:
            descriptor = os.open(destination, flags, 0o644)
            try:
                with os.fdopen(descriptor, "wb") as unpacked:
                    self._copy(entry, packed, unpacked)
                complete = True
            finally:
                if not complete:
                    destination.unlink()

    def _copy(self, entry: zipfile.ZipInfo, packed: IO[bytes], unpacked: IO[bytes]) -> None:
        limits, written = self._limits, 0
        while chunk := packed.read(_CHUNK):
            if written == 0 and chunk.startswith(_ZIP_SIGNATURE):
                raise RejectedError(Reason.ZIP_NESTED)
            written += len(chunk)
            self._total += len(chunk)
            ratio = written / max(1, entry.compress_size)
            if written > limits.ratio_from_bytes and ratio > limits.max_ratio:
                raise RejectedError(Reason.ZIP_RATIO, f"more than {limits.max_ratio:g} to 1")
            if written > limits.max_entry_bytes:
                raise RejectedError(Reason.TOO_MANY_BYTES, f"limit {limits.max_entry_bytes} bytes")
            if self._total > self._allowed:
                raise RejectedError(self._overrun, f"limit {self._allowed} bytes in all")
            unpacked.write(chunk)


def _check_name(name: str) -> None:
    """Raise RejectedError unless the name stays inside the folder on every operating system."""
    parts = name.removesuffix("/").split("/")
    if any(part in ("", ".", "..") for part in parts) or _DRIVE.match(name):
        raise RejectedError(Reason.UNSAFE_PATH, "an absolute path, or one that leaves its folder")
    if any(ord(letter) < 32 for letter in name):
        raise RejectedError(Reason.UNSAFE_PATH, "control characters in the name")


def _check_kind(entry: zipfile.ZipInfo) -> None:
    """Raise RejectedError for what must not even be opened."""
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise RejectedError(Reason.UNSAFE_PATH, "a link or device, not a plain file")
    if entry.flag_bits & 0x1:
        raise RejectedError(Reason.ZIP_ENCRYPTED)


def _check_directory_size(path: Path, limits: ArchiveLimits) -> None:
    """Raise RejectedError if the archive's directory is too big to be worth reading into memory."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - (1 << 16) - 22))
        tail = file.read()
    found = tail.rfind(_END_OF_DIRECTORY)
    if found < 0 or len(tail) < found + 16:
        return  # zipfile will say that this is no zip
    (directory_bytes,) = struct.unpack_from("<I", tail, found + 12)
    zip64 = tail.rfind(b"PK\x06\x06", 0, found)
    if directory_bytes == 0xFFFFFFFF and 0 <= zip64 <= len(tail) - 48:
        (directory_bytes,) = struct.unpack_from("<Q", tail, zip64 + 40)
    if directory_bytes > limits.max_entries * _DIRECTORY_ENTRY_BYTES:
        raise RejectedError(Reason.ZIP_TOO_MANY, f"a directory of {directory_bytes} bytes")
