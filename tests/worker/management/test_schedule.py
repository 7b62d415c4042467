"""A schedule for every minute on the real product: beat rings, a worker answers, a run starts, and once."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pictures import write_folders
from tests.product import ROOT, Product, make_project, running
from worker.management import supervisor
from worker.management.client import Client

# Only beat rings: the sweep, which would make up for it, does not come in the time of a test.
BEAT_ALONE = {"ANNOTATOR_JOB_SWEEP_SECONDS": "3600", "ANNOTATOR_BEAT_SECONDS": "0.5"}
KINDS = ("disc", "bars")


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + 150
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found


@contextmanager
def second_beat(product: Product) -> Iterator[None]:
    """Run another beat beside the product's own, as nobody should."""
    with (product.log.parent / "second-beat.log").open("wb") as log:
        process = subprocess.Popen(
            supervisor.beat().command, cwd=ROOT, env=product.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield
        assert process.poll() is None, "it has rung as well"
    finally:
        process.kill()
        process.wait()


def labelled_project(client: Client, folder: Path) -> str:
    """Import a few pictures with their classes; return the project's address."""
    write_folders(folder, KINDS, 3)
    project = make_project(client, "shapes", list(KINDS), reserve_share=0)
    files = [(path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*.png"))]
    job = client.import_files(project, files, name="drawn", labels="trusted")
    client.wait_for_job(project, job["id"])
    return f"/api/projects/{project}"


@pytest.mark.timeout(400)
def test_a_schedule_for_every_minute_fires_once_for_real(tmp_path):
    with running(tmp_path / "data", **BEAT_ALONE) as product, second_beat(product):
        client = product.client(product.create_user("ada", "correct horse"))
        project = labelled_project(client, tmp_path / "pictures")
        schedule = client.post(
            f"{project}/schedules", {"name": "often", "kind": "cron", "cron": "* * * * *", "preset": "quick"}
        )

        def firings() -> list[dict[str, Any]]:
            return client.get(f"{project}/firings")["results"]

        (firing,) = wait_for(firings, "nothing has fired")
        assert (firing["cause"], firing["outcome"], firing["schedule"]["id"]) == ("cron", "started", schedule["id"])
        due, made = (datetime.fromisoformat(text) for text in (firing["due_at"], schedule["created_at"]))
        assert made < due <= made + timedelta(minutes=1), "the first minute that came"
        assert firing["run"]["number"] == 1
        client.patch(f"{project}/schedules/{schedule['id']}", {"enabled": False})
        time.sleep(3)  # both beats have looked meanwhile
        assert len({row["due_at"] for row in firings()}) == len(firings())
        assert [row["run"]["number"] for row in firings() if row["outcome"] == "started"] == [1]
