"""`annotator up`: everything starts, says when it is ready, comes back when it falls, and leaves nothing behind."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.product import ROOT, Product, environment, free_port, running

GIB = 2**30


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def tree(pid: int) -> list[psutil.Process]:
    """Return a supervisor and everything it started."""
    supervisor = psutil.Process(pid)
    return [supervisor, *supervisor.children(recursive=True)]


def gone(processes: list[psutil.Process]) -> bool:
    """Say whether none of these processes runs any more."""
    return not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def worker_of(product: Product, queue: str) -> psutil.Process | None:
    """Return the worker process of a queue."""
    alive = [process for process in tree(product.pid) if process.status() != psutil.STATUS_ZOMBIE]
    return next((process for process in alive if f"{queue}@%h" in process.cmdline()), None)


def up(data: Path, port: int) -> subprocess.CompletedProcess[str]:
    """Start another product, which is to be refused."""
    command = [sys.executable, "manage.py", "up", "--port", str(port)]
    return subprocess.run(
        command, cwd=ROOT, env=environment(data), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(scope="module")
def product(tmp_path_factory) -> Iterator[Product]:
    """A running product whose three workers have all reported; SIGTERM ends it, and nothing of it is left."""
    with running(tmp_path_factory.mktemp("up") / "data") as started:
        client = started.client(started.create_user("ada", "correct horse", admin=True))
        wait_for(lambda: len(client.get("/api/workers")) == 3, "not all workers reported")
        yield started
        processes = tree(started.pid)
    assert gone(processes)
    assert started.log.read_text().rstrip().endswith("Stopped.")


def test_it_says_where_and_its_workers_say_what_they_can_do(product):
    assert f"Ready: {product.url}" in product.log.read_text()
    client = product.client(product.create_user("bob", "correct horse"))
    workers = {worker["queue"]: worker for worker in client.get("/api/workers")}
    assert set(workers) == {"interactive", "cpu", "gpu"}
    assert all(worker["alive"] for worker in workers.values())
    assert "tf_efficientnet_lite0" in [preset["name"] for preset in workers["gpu"]["presets"] if preset["available"]]
    assert "random" in [strategy["name"] for strategy in workers["interactive"]["strategies"]]


def test_idle_it_fits_beside_other_programs(product):
    shares = [process.memory_full_info().pss for process in tree(product.pid)]
    assert sum(shares) <= 2.5 * GIB


def test_only_workers_that_compute_carry_torch(product):
    maps = {queue: worker_of(product, queue).memory_maps() for queue in ("interactive", "cpu", "gpu")}
    carries = {queue: any("libtorch" in entry.path for entry in entries) for queue, entries in maps.items()}
    assert carries == {"interactive": True, "cpu": False, "gpu": True}


def test_another_on_the_same_data_directory_is_refused(product):
    refused = up(Path(product.env["ANNOTATOR_DATA_DIR"]), free_port())
    assert refused.returncode == 1
    assert f"in use by another annotator (process {product.pid})" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_another_on_the_same_port_is_refused(product, tmp_path):
    refused = up(tmp_path / "data", int(product.url.rsplit(":", 1)[1]))
    assert refused.returncode == 1
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_worker_that_is_killed_comes_back(product):
    worker = worker_of(product, "cpu")
    worker.kill()
    wait_for(lambda: worker_of(product, "cpu") not in (None, worker), "no new worker")
    assert "worker cpu stopped (killed by SIGKILL); starting it again in 1 s." in product.log.read_text()


@pytest.fixture
def short_lived(tmp_path) -> Iterator[Product]:
    """A product in a directory whose path is too long for a socket."""
    with running(tmp_path / ("long" * 40)) as started:
        yield started


def test_a_ctrl_c_stops_everything(short_lived):
    processes = tree(short_lived.pid)
    assert len(processes) >= 7
    os.kill(short_lived.pid, signal.SIGINT)
    wait_for(lambda: gone(processes), "something still runs")
    assert short_lived.log.read_text().rstrip().endswith("Stopped.")


def test_killed_it_leaves_no_orphan_and_its_directory_free(short_lived):
    processes = tree(short_lived.pid)
    os.kill(short_lived.pid, signal.SIGKILL)
    wait_for(lambda: gone(processes), "orphans")
    with (Path(short_lived.env["ANNOTATOR_DATA_DIR"]) / "up.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
