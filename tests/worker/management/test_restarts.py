"""PostgreSQL crashes and Redis forgets everything while people label, pictures come in and a file is written."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pictures import write_folders
from tests.product import Product, make_project, running
from tests.servers import PostgresServer, RedisServer
from worker.management.client import ApiError, Client
from worker.management.truth import folder_labels

KINDS = ("bars", "checks")
PASSWORD = "a long enough password"
PATIENCE = 120  # seconds until the product must answer again


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


def patiently(ask: Any) -> Any:
    """Ask again until the product answers, as a browser and a script do."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except ApiError as error:
            if time.monotonic() > deadline:
                raise AssertionError(f"no answer for {PATIENCE} s: {error}") from error
            time.sleep(0.3)


class Labeler(threading.Thread):
    """Labels one picture after the other, and sends an answer again until the server says that it has it."""

    def __init__(self, client: Client, base: str, images: list[int], label: int) -> None:
        super().__init__(daemon=True)
        self.client, self.base, self.images, self.label = client, base, images, label
        self.statuses: list[str] = []

    def run(self) -> None:
        """Go through the pictures."""
        for image in self.images:
            item = {"client_id": str(uuid.uuid4()), "verdict": "label", "labels": [self.label], "image": image}
            answer = patiently(lambda item=item: self.client.post(f"{self.base}/annotations", {"items": [item]}))
            self.statuses.append(answer["results"][0]["status"])
            time.sleep(0.05)


def deliver(product: Product, client: Client, project: int, pictures: Path) -> None:
    """Bring in a folder of the server."""
    files = [(name, pictures / name) for name in folder_labels(pictures)]
    client.import_files(project, files, name="second", labels="ignore")


@pytest.mark.timeout(600)
def test_nothing_is_lost_and_nothing_is_done_twice(postgres, redis, tmp_path):
    write_folders(tmp_path / "first", KINDS, each=60)
    write_folders(tmp_path / "second", ("cross", "disc"), each=60)
    quick = {"ANNOTATOR_JOB_SWEEP_SECONDS": "2", "ANNOTATOR_JOB_BEAT_SECONDS": "1", "ANNOTATOR_JOB_DEAD_SECONDS": "10"}
    with running(tmp_path / "data", DATABASE_URL=postgres.url, REDIS_URL=redis.url, **quick) as product:
        client = product.client(product.create_user("lead", PASSWORD, admin=True))
        project = make_project(client, "restarts", list(KINDS), reserve_share=0, refresh_every=16)
        base = f"/api/projects/{project}"
        files = [(name, tmp_path / "first" / name) for name in folder_labels(tmp_path / "first")]
        client.import_files(project, files, name="first", labels="ignore")
        client.wait_until_idle(project)
        images = [image["id"] for image in client.pages(f"{base}/images", limit=500)]
        label = client.get(f"{base}/classes")[0]["id"]

        labeler = Labeler(product.client(product.create_user("second", PASSWORD, admin=True)), base, images, label)
        labeler.start()
        deliver(product, client, project, tmp_path / "second")
        time.sleep(1)
        postgres.restart()
        time.sleep(3)
        redis.restart()
        patiently(lambda: client.post(f"{base}/snapshots", {"name": "under load"}))
        time.sleep(1)
        postgres.restart()
        labeler.join(PATIENCE)

        assert not labeler.is_alive()
        assert set(labeler.statuses) <= {"created", "duplicate"}
        until_idle(client, project)
        states = {(job["kind"], job["state"]) for job in client.pages(f"{base}/jobs", limit=100)}
        assert {state for _, state in states} == {"succeeded"}, states
        counts = client.get(f"{base}/overview")["counts"]
        assert (counts["images"], counts["labelled"]) == (240, 120)
        answers = list(client.pages(f"{base}/annotations", limit=100))
        assert len(answers) == len({answer["image"]["id"] for answer in answers}) == 120
        assert len(list(client.pages(f"{base}/snapshots", limit=10))) == 1


def until_idle(client: Client, project: int) -> None:
    """Wait until no job waits or runs, whatever they ended as."""
    deadline = time.monotonic() + 2 * PATIENCE
    while patiently(lambda: client.get(f"/api/projects/{project}/pulse"))["jobs"]:
        assert time.monotonic() < deadline
        time.sleep(0.3)
