"""How long refreshes and annotations take on 3,781 photographs, idle and while an import and an embedding run.

    python -m tests.bench.bench_refresh [--idle 20] [--load-images 5000]

Targets: idle refresh median ≤ 2 s; under load its p95 ≤ 3 times that; annotations p95 ≤ 100 ms meanwhile.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import threading
import time
import uuid
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image as Picture
from PIL import ImageEnhance

from tests.measuring import LEAD, PASSWORD, PROJECT, files_of, import_all, unpack
from tests.product import Product, make_project, running
from worker.management.client import Client
from worker.management.truth import folder_labels

LABELS = 320
PAUSE = 1  # seconds between refreshes under load: still far more often than labelling asks for one
NEVER = 1000  # labels between automatic refreshes: more than are given here


def main() -> None:
    """Measure, and print a table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=int, default=20, help="refreshes to time on an idle product")
    parser.add_argument("--load-images", type=int, default=5000, help="pictures to import as load")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        photographs = unpack("clothing10", Path(scratch))
        load = load_files(files_of(photographs), options.load_images, Path(scratch) / "load")
        with running(Path(scratch) / "data") as product:
            result = measure(product, photographs, load, options.idle)
    show(result)


def load_files(files: list[tuple[str, Path]], count: int, folder: Path) -> list[tuple[str, Path]]:
    """Make `count` different photographs out of the given ones: no two files are equal."""
    folder.mkdir()
    made = []
    for number in range(count):
        with Picture.open(files[number % len(files)][1]) as picture:
            stream = io.BytesIO()
            ImageEnhance.Brightness(picture.convert("RGB")).enhance(0.8 + number / count / 4).save(stream, "JPEG")
        path = folder / f"{number}.jpg"
        path.write_bytes(stream.getvalue())
        made.append((f"load/{path.name}", path))
    return made


def measure(product: Product, photographs: Path, load: list[tuple[str, Path]], idle: int) -> dict[str, object]:
    """Import, label 320, time refreshes idle and under load, and annotations under load."""
    client = product.client(product.create_user(LEAD, PASSWORD))
    truth = folder_labels(photographs)
    project = make_project(client, PROJECT, sorted(set(truth.values())), refresh_every=NEVER)
    import_all(client, project, files_of(photographs))
    ids = {row["name"]: row["id"] for row in client.get(f"/api/projects/{project}/classes")}
    answers = {source: ids[name] for source, name in truth.items()}
    annotate(client, project, answers, LABELS)
    refresh(client, project)
    quiet = [refresh(client, project) for _ in range(idle)]
    busy, annotations = under_load(client, project, answers, load)
    return {
        "refresh_idle": summary(quiet),
        "refresh_load": summary(busy),
        "annotation_load": summary(annotations),
        "met": {
            "idle median <= 2 s": bool(np.median(quiet) <= 2),
            "load p95 <= 3 x 2 s": bool(np.percentile(busy, 95) <= 6),
            "load p95 <= 3 x the idle median": bool(np.percentile(busy, 95) <= 3 * np.median(quiet)),
            "annotation p95 <= 0.1 s": bool(np.percentile(annotations, 95) <= 0.1),
        },
    }


def annotate(client: Client, project: int, truth: dict[str, int], count: int) -> list[float]:
    """Give `count` labels, one a request, and return how long each request took, in seconds."""
    base, seconds = f"/api/projects/{project}", []
    while len(seconds) < count:
        tasks = client.post(f"{base}/lease", {"count": min(20, count - len(seconds))})["tasks"]
        if not tasks:
            client.wait_until_idle(project)
        for task in tasks:
            start = time.perf_counter()
            client.post(f"{base}/annotations", {"items": [answer_to(task, truth)]})
            seconds.append(time.perf_counter() - start)
    return seconds


def answer_to(task: dict, truth: dict[str, int]) -> dict[str, object]:
    """Return the right label for a task."""
    image = task["image"]
    return {
        "client_id": str(uuid.uuid4()),
        "task": task["id"],
        "image": image["id"],
        "verdict": "label",
        "labels": [truth[image["source"]]],
    }


def refresh(client: Client, project: int) -> float:
    """Ask for a refresh, wait, and return the seconds from asking to the end of the job, queueing included."""
    job = client.wait_for_job(project, client.post(f"/api/projects/{project}/refresh")["id"])
    return (datetime.fromisoformat(job["finished_at"]) - datetime.fromisoformat(job["created_at"])).total_seconds()


def under_load(
    client: Client, project: int, truth: dict[str, int], load: list[tuple[str, Path]]
) -> tuple[list[float], list[float]]:
    """Time refreshes and annotations while an import and an embedding of other projects run."""
    embedded, imported = (make_project(client, name, ["a", "b"]) for name in ("embedding", "importing"))
    client.import_files(embedded, load[: len(load) // 2], name="load", labels="ignore")
    while active(client, embedded) != {"embed"}:
        time.sleep(0.2)
    client.import_files(imported, load, name="load", labels="ignore")
    annotations: list[float] = []
    over = threading.Event()
    labeler = threading.Thread(target=keep_annotating, args=(client, project, truth, over, annotations))
    labeler.start()
    refreshes = []
    try:
        while "import" in active(client, imported):
            refreshes.append(refresh(client, project))
            time.sleep(PAUSE)
            if "embed" not in active(client, embedded):
                break
    finally:
        over.set()
        labeler.join()
    return refreshes, annotations


def active(client: Client, project: int) -> set[str]:
    """Return the kinds of the project's jobs that are queued or running."""
    return {job["kind"] for job in client.get(f"/api/projects/{project}/pulse")["jobs"]}


def keep_annotating(
    lead: Client, project: int, truth: dict[str, int], over: threading.Event, seconds: list[float]
) -> None:
    """Answer about three tasks a second on a connection of its own, until told that it is over."""
    client = Client(lead.url)
    client.session.headers.update(lead.session.headers)
    while not over.is_set():
        seconds += annotate(client, project, truth, 1)
        time.sleep(0.3)


def summary(seconds: list[float]) -> dict[str, float]:
    """Return count, median and p95 of times in seconds."""
    return {
        "count": len(seconds),
        "median": round(float(np.median(seconds)), 4),
        "p95": round(float(np.percentile(seconds, 95)), 4),
    }


def show(result: dict) -> None:
    """Print the table for people and the JSON for programs."""
    print(f"{'':18}{'count':>7}{'median s':>10}{'p95 s':>10}")
    for name in ("refresh_idle", "refresh_load", "annotation_load"):
        row = result[name]
        print(f"{name:18}{row['count']:>7}{row['median']:>10.3f}{row['p95']:>10.3f}")
    for target, met in result["met"].items():
        print(f"{'met' if met else 'MISSED'}: {target}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
