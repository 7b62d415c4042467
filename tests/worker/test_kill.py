"""A worker killed at any moment loses nothing and does nothing twice: the next attempt ends where one run would have.

Each kind of job is run once undisturbed, then again from the same start, killed with SIGKILL at seeded milestones and
taken up by the next attempt, as after a sweep. What people and models then find must be the same, byte for byte.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from annotator.common.arrays import array_path, publish, write_arrays
from annotator.common.blobs import store_picture
from annotator.events.models import Event
from annotator.images.models import (
    EmbeddingShard,
    EmbeddingSpace,
    Image,
    ImageSource,
    ImportBatch,
    RejectedFile,
    ScoreSet,
    Trust,
)
from annotator.images.services import create_batch, ensure_space, inbox_of, publish_shard, start_batch
from annotator.jobs import services
from annotator.jobs.models import Job, JobKind
from annotator.labeling.models import Annotation, ImageLabel, SelectionRound, Task
from annotator.labeling.services import request_refresh
from annotator.projects.models import LabelClass, Project
from tests.factories import make_image, make_project, make_user, picture_bytes
from tests.worker.killing import Trial, points
from worker.handlers import embed, import_images
from worker.ml.backbones import Backbone
from worker.ml.device import Compute

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]

DIM = 16
PICTURES = 40


# The three scenarios: what is there before the job runs.


def an_import() -> Job:
    """Class folders with duplicates, a contradiction, broken files and a zip, labels to be trusted."""
    project = a_project(classes=("cat",), reserve_max=3)
    batch = create_batch(project=project, user=project.created_by, labels="trusted", name="photos")
    for name, data in delivery().items():
        path = inbox_of(batch) / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return start_batch(batch=batch, user=project.created_by)


def delivery() -> dict[str, bytes]:
    """File contents by path."""
    files = {f"train/{('cat', 'dog')[n % 2]}/{n:02}.jpg": picture_bytes(n) for n in range(PICTURES // 2)}
    files["train/cat/again.jpg"] = picture_bytes(0)
    files["train/dog/contradiction.jpg"] = picture_bytes(2)
    files["train/cat/broken.jpg"] = picture_bytes(5)[:200]
    files["train/dog/words.png"] = b"not a picture"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for n in range(PICTURES // 2, PICTURES):
            archive.writestr(f"test/{('owl', 'dog')[n % 2]}/{n:02}.png", picture_bytes(n, encoding="PNG"))
    files["more.zip"] = packed.getvalue()
    return files


def an_embedding() -> Job:
    """Imported pictures without embeddings; one is a tombstone, one has no derivative any more."""
    project = a_project()
    for n in range(PICTURES):
        data = picture_bytes(n)
        sha256 = hashlib.sha256(data).hexdigest()
        image = make_image(project, sha256=sha256, archived_at=timezone.now() if n == 7 else None)
        if image.position != 9:
            original = settings.SCRATCH_DIR.parent / "original.jpg"
            original.write_bytes(data)
            store_picture(original, sha256, {"thumb": data, "model": data, "preview": data})
    return services.enqueue(kind=JobKind.EMBED, project=project, slot=f"embed:{project.pk}")


def a_refresh() -> Job:
    """Embedded pictures of two kinds, some labelled, some of those in the reserve; an earlier round is open."""
    project = a_project()
    kinds = np.arange(PICTURES) % 2
    vectors = np.eye(DIM)[kinds] + np.random.default_rng(0).normal(0, 0.2, (PICTURES, DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    classes = list(project.classes.all())
    for n, kind in enumerate(kinds):
        labelled = {"label": classes[kind], "trust": Trust.HUMAN, "label_version": 1} if n < 8 or n >= 36 else {}
        make_image(project, reserve=n >= 32, **labelled)
    draft, folder = settings.SCRATCH_DIR / "draft", f"{project.pk}/embeddings/given"
    sha256 = write_arrays(draft, {"embeddings": vectors.astype(np.float16)})
    publish(draft, folder)
    assert publish_shard(
        space=ensure_space(project=project, dim=DIM), start=0, stop=PICTURES, folder=folder, sha256=sha256
    )
    return request_refresh(project=project)


def a_project(**fields: Any) -> Project:
    return make_project(lead=make_user("lead"), name="pets", lot_key="0" * 32, **fields)


# What a child does first: small chunks, so that there is much to be killed between; a model that takes no time.


def small_parts() -> None:
    """Import in chunks of eight, embed in shards of eight, with a model of one layer."""
    import_images.CHUNK = 8
    embed.SHARD = 8
    embed.load_backbone = tiny_backbone  # type: ignore[assignment]
    torch.set_num_threads(1)


def tiny_backbone(name: str, **_: Any) -> Backbone:
    """A backbone with fixed weights over pictures of 8 × 8 pixels."""
    layer = torch.nn.Linear(3 * 8 * 8, DIM, bias=False)
    weights = np.random.default_rng(1).normal(size=(DIM, 3 * 8 * 8)).astype(np.float32)
    layer.weight = torch.nn.Parameter(torch.from_numpy(weights), requires_grad=False)
    return Backbone(
        name=name,
        model=torch.nn.Sequential(torch.nn.Flatten(), layer).eval(),
        dim=DIM,
        input_px=8,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        interpolation="bilinear",
        crop_pct=1.0,
        fingerprint="tiny",
        compute=Compute(torch.device("cpu"), torch.float32),
    )


# What is there after the job has run.


ROWS: dict[type, tuple[str, ...]] = {
    LabelClass: ("index", "name", "color", "hotkey"),
    Image: (
        *("position", "sha256", "width", "height", "format", "bytes", "group", "lot", "reserve", "split"),
        *("label__name", "trust", "label_version"),
    ),
    ImageSource: ("image__position", "path", "split", "folder_label"),
    RejectedFile: ("path", "reason"),
    ImportBatch: ("state", "found", "imported", "duplicates", "rejected", "labelled", "conflicts", "notices"),
    Annotation: ("image__position", "client_id", "labels", "origin", "applied"),
    ImageLabel: ("image__position", "label_class__name", "present", "trust", "version"),
    EmbeddingSpace: ("model_name", "backbone", "dim", "length", "heads"),
    EmbeddingShard: ("start", "stop", "sha256"),
    SelectionRound: ("number", "strategy", "head", "seed", "size", "state"),
    Task: ("image__position", "rank", "purpose", "state", "suggestion_model", "suggestion_top", "reason"),
    Event: ("kind",),
    Job: ("kind", "slot", "state"),
}


def everything() -> dict[str, Any]:
    """Return every row and file that matters, without clocks, keys and attempt numbers."""
    found: dict[str, Any] = {
        model.__name__: sorted(json.dumps(row, default=str) for row in model.objects.values_list(*fields))
        for model, fields in ROWS.items()
    }
    # Heads are a history that people see; of what imports suggest only the set in use is.
    scores = ScoreSet.objects.filter(Q(kind=ScoreSet.Kind.HEAD) | Q(active=True)).order_by("kind", "id")
    shown = scores.values_list("kind", "name", "length", "labels", "test_size", "test_correct", "active")
    found["ScoreSet"] = [list(row) for row in shown]
    folders = [shard.folder for shard in EmbeddingShard.objects.order_by("start")]
    folders += [row.folder for row in scores]
    found["arrays"] = [contents(array_path(folder)) for folder in folders]
    found["blobs"] = contents(settings.BLOB_DIR)
    found["inbox"] = contents(settings.INBOX_DIR)
    found["scratch"] = [path.name for path in settings.SCRATCH_DIR.glob("job-*")]
    return found


def contents(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder; drafts that a killed write left beside blobs do not count."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_what_counts_as_the_same_differs_when_a_byte_does():
    job = an_embedding()
    before = everything()
    blob = next(path for path in settings.BLOB_DIR.rglob("*.jpg"))
    blob.write_bytes(b"other")
    assert everything() != before
    Image.objects.filter(project=job.project, position=3).update(split="test")
    assert everything()["Image"] != before["Image"]


def a_trial(scenario: Callable[[], Job], folder: Path) -> Trial:
    """Run a scenario once, undisturbed."""
    trial = Trial(scenario, folder, prepare=small_parts, everything=everything)
    shards = [json.loads(row)[2] for row in trial.expected["EmbeddingShard"]]
    assert len(shards) == len(set(shards)), "embeddings of different pictures are alike"
    return trial


KINDS = pytest.mark.parametrize(
    "scenario", [an_import, an_embedding, a_refresh], ids=lambda scenario: scenario.__name__
)


@KINDS
def test_killed_at_four_points(scenario, tmp_path):
    trial = a_trial(scenario, tmp_path)
    for milestone in points(trial.milestones, 4, seed=4):
        trial.kill_at(milestone)


@KINDS
@pytest.mark.accept
@pytest.mark.timeout(1800)
def test_killed_at_twenty_points(scenario, tmp_path):
    trial = a_trial(scenario, tmp_path)
    for milestone in points(trial.milestones, 20, seed=20):
        trial.kill_at(milestone)
