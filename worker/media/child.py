"""The process that decodes: a request on stdin, an answer on stdout; it trusts no picture and may die any time."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from worker.media import wire
from worker.media.decode import check_file, decode
from worker.media.derive import derivatives
from worker.media.limits import Limits
from worker.media.reasons import Reason, RejectedError

# Beside another decoder a picture gets half the room; what needs more is decoded alone.
SHARED_PIXELS = 24_000_000
SHARED_MEMORY = 550_000_000
_PR_SET_PDEATHSIG = 1

Answer = tuple[dict[str, Any], list[bytes]]
Work = Callable[[Path, Limits, bool], Answer]


class NeedsRoomError(Exception):
    """The picture is too large to be decoded beside another one."""


def answer(path: Path, limits: Limits, alone: bool) -> Answer:
    """Decode one picture into its description and its three derivatives; raises RejectedError."""

    def admit(pixels: int) -> None:
        if not alone and pixels > SHARED_PIXELS:
            raise NeedsRoomError

    size = check_file(path, limits)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    picture = decode(path, limits, admit)
    made = derivatives(picture.rgb)
    parts = (made.thumb, made.model, made.preview)
    header = {
        "status": "decoded",
        "sha256": sha256,
        "width": picture.rgb.width,
        "height": picture.rgb.height,
        "format": picture.format,
        "mode": picture.mode,
        "bytes": size,
        "exif_orientation": picture.exif_orientation,
        "sizes": [[part.width, part.height] for part in parts],
    }
    return header, [part.data for part in parts]


def serve(work: Work = answer) -> None:
    """Answer requests until stdin ends. Arguments: the parent's process id and the four limits."""
    parent, *numbers = sys.argv[1:]
    max_pixels, max_bytes, seconds, memory_bytes = numbers
    limits = Limits(int(max_pixels), int(max_bytes), float(seconds), int(memory_bytes))
    _die_with(int(parent))
    requests, answers = _take_over_pipes()
    _confine(limits)
    _send(answers, {"status": "ready"}, [])
    with contextlib.suppress(EOFError):
        while True:
            request, _ = wire.receive(lambda count: _read(requests, count))
            _send(answers, *_judge(work, Path(request["path"]), limits, bool(request["alone"])))


def _judge(work: Work, path: Path, limits: Limits, alone: bool) -> Answer:
    memory = limits.memory_bytes if alone else min(SHARED_MEMORY, limits.memory_bytes)
    resource.setrlimit(resource.RLIMIT_AS, (memory, limits.memory_bytes))
    try:
        return work(path, limits, alone)
    except NeedsRoomError:
        return {"status": "needs_room"}, []
    except MemoryError:
        reason, detail = Reason.OUT_OF_MEMORY, "while making the derivatives"
    except RejectedError as rejected:
        reason, detail = rejected.reason, rejected.detail
    except OSError as error:
        reason, detail = Reason.UNREADABLE, error.strerror or ""
    except Exception as error:  # noqa: BLE001 - whatever it is, it concerns this one picture
        reason, detail = Reason.UNKNOWN, f"{type(error).__name__}: {error}"
    # Some decoders call the picture broken when it was memory that they lacked: believe it with all the room.
    if reason in (Reason.OUT_OF_MEMORY, Reason.CORRUPT) and memory < limits.memory_bytes:
        return {"status": "needs_room"}, []
    # Decoders quote the file, and no control character of it should get further.
    printable = "".join(letter if letter.isprintable() else "?" for letter in detail[:300])
    return {"status": "rejected", "reason": reason, "detail": printable}, []


def _die_with(parent: int) -> None:
    """Let the kernel kill this process with its parent, even in the middle of a picture that hangs."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to handle


def _take_over_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipes away from 0, 1 and 2, where the chatter of C libraries would get between the messages."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    return requests, answers


def _confine(limits: Limits) -> None:
    """No writing to files, few open files, no core dumps, and the first to go when the machine is short."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _read(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _send(file: BinaryIO, header: dict[str, Any], blobs: list[bytes]) -> None:
    file.write(wire.pack(header, blobs))
    file.flush()


if __name__ == "__main__":
    serve()
