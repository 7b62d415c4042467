"""A program kept alive by the supervisor: started, watched, started again with growing pauses, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from django.conf import settings

LONGEST_PAUSE = 30.0  # seconds between two starts of a program that keeps ending
SETTLED = 60.0  # seconds after which a program counts as running well


@dataclass(frozen=True)
class Program:
    """What is to run. `niceness` above 0 yields the processor to the others."""

    name: str
    command: Sequence[str]
    niceness: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)


class Child:
    """One program and the process that runs it at present."""

    def __init__(self, program: Program, say: Callable[[str], None]) -> None:
        self.program = program
        self.failures = 0  # in a row
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._due = 0.0

    @property
    def pid(self) -> int | None:
        """The process's id, or None while there is none."""
        return self._process.pid if self.is_running() and self._process else None

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the program in a session of its own, so that a Ctrl-C in the terminal reaches the supervisor alone."""
        launcher = [sys.executable, "-m", "worker.management.launch", str(os.getpid()), str(self.program.niceness)]
        self._process = subprocess.Popen(
            [*launcher, *self.program.command],
            env={**os.environ, "PYTHONPATH": _import_path(), **self.program.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._started = time.monotonic()

    def watch(self) -> None:
        """Notice that the process ended, and start it again when its pause is over."""
        if self._process is None:
            if time.monotonic() >= self._due:
                self.start()
        elif (code := self._process.poll()) is not None:
            settled = time.monotonic() - self._started > SETTLED
            self.failures = 1 if settled else self.failures + 1
            pause = min(LONGEST_PAUSE, 2.0 ** (self.failures - 1))
            self._due = time.monotonic() + pause
            self.kill()  # whatever the process left behind in its session
            self._process = None
            self._say(f"{self.program.name} stopped ({_cause(code)}); starting it again in {pause:.0f} s.")

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process."""
        if self._process is not None and self.is_running():
            self._process.terminate()

    def wait(self, until: float) -> bool:
        """Wait for the process's end up to a moment of the monotonic clock; say whether it came."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Send SIGKILL to the process and everything in its session."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def stop(children: Sequence[Child], seconds: float) -> None:
    """Stop some programs together: ask, wait, then kill what is left, with all that they started."""
    for child in children:
        child.ask_to_stop()
    until = time.monotonic() + seconds
    for child in children:
        child.wait(until)
        child.kill()


def _import_path() -> str:
    """Let children import what this process does, also from a source checkout that is not installed."""
    return os.pathsep.join([str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])])


def _cause(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
