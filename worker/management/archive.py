"""The backup's file: a tar with a manifest first and, last, the SHA-256 of every member before it.

Plain tools read it too: after `tar xf`, `sha256sum -c SHA256SUMS` tells whether everything is as it was.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
MAX_MANIFEST = 16 * 2**20  # bytes
PIECE = 2**20  # bytes
NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
LINE = re.compile(rb"([0-9a-f]{64})  ([^\n]+)\n")


class Damaged(Exception):
    """The file is not a backup, or not (any more) what was written."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    version: str  # of the product that made it
    made_at: str  # ISO 8601, UTC
    database: str  # sqlite or postgresql
    migrations: list[str]  # applied ones, as app.name
    counts: dict[str, int]
    bucket: str  # where the pictures are if they are not in the backup

    def to_json(self) -> bytes:
        """Return the manifest as it is stored."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """Read a stored manifest. Raises Damaged."""
        kinds = {"migrations": list, "counts": dict, "format": int}
        try:
            fields = json.loads(data)
            if fields["format"] != FORMAT:
                raise Damaged(f"its format is {fields['format']}, and this version reads {FORMAT}")
            if not all(isinstance(value, kinds.get(name, str)) for name, value in fields.items()):
                raise Damaged("its manifest cannot be read")
            return cls(**fields)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Damaged("its manifest cannot be read") from error


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[IO[bytes]]:
    """Write a file, for its owner's eyes alone, that appears under its name only when it is all on the disk.

    Raises:
        BlockingIOError: another process is writing it.
    """
    draft = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT, 0o600), "w+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            draft.rename(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Writer:
    """Writes members one after the other to the start of `stream`; what it held before is gone."""

    def __init__(self, stream: IO[bytes], folder: Path) -> None:
        """Begin; `folder` has room for the list of sums until `close`."""
        stream.seek(0)
        stream.truncate()
        self.members = 0
        self._stream = stream
        self._sums = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `close`

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a small member."""
        self._add(name, io.BytesIO(data), len(data))

    def add_file(self, name: str, path: Path) -> str:
        """Add a file's content; return its SHA-256. Raises OSError."""
        with path.open("rb") as stream:
            return self._add(name, stream, os.fstat(stream.fileno()).st_size)

    def close(self) -> None:
        """Write the list of sums, and end the tar."""
        size = self._sums.tell()
        self._sums.seek(0)
        self._put(SUMS, self._sums, size)
        self._stream.write(bytes(2 * tarfile.BLOCKSIZE))
        self._sums.close()

    def _add(self, name: str, stream: IO[bytes], size: int) -> str:
        if not _is_plain(name):
            raise ValueError(f"{name!r} cannot be the name of a member")
        digest = self._put(name, stream, size)
        self._sums.write(f"{digest}  {name}\n".encode())
        self.members += 1
        return digest

    def _put(self, name: str, stream: IO[bytes], size: int) -> str:
        """Write header, content and padding; a `TarFile` would remember all of millions of members."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._stream.write(info.tobuf())
        digest, left = hashlib.sha256(), size
        while left:
            piece = stream.read(min(left, PIECE))
            if not piece:
                raise OSError(f"{name} became shorter while it was read")
            digest.update(piece)
            self._stream.write(piece)
            left -= len(piece)
        self._stream.write(bytes(-size % tarfile.BLOCKSIZE))
        return digest.hexdigest()


class Archive:
    """A backup that was found to be one: a manifest, plain files under plain names, and the list of sums."""

    def __init__(self, path: Path) -> None:
        """Look through the file without unpacking anything.

        Raises:
            Damaged: it is no backup, or it ends early.
            OSError: it cannot be read.
        """
        self.path = path
        self.size = 0  # bytes of all members
        self.members = -1  # without the list of sums
        last = data = None
        with _open(path) as tar:
            for info in _headers(tar):
                self.size, self.members, last = self.size + info.size, self.members + 1, info
                if data is None:
                    data = _manifest_bytes(tar, info)
        if last is None or data is None or last.name != SUMS:
            raise Damaged("it ends early")
        self._sums = last
        if next(self._listed(), ("", ""))[0] != hashlib.sha256(data).hexdigest():
            raise Damaged(f"{MANIFEST} is not what was written")
        self.manifest = Manifest.from_json(data)

    def unpack(self, folder: Path) -> None:
        """Write all members below an empty folder, each compared with its SHA-256.

        Raises:
            Damaged: a member is missing, or is not what was written; what was unpacked is of no use.
            OSError: the folder cannot be written.
        """
        listed = self._listed()
        with _open(self.path) as tar:
            for info in _headers(tar):
                if info.name == SUMS:
                    break
                digest, name = next(listed, ("", ""))
                if name != info.name:
                    raise Damaged(f"{info.name} is not in its list")
                if _extract(tar, info, folder / name) != digest:
                    raise Damaged(f"{name} is not what was written")
        if next(listed, None) is not None:
            raise Damaged("it ends early")

    def _listed(self) -> Iterator[tuple[str, str]]:
        """Yield SHA-256 and name of each member, as they are listed."""
        left = self._sums.size
        with self.path.open("rb") as stream:
            stream.seek(self._sums.offset_data)
            while left > 0:
                line = stream.readline(min(left, 1000))
                left -= len(line)
                found = LINE.fullmatch(line)
                if found is None:
                    raise Damaged(f"{SUMS} cannot be read")
                yield found[1].decode(), found[2].decode(errors="replace")


def _is_plain(name: str) -> bool:
    return NAME.fullmatch(name) is not None and not {".", ".."} & set(name.split("/"))


@contextmanager
def _open(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, "r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise Damaged("it is not a backup, or it ends early") from error


def _headers(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the members' headers in order. Raises Damaged for one that no backup holds."""
    while (info := tar.next()) is not None:
        tar.members.clear()  # type: ignore[attr-defined]  # it would remember all of millions
        if not _is_plain(info.name):
            raise Damaged(f"it holds {info.name!r}, which is no name for a file of a backup")
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.issparse():
            raise Damaged(f"it holds {info.name!r}, which is no plain file")
        yield info


def _manifest_bytes(tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(info)
    if info.name != MANIFEST or info.size > MAX_MANIFEST or stream is None:
        raise Damaged(f"it does not begin with {MANIFEST}")
    return stream.read()


def _extract(tar: tarfile.TarFile, info: tarfile.TarInfo, target: Path) -> str:
    """Write a member to a new file, readable by its owner only; return its SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    stream: Any = tar.extractfile(info)
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        while piece := stream.read(PIECE):
            digest.update(piece)
            copy.write(piece)
    return digest.hexdigest()
