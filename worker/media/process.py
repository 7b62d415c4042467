"""One decoding child seen from its parent: started clean, asked with a deadline, killed without regret."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from worker.media import wire
from worker.media.limits import Limits

_START_SECONDS = 120.0  # a loaded machine imports slowly, and that is no picture's fault
_READ_BYTES = 1 << 18
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class ChildLostError(Exception):
    """The child crashed, was killed or broke the protocol; the message says how."""


class DecoderStartError(RuntimeError):
    """The decoder process does not start at all, so no picture can be judged."""


class DecoderProcess:
    """A running child. Any failure of `ask` leaves it dead; then make a new one."""

    def __init__(self, limits: Limits, module: str) -> None:
        self._seconds = limits.seconds
        self._ready = False
        numbers = (os.getpid(), limits.max_pixels, limits.max_bytes, limits.seconds, limits.memory_bytes)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *map(str, numbers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            bufsize=0,
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Raise DecoderStartError unless the child says that it is ready; its own words are on stderr."""
        if self._ready:
            return
        try:
            header, _ = self._receive(_START_SECONDS)
        except (ChildLostError, TimeoutError) as error:
            raise DecoderStartError(f"the decoder process does not start: {error}") from error
        self._ready = header.get("status") == "ready"

    def ask(self, path: Path, alone: bool) -> tuple[dict[str, Any], list[bytes]]:
        """The child's answer about one file. Raises TimeoutError or ChildLostError."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(wire.pack({"path": str(path), "alone": alone}))
        except OSError as error:
            raise ChildLostError(self._epitaph()) from error
        return self._receive(self._seconds)

    def kill(self) -> None:
        """End the child now; it holds nothing worth saving."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the child and give back its pipes; only when no thread is asking any more."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _receive(self, seconds: float) -> tuple[dict[str, Any], list[bytes]]:
        deadline = time.monotonic() + seconds
        try:
            return wire.receive(lambda count: self._read(count, deadline))
        except EOFError as error:
            raise ChildLostError(self._epitaph()) from error
        except wire.WireError as error:
            self.kill()
            raise ChildLostError(str(error)) from error
        except TimeoutError:
            self.kill()
            raise

    def _read(self, count: int, deadline: float) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        waiter = select.poll()
        waiter.register(descriptor, select.POLLIN)
        data = bytearray()
        while len(data) < count:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not waiter.poll(remaining * 1000):
                raise TimeoutError
            part = os.read(descriptor, min(count - len(data), _READ_BYTES))
            if not part:
                raise EOFError
            data += part
        return bytes(data)

    def _epitaph(self) -> str:
        self.kill()
        code = self._process.returncode
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exited with status {code}"


def _environment() -> dict[str, str]:
    """Only what Python needs: the parent's secrets are no business of a process that reads hostile files."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH") if name in os.environ}
    paths = [str(_PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        # Threads and arenas would reserve address space that belongs to the picture.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
    }
