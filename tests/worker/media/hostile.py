"""A decoder whose behaviour is chosen by the file's name: it plays the pictures that break real decoders."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from worker.media import child
from worker.media.limits import Limits
from worker.media.reasons import Reason, RejectedError


def hang(path: Path, limits: Limits, alone: bool) -> None:
    time.sleep(600)


def linger(path: Path, limits: Limits, alone: bool) -> None:
    time.sleep(0.5)


def crash(path: Path, limits: Limits, alone: bool) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave(path: Path, limits: Limits, alone: bool) -> None:
    os._exit(3)


def hog(path: Path, limits: Limits, alone: bool) -> None:
    bytearray(limits.memory_bytes)


def blunder(path: Path, limits: Limits, alone: bool) -> None:
    raise ZeroDivisionError("an honest mistake")


def chat(path: Path, limits: Limits, alone: bool) -> None:
    os.write(1, b"a C library says hello\n")


def write(path: Path, limits: Limits, alone: bool) -> None:
    path.with_suffix(".out").write_bytes(b"stolen")


def spy(path: Path, limits: Limits, alone: bool) -> None:
    raise RejectedError(Reason.UNKNOWN, ",".join(sorted(os.environ)))


def tell_room(path: Path, limits: Limits, alone: bool) -> None:
    raise RejectedError(Reason.UNKNOWN, "alone" if alone else "shared")


DEEDS: dict[str, Callable[[Path, Limits, bool], None]] = {
    "hang": hang, "slow": linger, "crash": crash, "quit": leave, "hog": hog, "bug": blunder, "chat": chat,
    "write": write, "spy": spy, "room": tell_room,
}  # fmt: skip


def work(path: Path, limits: Limits, alone: bool) -> child.Answer:
    """Do the deed that the name asks for, then decode like the real one."""
    name = path.stem.partition("_")[0]
    if name == "lie":
        return {"status": "decoded", "sha256": "zz"}, []
    if name in DEEDS:
        DEEDS[name](path, limits, alone)
    return child.answer(path, limits, alone)


if __name__ == "__main__":
    child.serve(work)
