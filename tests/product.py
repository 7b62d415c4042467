"""The real product for tests that need all of it: `annotator up` in a data folder and on a port of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from worker.management.client import Client

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 120


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data: Path, **more: str) -> dict[str, str]:
    """Return the environment of a product whose data is in `data`, on the embedded database and broker."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return inherited | {"ANNOTATOR_DATA_DIR": str(data), "ANNOTATOR_SECRET_KEY": "only for tests"} | more


def manage(*args: str, env: dict[str, str]) -> str:
    """Run a command of the product and return what it printed; fail with its error."""
    command = [sys.executable, "manage.py", *args]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"annotator {' '.join(args)} failed: {done.stderr[-2000:]}"
    return done.stdout


class Product:
    """A running product: its address, and accounts made on the command line."""

    def __init__(self, url: str, env: dict[str, str], log: Path, pid: int) -> None:
        self.url = url
        self.env = env
        self.log = log
        self.pid = pid

    def create_user(self, username: str, password: str, *, admin: bool = False) -> str:
        """Make an account and return an API token of it."""
        flags = ["--admin"] if admin else []
        out = manage("createuser", username, "--password", password, "--token", "--json", *flags, env=self.env)
        return str(json.loads(out)["token"])

    def client(self, token: str) -> Client:
        """Return an API client of the account with that token."""
        client = Client(self.url)
        client.use_token(token)
        return client


@contextmanager
def running(data: Path, **env: str) -> Iterator[Product]:
    """Start the product on `data` and a free port; stop it, with all its children, at the end."""
    port = free_port()
    full = environment(data, **env)
    data.mkdir(parents=True, exist_ok=True)
    log = data / "up.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT,
            env=full,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        product = Product(f"http://127.0.0.1:{port}", full, log, process.pid)
        wait_until_healthy(product, process)
        yield product
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until_healthy(product: Product, process: subprocess.Popen[bytes]) -> None:
    """Wait until the product answers and its three workers live; fail with its log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{product.url}/healthz", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise AssertionError(f"The product did not start:\n{product.log.read_text(errors='replace')[-4000:]}")


def make_project(client: Client, name: str, classes: list[str], **settings: Any) -> int:
    """Create a project and return its number."""
    return int(client.post("/api/projects", {"name": name, "classes": classes, **settings})["id"])


def copy_data(source: Path, target: Path) -> Path:
    """Copy a stopped product's data folder, so that a run starts from the same import and embeddings."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.sock", "*.lock", "up.log"))
    return target
