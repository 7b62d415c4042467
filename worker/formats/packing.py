"""Zip and tar files written once, front to back, in bounded memory; the same members make the same bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

PIECE = 1 << 20  # bytes
EPOCH = (1980, 1, 1, 0, 0, 0)  # of every member: what an archive holds, and not when, decides on its bytes
MODE = 0o644


class Archive(ABC):
    """An archive that is being written; use it in a with statement."""

    def add(self, name: str, path: Path, *, text: bool = False) -> str:
        """Append a file under a name; return the SHA-256, in hexadecimal, of what was read. Texts are compressed.

        Raises:
            OSError: the file cannot be read, or the archive cannot be written.
        """
        with path.open("rb") as stream:
            hashed = _Hashed(stream)
            self._put(name, hashed, path.stat().st_size, text)
        return hashed.digest.hexdigest()

    @abstractmethod
    def _put(self, name: str, stream: _Hashed, size: int, text: bool) -> None:
        """Append `size` bytes of a stream."""

    @abstractmethod
    def close(self) -> None:
        """Write what belongs to the end."""

    @abstractmethod
    def abandon(self) -> None:
        """Leave the archive unfinished."""

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()


class ZipArchive(Archive):
    """A zip: pictures as they are, since they are compressed already; texts deflated.

    Its directory, which is written last, waits in a file in `scratch`.
    """

    def __init__(self, file: BinaryIO, scratch: Path) -> None:
        self._zip = zipfile.ZipFile(file, "w", allowZip64=True)
        self._zip.filelist = self._directory = _Directory(scratch)

    def _put(self, name: str, stream: _Hashed, size: int, text: bool) -> None:
        member = zipfile.ZipInfo(name, EPOCH)
        member.external_attr = (0o100000 | MODE) << 16
        member.compress_type = zipfile.ZIP_DEFLATED if text else zipfile.ZIP_STORED
        member.file_size = size
        with self._zip.open(member, "w") as out:
            shutil.copyfileobj(stream, out, PIECE)
        self._zip.NameToInfo.clear()  # it would remember every one

    def close(self) -> None:
        """Write the central directory."""
        self._zip.close()
        self._directory.close()

    def abandon(self) -> None:
        """Keep the library from writing the directory when the object is collected."""
        self._zip.fp = None
        self._directory.close()


class TarArchive(Archive):
    """A tar, not compressed."""

    def __init__(self, file: BinaryIO, _scratch: Path) -> None:
        self._tar = tarfile.TarFile(mode="w", fileobj=file, format=tarfile.PAX_FORMAT, copybufsize=PIECE)

    def _put(self, name: str, stream: _Hashed, size: int, _text: bool) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, MODE
        self._tar.addfile(member, cast(BinaryIO, stream))
        vars(self._tar)["members"].clear()  # it would remember every one

    def close(self) -> None:
        """Write the end mark."""
        self._tar.close()

    def abandon(self) -> None:
        """Write no end mark."""


class _Directory(list[zipfile.ZipInfo]):
    """The members of a zip in a file instead of memory, until they are written at its end."""

    KEPT = ("header_offset", "CRC", "compress_size", "file_size", "compress_type", "flag_bits", "external_attr")

    def __init__(self, scratch: Path) -> None:
        super().__init__()
        self._path = scratch / "zip-directory.jsonl"
        self._file = self._path.open("w+", encoding="utf-8")
        self._length = 0

    def append(self, member: zipfile.ZipInfo) -> None:
        self._file.write(json.dumps([member.filename, *(getattr(member, name) for name in self.KEPT)]) + "\n")
        self._length += 1

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[zipfile.ZipInfo]:
        self._file.seek(0)
        for line in self._file:
            filename, *values = json.loads(line)
            member = zipfile.ZipInfo(filename, EPOCH)
            for name, value in zip(self.KEPT, values, strict=True):
                setattr(member, name, value)
            yield member

    def close(self) -> None:
        self._file.close()
        self._path.unlink()


class _Hashed:
    """A stream that hashes what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.digest.update(data)
        return data


ARCHIVES: dict[str, type[ZipArchive] | type[TarArchive]] = {"zip": ZipArchive, "tar": TarArchive}
