"""Embedding: new pictures get their rows, shard by shard, whatever happens on the way."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from annotator.common.arrays import array_path
from annotator.common.blobs import blob_key
from annotator.images.models import EmbeddingShard, EmbeddingSpace, Image
from annotator.images.selectors import active_space, embeddings
from annotator.images.services import publish_shard
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue, request_cancel, retry
from annotator.projects.models import Project
from tests.factories import make_image, make_project
from tests.worker.handlers.embedding import add_pictures
from worker.handlers import embed
from worker.ml.backbones import WeightsUnavailable
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)

DIM = 8


def enqueued(project: Project) -> Job:
    return enqueue(kind=JobKind.EMBED, project=project, slot=f"embed:{project.pk}")


def run(project: Project) -> Job:
    job = enqueued(project)
    run_job(job.pk)
    job.refresh_from_db()
    return job


@pytest.fixture
def quick(monkeypatch):
    """Replace the network: a row says by its content which file it was made of."""

    def embed_images(paths, backbone, *, batch_size=32, on_batch=None):
        rows, failed = np.zeros((len(paths), DIM), np.float16), []
        for index, path in enumerate(paths):
            if path is None or not path.exists():
                failed.append(index)
            else:
                rows[index] = np.frombuffer(hashlib.sha256(path.read_bytes()).digest()[:DIM], np.uint8) / 255
            if on_batch is not None:
                on_batch(index + 1)
        return rows, failed

    monkeypatch.setattr(embed, "embed_images", embed_images)
    engine = SimpleNamespace(dim=DIM, short_side=224, describe=lambda: {"title": "a hash"})
    monkeypatch.setattr(embed, "_loaded", lambda name, weights: engine)
    monkeypatch.setattr(embed, "SHARD", 4)


def shards(project: Project) -> list[tuple[int, int, str]]:
    rows = EmbeddingShard.objects.filter(space__project=project).order_by("start")
    return list(rows.values_list("start", "stop", "sha256"))


def stored(project: Project) -> np.ndarray:
    return np.concatenate([rows for _, _, rows in embeddings(active_space(project.pk)).shards()])


def test_every_picture_gets_a_unit_row_and_a_refresh_follows(tmp_path):
    project = make_project()
    add_pictures(project, tmp_path, 3)

    job = run(project)

    assert job.state == Job.State.SUCCEEDED, job.error_message
    assert (job.result["embedded"], job.result["unreadable"]) == (3, 0)
    assert job.result["images_per_second"] > 0
    assert job.result["engine"]["title"] == "torch fp32"
    space = active_space(project.pk)
    assert (space.model_name, space.backbone, space.length) == ("v1", project.backbone, 3)
    rows = stored(project)
    assert rows.shape == (3, space.dim)
    assert rows.dtype == np.float16
    assert np.linalg.norm(rows.astype(np.float32), axis=1) == pytest.approx(np.ones(3), abs=2e-3)
    assert len(np.unique(rows, axis=0)) == 3
    refresh = Job.objects.get(kind=JobKind.HEAD_REFRESH)
    assert (refresh.state, refresh.slot) == (Job.State.QUEUED, f"refresh:{project.pk}")


def test_shards_end_at_multiples_and_later_pictures_are_appended(quick, tmp_path):
    project = make_project()
    add_pictures(project, tmp_path, 6)
    run(project)
    before = stored(project)

    add_pictures(project, tmp_path, 5)
    job = run(project)

    spans = list(EmbeddingShard.objects.order_by("start").values_list("start", "stop"))
    assert spans == [(0, 4), (4, 6), (6, 8), (8, 11)]
    assert np.array_equal(stored(project)[:6], before)
    assert job.result["embedded"] == 5
    assert job.result["engine"] == {"title": "a hash"}


def test_with_nothing_new_it_only_asks_for_the_refresh(quick, tmp_path):
    project = make_project()
    add_pictures(project, tmp_path, 2)
    run(project)
    Job.objects.filter(kind=JobKind.HEAD_REFRESH).delete()

    job = run(project)

    assert job.result == {"embedded": 0, "unreadable": 0, "images_per_second": None}
    assert Job.objects.filter(kind=JobKind.HEAD_REFRESH).exists()


def test_a_missing_derivative_and_a_tombstone_are_zero_rows(quick, tmp_path, data_dir):
    project = make_project()
    images = add_pictures(project, tmp_path, 4)
    (data_dir / "blobs" / blob_key(images[1].sha256, "model")).unlink()
    Image.objects.filter(pk=images[2].pk).update(archived_at=images[2].created_at)

    job = run(project)

    assert (job.result["embedded"], job.result["unreadable"]) == (2, 2)
    assert stored(project).any(axis=1).tolist() == [True, False, False, True]


def test_cancelled_it_keeps_the_shards_that_are_done(quick, tmp_path, monkeypatch):
    project = make_project()
    add_pictures(project, tmp_path, 10)
    monkeypatch.setattr("worker.runner.REPORT_SECONDS", 0)
    job = enqueued(project)

    def cancel_afterwards(**fields):
        request_cancel(job=Job.objects.get(pk=job.pk))
        return publish_shard(**fields)

    monkeypatch.setattr(embed, "publish_shard", cancel_afterwards)
    run_job(job.pk)

    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert active_space(project.pk).length == 4


@pytest.mark.parametrize(
    ("size", "short_side", "variant"),
    [
        ((4000, 3000), 256, "model"),
        ((4000, 3000), 320, "model"),
        ((4000, 3000), 384, "preview"),
        ((200, 100), 384, "model"),
        ((30_000, 3000), 384, "model"),
    ],
)
def test_a_model_reads_the_smallest_derivative_that_is_large_enough(size, short_side, variant, monkeypatch):
    project = make_project()
    make_image(project, position=0, width=size[0], height=size[1])
    monkeypatch.setattr(embed, "local_path", lambda sha256, chosen: Path(chosen))

    assert embed._paths(project.pk, 0, 1, short_side) == [Path(variant)]


@pytest.mark.parametrize("step", ["write_arrays", "publish", "publish_shard", "request_refresh"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_attempt_that_dies_is_made_up_for(quick, tmp_path, monkeypatch, step, when):
    undisturbed, project = make_project(), make_project()
    for each in (undisturbed, project):
        add_pictures(each, tmp_path, 10)
    run(undisturbed)

    with monkeypatch.context() as broken:
        real, calls = getattr(embed, step), []

        def die(*args, **kwargs):
            calls.append(1)
            dies = len(calls) == (1 if step == "request_refresh" else 2)
            if dies and when == "before":
                raise OSError("killed")
            result = real(*args, **kwargs)
            if dies:
                raise OSError("killed")
            return result

        broken.setattr(embed, step, die)
        job = run(project)
    assert job.state == Job.State.FAILED
    run_job(retry(job=job).pk)

    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED
    assert np.array_equal(stored(project), stored(undisturbed))
    assert shards(project) == shards(undisturbed)


def test_an_attempt_that_was_overtaken_leaves_the_others_shards_alone(quick, tmp_path, monkeypatch):
    project = make_project()
    add_pictures(project, tmp_path, 4)
    slow = enqueued(project)

    def overtaken(**fields):
        monkeypatch.setattr(embed, "publish_shard", publish_shard)
        Job.objects.filter(pk=slow.pk).update(slot="")
        assert run(project).state == Job.State.SUCCEEDED
        return publish_shard(**fields)

    monkeypatch.setattr(embed, "publish_shard", overtaken)
    run_job(slow.pk)

    shard = EmbeddingShard.objects.get()
    assert array_path(shard.folder).exists()
    assert [path.name for path in array_path(f"{project.pk}/embeddings").iterdir()] == [Path(shard.folder).name]


def test_a_host_without_the_weights_says_what_to_do(tmp_path, monkeypatch):
    project = make_project(backbone="resnet50")
    add_pictures(project, tmp_path, 1)

    def load(name, weights):
        raise WeightsUnavailable(f"No weights for {name} on this host.", "Put them there.")

    monkeypatch.setattr(embed, "_loaded", load)
    job = run(project)

    assert (job.state, job.error_code) == (Job.State.FAILED, "weights_unavailable")
    assert (job.error_message, job.error_hint) == ("No weights for resnet50 on this host.", "Put them there.")
    assert not EmbeddingSpace.objects.exists()


def test_a_backbone_that_nobody_knows_fails_in_words(tmp_path):
    project = make_project(backbone="no_such_net")
    add_pictures(project, tmp_path, 1)

    job = run(project)

    assert (job.state, job.error_code) == (Job.State.FAILED, "unknown_backbone")
