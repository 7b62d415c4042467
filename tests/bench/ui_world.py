"""The project that browser benchmarks run on: made once, kept between runs, copied for each."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from tests.bench.ui_pictures import KINDS, write_pictures
from tests.measuring import LEAD, PASSWORD, PROJECT
from tests.product import make_project, manage, running
from worker.management.client import Client

KEPT = Path(tempfile.gettempdir()) / "annotator-bench-ui"
FIRST_LABELS = 60
IMMUTABLE = {"blobs", "arrays"}


def prepared(images: int) -> Path:
    """Return a data folder with a project of that many pictures, embedded and with a first head."""
    data = KEPT / str(images)
    if not (data / "ready").exists():
        shutil.rmtree(data, ignore_errors=True)
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="bench-ui-") as scratch:
            _make(data, Path(scratch), images)
        (data / "ready").touch()
        print(f"{images} pictures made, imported and embedded in {time.monotonic() - start:.0f} s; kept in {data}")
    return data


def _make(data: Path, folder: Path, images: int) -> None:
    kind_of = write_pictures(folder, images)
    with running(data) as product:
        client = product.client(product.create_user(LEAD, PASSWORD))
        project = make_project(client, PROJECT, list(KINDS))
        manage("import", PROJECT, str(folder), env=product.env)
        client.wait_until_idle(project)
        teach(client, project, kind_of)


def teach(client: Client, project: int, kind_of: dict[str, str]) -> None:
    """Give the first labels, so that there is a head whose suggestions can be verified."""
    base = f"/api/projects/{project}"
    ids = {row["name"]: row["id"] for row in client.get(f"{base}/classes")}
    given = 0
    while given < FIRST_LABELS:
        tasks = client.post(f"{base}/lease", {"count": 20})["tasks"]
        items = [_answer(task, ids[kind_of[task["image"]["source"]]]) for task in tasks]
        client.post(f"{base}/annotations", {"items": items})
        given += len(items)
        client.wait_until_idle(project)
    client.wait_for_job(project, client.post(f"{base}/refresh")["id"])


def _answer(task: dict[str, Any], label: int) -> dict[str, Any]:
    image = task["image"]["id"]
    return {"client_id": str(uuid.uuid4()), "task": task["id"], "image": image, "verdict": "label", "labels": [label]}


def copy_of(data: Path, target: Path) -> Path:
    """Copy a stopped product's data folder; files that never change are linked."""

    def link_or_copy(source: str, place: str) -> None:
        if IMMUTABLE & set(Path(source).relative_to(data).parts):
            os.link(source, place)
        else:
            shutil.copy2(source, place)

    ignored = shutil.ignore_patterns("*.sock", "*.lock", "up.log")
    shutil.copytree(data, target, ignore=ignored, copy_function=link_or_copy)
    return target
