"""How long freezing and exporting take, and what they need: labels alone, and pictures against copying and zipping.

pytest tests/bench/bench_export.py
"""

from __future__ import annotations

import hashlib
import shutil
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from annotator.common.blobs import blob_key
from annotator.images.models import Image, Trust
from annotator.jobs.models import Job
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot
from annotator.snapshots.services import request_export, request_snapshot
from tests.factories import make_project
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)

BYTES = 60_000  # of a picture


def fill(pictures: int, blobs: Path | None = None) -> Project:
    """Make a project of labelled pictures, each with a file of random bytes when `blobs` is given."""
    project, rng = make_project(classes=tuple(f"class {n}" for n in range(10))), np.random.default_rng(0)
    classes, rows = list(project.classes.all()), []
    for n in range(pictures):
        data = rng.bytes(BYTES) if blobs else str(n).encode()
        sha256 = hashlib.sha256(data).hexdigest()
        if blobs:
            path = blobs / blob_key(sha256, "original")
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
        lot = int(rng.integers(-(2**63), 2**63 - 1))
        fields = {"label": classes[n % 10], "trust": Trust.HUMAN, "lot": lot, "group": n, "sha256": sha256}
        rows.append(Image(project=project, position=n, width=9, height=9, format="JPEG", bytes=len(data), **fields))
    Image.objects.bulk_create(rows, batch_size=1000)
    return project


def run(job: Job) -> float:
    """Run a job to its end; return its seconds."""
    began = time.perf_counter()
    run_job(job.pk)
    seconds = time.perf_counter() - began
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error_message
    return seconds


def freeze(project: Project) -> tuple[Snapshot, float]:
    job = request_snapshot(project=project, user=None)
    seconds = run(job)
    return Snapshot.objects.get(pk=job.result["snapshot"]), seconds


def test_labels_of_100_000_pictures(benchmark):
    snapshot, frozen = freeze(fill(100_000))

    def export(chosen: str) -> float:
        return run(request_export(snapshot=snapshot, user=None, format=chosen))

    seconds = {chosen: round(export(chosen), 2) for chosen in ("jsonl", "parquet")}
    benchmark.extra_info.update({"snapshot_s": round(frozen, 2), **seconds})
    benchmark.pedantic(export, ("csv",), rounds=3)
    print(benchmark.extra_info)


def test_pictures_against_copying_and_zipping_the_same_files(benchmark, settings, tmp_path):
    """Three interleaved runs of each; the rate is the median's."""
    snapshot, _ = freeze(fill(1000, settings.BLOB_DIR))
    files = sorted(settings.BLOB_DIR.rglob("original"))

    def plain(number: int) -> float:
        began = time.perf_counter()
        shutil.copytree(settings.BLOB_DIR, tmp_path / f"copy{number}")
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w", zipfile.ZIP_STORED) as archive:
            for path in files:
                archive.write(tmp_path / f"copy{number}" / path.relative_to(settings.BLOB_DIR))
        return time.perf_counter() - began

    def export() -> float:
        return run(request_export(snapshot=snapshot, user=None, format="image_folder"))

    pairs = [(plain(number), export()) for number in range(3)]
    ratios = sorted(ours and theirs / ours for theirs, ours in pairs)
    benchmark.extra_info["rate_against_plain"] = round(ratios[1], 2)
    benchmark.pedantic(export, rounds=1)
    print(benchmark.extra_info)


@pytest.mark.parametrize("pictures", [1000, 50_000])
def test_memory(benchmark, settings, pictures):
    """The peak of Python's memory while pictures are exported; their files are one and the same."""
    project = fill(pictures)
    snapshot, _ = freeze(project)
    data = b"x" * 200
    sha256 = hashlib.sha256(data).hexdigest()
    for path in [settings.BLOB_DIR / blob_key(sha256, "preview")]:
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("worker.handlers.export.local_path", lambda *_: path)
        job = request_export(snapshot=snapshot, user=None, format="image_folder", pictures="preview")
        tracemalloc.start()
        seconds = run(job)
        benchmark.extra_info["peak_mb"] = round(tracemalloc.get_traced_memory()[1] / 1e6, 1)
        tracemalloc.stop()
    benchmark.pedantic(lambda: seconds, rounds=1)
    print(benchmark.extra_info)
