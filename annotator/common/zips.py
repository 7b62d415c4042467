"""Zip archives that are written while they are sent: the memory they take does not depend on the files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

PIECE = 1 << 20
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest moment that a zip can tell: the same files make the same archive


class _Pipe(io.RawIOBase):
    """What is written into it waits to be taken; it cannot seek, so the archive is written front to back."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(memoryview(data))  # type: ignore[arg-type]
        self._waiting.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken, self._waiting = b"".join(self._waiting), []
        return taken


def zip_stream(files: Iterable[tuple[str, Path]]) -> Iterator[bytes]:
    """Yield a zip archive of (name in the archive, file) pairs in pieces of about a megabyte, without compression.

    Raises:
        FileNotFoundError: a file is gone; what was yielded is not a whole archive.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for name, path in files:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while piece := source.read(PIECE):
                    target.write(piece)
                    yield pipe.take()
    yield pipe.take()
