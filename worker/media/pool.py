"""Decodes pictures in child processes that may crash, hang or run out of memory without harming the import."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from worker.media.derive import Derivative, Derivatives
from worker.media.limits import Limits
from worker.media.process import ChildLostError, DecoderProcess
from worker.media.reasons import Reason

_AHEAD = 4  # pictures under way or waiting to be collected, per process
_ATTEMPTS = 2


@dataclass(frozen=True)
class Decoded:
    """A picture that can be imported.

    `sha256` is of the file's bytes (hex), `width` and `height` are pixels after orientation, `format` is
    Pillow's name (`JPEG`), `mode` the source's pixel type, `bytes` the size of the file.
    """

    path: Path
    sha256: str
    width: int
    height: int
    format: str
    mode: str
    bytes: int
    exif_orientation: int
    derivatives: Derivatives


@dataclass(frozen=True)
class Rejected:
    """A file that cannot be imported, the reason from the closed list, and a technical remark."""

    path: Path
    reason: Reason
    detail: str


class Decoder:
    """A context manager that holds `processes` decoding children.

    Small pictures are decoded side by side, a big one with nothing beside it, so that all children
    together stay within about `limits.memory_bytes`. A child that dies is replaced; its picture is tried
    once more, alone, because the cause may have been outside the picture. One that hangs is killed at
    the time limit. Children die with this process.
    """

    def __init__(
        self, limits: Limits | None = None, processes: int = 1, child_module: str = "worker.media.child"
    ) -> None:
        self._limits = limits or Limits()
        self._processes = processes
        self._child_module = child_module
        self._room = _Room()
        self._lock = threading.Lock()
        self._children: dict[int, DecoderProcess] = {}  # by thread: a child dies with the thread it came from
        self._closed = False
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="decoder")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._closed = True
            for child in self._children.values():
                child.kill()
        self._threads.shutdown(wait=True)
        for child in self._children.values():
            child.close()

    def process(self, paths: Iterable[Path]) -> Iterator[Decoded | Rejected]:
        """Decode the files and give one result each, in the order of `paths`.

        Reads `paths` only a few ahead of what has been collected, and works on while the caller is busy.
        """
        pending: deque[Future[Decoded | Rejected]] = deque()
        try:
            for path in paths:
                pending.append(self._threads.submit(self._decode, path))
                if len(pending) >= _AHEAD * self._processes:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()

    def _decode(self, path: Path) -> Decoded | Rejected:
        alone = self._processes == 1
        crash = ""
        for _ in range(_ATTEMPTS):
            child = self._child()
            try:
                with self._room.alone() if alone else self._room.shared():
                    header, blobs = child.ask(path, alone)
                if header.get("status") != "needs_room":
                    return _result(path, header, blobs)
            except TimeoutError:
                return Rejected(path, Reason.TIMEOUT, f"limit {self._limits.seconds:g} s")
            except ChildLostError as lost:
                child.kill()
                crash = str(lost)
            alone = True
        return Rejected(path, Reason.DECODER_CRASHED, crash)

    def _child(self) -> DecoderProcess:
        """The calling thread's own child, started or replaced as needed."""
        thread = threading.get_ident()
        with self._lock:
            child = self._children.get(thread)
            if child is None or not child.alive:
                if self._closed:
                    raise RuntimeError("the decoder was closed while it had work")
                if child:
                    child.close()
                child = self._children[thread] = DecoderProcess(self._limits, self._child_module)
        child.wait_until_ready()
        return child


class _Room:
    """Any number of small pictures at the same time, or one big one with nothing beside it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._big = 0

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: self._big == 0)  # a waiting big one goes first, or it would starve
            self._inside += 1
        yield from self._leave_afterwards(0)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._big += 1
            self._changed.wait_for(lambda: self._inside == 0)
            self._inside += 1
        yield from self._leave_afterwards(1)

    def _leave_afterwards(self, big: int) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._big -= big
                self._changed.notify_all()


def _result(path: Path, header: dict[str, Any], blobs: list[bytes]) -> Decoded | Rejected:
    """The child's answer as a checked value; raises ChildLostError if it makes no sense."""
    try:
        if header["status"] == "rejected":
            return Rejected(path, Reason(header["reason"]), str(header["detail"]))
        thumb, model, preview = (
            Derivative(data, int(width), int(height))
            for data, (width, height) in zip(blobs, header["sizes"], strict=True)
        )
        return Decoded(
            path=path,
            sha256=bytes.fromhex(header["sha256"]).hex(),
            width=int(header["width"]),
            height=int(header["height"]),
            format=str(header["format"]),
            mode=str(header["mode"]),
            bytes=int(header["bytes"]),
            exif_orientation=int(header["exif_orientation"]),
            derivatives=Derivatives(thumb, model, preview),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ChildLostError(f"answer makes no sense: {error}") from error
