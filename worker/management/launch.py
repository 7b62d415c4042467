"""Starts a program that dies with its parent: `python -m worker.management.launch PARENT NICENESS PROGRAM ARG…`."""

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
AUTOGROUP = Path("/proc/self/autogroup")


def main(parent: str, niceness: str, *command: str) -> None:
    """Bind this process's life to the parent's, lower its priority, and become `command`.

    The kernel keeps the promise whatever ends the parent, SIGKILL too. Jobs survive it: the database is the truth.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it ended before the promise was given
        sys.exit(1)
    yield_to_others(int(niceness))
    os.execvp(command[0], command)  # noqa: S606 - to become the program is what this module is for


def yield_to_others(niceness: int) -> None:
    """Lower this process's priority, and that of its session where the kernel weighs whole sessions (autogroups).

    There a process's own niceness counts only among the processes of its session, and every child has its own.
    """
    os.nice(niceness)
    with contextlib.suppress(OSError):
        AUTOGROUP.write_text(str(niceness))


if __name__ == "__main__":
    main(*sys.argv[1:])
