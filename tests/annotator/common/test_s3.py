"""The product on an S3 API: a real server answers on a port, and the settings are made from the environment."""

from __future__ import annotations

import errno
import hashlib
import runpy
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Picture

from annotator.common.blobs import ORIGINAL, VARIANTS, BlobChanged, blob_key, local_path, store_picture
from annotator.common.upkeep import discard_picture, stored_pictures
from annotator.images.models import Image, ImportBatch
from annotator.images.selectors import active_space, embeddings
from annotator.images.services import create_batch, start_batch
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue, retry
from annotator.projects.models import Project
from tests.factories import make_image, make_project, picture_bytes
from tests.product import ROOT, free_port
from worker.handlers import embed
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)
BUCKET = "pictures"
DIM = 8


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory) -> Iterator[str]:
    """The address of an S3 service in a process of its own."""
    port = free_port()
    log = (tmp_path_factory.mktemp("s3") / "log").open("wb")
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-p", str(port)], stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while socket.socket().connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED:
            assert server.poll() is None, "the S3 service does not start"
            assert time.monotonic() < until, "the S3 service does not answer"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
        log.close()


def configure(settings, **environment: str) -> None:
    """Keep pictures as the product does that is started with these variables."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        made = runpy.run_path(str(ROOT / "annotator" / "settings.py"))
    settings.STORAGES = settings.STORAGES | {"default": made["STORAGES"]["default"]}


@pytest.fixture(autouse=True)
def bucket(settings, data_dir, endpoint, monkeypatch) -> Iterator[Any]:
    """An empty bucket that the product keeps its pictures in."""
    settings.DATA_DIR = data_dir
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made = boto3.resource("s3", endpoint_url=endpoint).create_bucket(Bucket=BUCKET)
    configure(settings, ANNOTATOR_S3_BUCKET=BUCKET, ANNOTATOR_S3_ENDPOINT=endpoint)
    yield made
    made.objects.delete()
    made.delete()


@pytest.fixture(autouse=True)
def quick_backbone(monkeypatch) -> None:
    """A row says by its content which file it was made of."""

    def embed_images(paths, backbone, *, on_batch):
        rows = np.zeros((len(paths), DIM), np.float16)
        for index, path in enumerate(paths):
            if path is not None:
                rows[index] = np.frombuffer(hashlib.sha256(path.read_bytes()).digest()[:DIM], np.uint8) / 255
        return rows, [index for index, path in enumerate(paths) if path is None]

    monkeypatch.setattr(embed, "embed_images", embed_images)
    engine = SimpleNamespace(dim=DIM, short_side=224, describe=dict)
    monkeypatch.setattr(embed, "_loaded", lambda name, weights: engine)


def put_pictures(folder: Path, count: int = 2) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.jpg").write_bytes(picture_bytes(number))
    return folder


def ran(job: Job) -> Job:
    run_job(job.pk)
    job.refresh_from_db()
    return job


def started(project: Project, folder: Path) -> Job:
    batch = create_batch(project=project, user=project.created_by, labels="ignore", source_path=str(folder))
    return start_batch(batch=batch, user=project.created_by)


@pytest.fixture
def project(tmp_path) -> Project:
    """A project with two pictures in the bucket, about to be embedded."""
    project = make_project()
    for path in sorted(put_pictures(tmp_path / "photos").iterdir()):
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        store_picture(path, sha256, dict.fromkeys(("thumb", "model", "preview"), content))
        make_image(project, sha256=sha256)
    enqueue(kind=JobKind.EMBED, project=project)
    return project


def address(image: Image, variant: str) -> str:
    return f"/api/projects/{image.project_id}/blobs/{image.sha256}/{variant}"


def test_pictures_are_imported_embedded_and_shown(bucket, client_for, tmp_path, data_dir):
    project = make_project()
    job = ran(started(project, put_pictures(tmp_path / "photos")))
    assert job.state == Job.State.SUCCEEDED, job.error_message
    images = list(Image.objects.order_by("position"))
    stored = {item.key: item.size for item in bucket.objects.all()}
    assert set(stored) == {blob_key(image.sha256, variant) for image in images for variant in VARIANTS}
    assert not (data_dir / "blobs").exists()

    job = ran(Job.objects.get(kind=JobKind.EMBED))

    assert (job.state, job.result["embedded"]) == (Job.State.SUCCEEDED, 2)
    rows = np.concatenate([rows for _, _, rows in embeddings(active_space(project.pk)).shards()])
    model = bucket.Object(blob_key(images[1].sha256, "model")).get()["Body"].read()
    assert np.array_equal(rows[1], np.float16(np.frombuffer(hashlib.sha256(model).digest()[:DIM], np.uint8) / 255))

    client = client_for(project.created_by)
    for variant in ("thumb", "model", "preview"):
        response = client.get(address(images[0], variant))
        assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
        body = b"".join(response.streaming_content)
        assert len(body) == stored[blob_key(images[0].sha256, variant)]
        assert Picture.open(local_path(images[0].sha256, variant)).size == (64, 48)
    response = client.get(address(images[0], ORIGINAL))
    assert b"".join(response.streaming_content) == (tmp_path / "photos/0.jpg").read_bytes()
    assert response["Content-Disposition"] == 'attachment; filename="0.jpg"'


def test_what_is_there_is_not_uploaded_again(project, bucket, tmp_path):
    before = {item.key: item.last_modified for item in bucket.objects.all()}

    for path in (tmp_path / "photos").iterdir():
        store_picture(path, hashlib.sha256(path.read_bytes()).hexdigest(), {"thumb": b"another"})

    assert {item.key: item.last_modified for item in bucket.objects.all()} == before


class TestCache:
    """What was fetched is kept on this host, and looked at before it is used."""

    @pytest.fixture
    def image(self, project) -> Image:
        return Image.objects.order_by("position")[0]

    def test_it_is_fetched_once(self, image, bucket):
        kept = {variant: local_path(image.sha256, variant).read_bytes() for variant in VARIANTS}
        bucket.objects.delete()

        assert {variant: local_path(image.sha256, variant).read_bytes() for variant in VARIANTS} == kept

    @pytest.mark.parametrize("damage", [b"", b"tampered with"])
    def test_what_has_changed_on_this_host_is_fetched_again(self, image, data_dir, damage):
        paths = {local_path(image.sha256, variant): variant for variant in VARIANTS}
        contents = {path: path.read_bytes() for path in paths}
        for path in paths:
            path.write_bytes(damage)

        assert {local_path(image.sha256, variant) for variant in VARIANTS} == set(paths)

        assert {path: path.read_bytes() for path in paths} == contents
        assert {file for file in (data_dir / "blob-cache").rglob("*") if file.is_file()} == set(paths)

    def test_an_original_that_has_changed_in_the_bucket_is_not_shown(self, image, client_for):
        default_storage.save(blob_key(image.sha256, ORIGINAL), ContentFile(b"tampered with"))

        with pytest.raises(BlobChanged):
            local_path(image.sha256, ORIGINAL)
        response = client_for(image.project.created_by).get(address(image, ORIGINAL))
        assert (response.status_code, response.json()["code"]) == (503, "picture_damaged")

    def test_a_missing_blob_is_not_found_and_a_zero_row(self, image, bucket, client_for):
        bucket.Object(blob_key(image.sha256, "model")).delete()

        response = client_for(image.project.created_by).get(address(image, "model"))
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
        job = ran(Job.objects.get(kind=JobKind.EMBED))
        assert (job.result["embedded"], job.result["unreadable"]) == (1, 1)


@pytest.fixture(params=["no service", "no bucket"])
def away(request, settings, endpoint) -> Callable[[bool], None]:
    """Let the bucket be away, or back: nobody answers at the address, or whoever does knows no such bucket."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    bucket, address = {"no service": (BUCKET, nowhere), "no bucket": ("mistyped", endpoint)}[request.param]

    def set_(is_away: bool) -> None:
        if is_away:
            configure(settings, ANNOTATOR_S3_BUCKET=bucket, ANNOTATOR_S3_ENDPOINT=address)
        else:
            configure(settings, ANNOTATOR_S3_BUCKET=BUCKET, ANNOTATOR_S3_ENDPOINT=endpoint)

    return set_


class TestAway:
    """A bucket that cannot be used is told, and nothing is lost."""

    def test_pictures_are_answered_with_503_and_embedding_can_be_run_again(self, project, away, client_for):
        away(True)
        image = Image.objects.order_by("position")[0]

        response = client_for(project.created_by).get(address(image, "thumb"))
        job = ran(Job.objects.get(kind=JobKind.EMBED))

        assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
        assert "bucket" in response.json()["message"]
        assert "127.0.0.1" not in response.json()["message"]
        assert (job.state, job.error_code) == (Job.State.FAILED, "storage_unavailable")
        assert "ANNOTATOR_S3_" in job.error_hint
        assert active_space(project.pk).length == 0, "no rows of zeros"
        away(False)
        assert ran(retry(job=job)).result["embedded"] == 2

    def test_an_import_fails_with_what_to_do_and_can_be_run_again(self, away, tmp_path):
        away(True)
        job = ran(started(make_project(), put_pictures(tmp_path / "in")))

        assert (job.state, job.error_code) == (Job.State.FAILED, "storage_unavailable")
        assert "ANNOTATOR_S3_" in job.error_hint
        assert ImportBatch.objects.get().state == ImportBatch.State.FAILED
        assert not Image.objects.exists()
        away(False)
        assert ran(retry(job=job)).result["imported"] == 2


def test_a_forgotten_picture_leaves_the_bucket_and_this_host(bucket, project):
    first, second = Image.objects.order_by("position")
    copy = local_path(first.sha256, "thumb")
    stored = {each.sha256: each for each in stored_pictures()}
    assert set(stored) == {first.sha256, second.sha256}
    soon = datetime.now(UTC) + timedelta(hours=1)

    assert discard_picture(first.sha256, unless_touched_since=datetime.now(UTC) - timedelta(days=1)) == 0
    assert discard_picture(first.sha256, unless_touched_since=soon) == stored[first.sha256].bytes

    assert [each.sha256 for each in stored_pictures()] == [second.sha256]
    assert not copy.exists()


def test_bringing_an_old_picture_again_makes_it_a_new_one(bucket, project, tmp_path, monkeypatch):
    monkeypatch.setattr("annotator.common.blobs.FRESH", timedelta(0))
    image = Image.objects.order_by("position")[0]
    key = bucket.Object(blob_key(image.sha256, ORIGINAL))
    before = key.last_modified
    time.sleep(1.1)  # the clock of an S3 service goes by seconds

    store_picture(tmp_path / "is not even read", image.sha256, {})

    assert bucket.Object(key.key).last_modified > before
    assert hashlib.sha256(bucket.Object(key.key).get()["Body"].read()).hexdigest() == image.sha256
