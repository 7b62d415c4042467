"""A project whose models can be promoted in no time, and a look at whether all of it fits together."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from annotator.common.arrays import array_path
from annotator.images.models import Image, ScoreSet, Trust
from annotator.images.selectors import active_space, embeddings
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.modeling.selectors import serving_model
from annotator.projects.models import LabelClass, Project
from tests.factories import make_project
from tests.worker.handlers.embedding import add_pictures
from worker.handlers import embed
from worker.runner import run_job

DIM = 8


def row_of(weights: str, data: bytes) -> np.ndarray:
    """What the stand-in for a model makes of a picture: it depends on the weights and on the file."""
    return np.frombuffer(hashlib.sha256(weights.encode() + data).digest()[:DIM], np.uint8) / 255


def be_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the network: a row says by its content which weights and which file it was made of."""

    def embed_images(paths, backbone, *, batch_size=32, on_batch=None):
        rows, failed = np.zeros((len(paths), DIM), np.float16), []
        for index, path in enumerate(paths):
            if path is None or not path.exists():
                failed.append(index)
            else:
                rows[index] = row_of(backbone.weights, path.read_bytes())
        if on_batch is not None:
            on_batch(len(paths))
        return rows, failed

    monkeypatch.setattr(embed, "embed_images", embed_images)
    engine = {"dim": DIM, "short_side": 224, "describe": dict}
    monkeypatch.setattr(embed, "_loaded", lambda name, weights: SimpleNamespace(name=name, weights=weights, **engine))
    monkeypatch.setattr(embed, "SHARD", 4)


def finish(job: Job | None) -> Job:
    assert job is not None
    run_job(job.pk)
    job.refresh_from_db()
    return job


def work_off(project: Project) -> None:
    """Run whatever waits, as the workers do."""
    while job := Job.objects.filter(project=project, state=Job.State.QUEUED).exclude(kind="find_duplicates").first():
        assert finish(job).state == Job.State.SUCCEEDED, job.error_message


def embedded_project(tmp_path: Path) -> Project:
    """Return a project with ten pictures, embedded by the first model; four of them labelled; a head."""
    project = make_project()
    images = add_pictures(project, tmp_path, 10)
    for image, label in zip(images[:4], [*project.classes.all()] * 2, strict=True):
        set_label(image, label)
    enqueue(kind=JobKind.EMBED, project=project, slot=f"embed:{project.pk}")
    work_off(project)
    return project


def set_label(image: Image, label: LabelClass) -> None:
    project = Project.objects.get(pk=image.project_id)
    Project.objects.filter(pk=project.pk).update(change_seq=project.change_seq + 1)
    Image.objects.filter(pk=image.pk).update(label=label, trust=Trust.HUMAN, change_seq=project.change_seq + 1)


def stored(project: Project) -> np.ndarray:
    return np.concatenate([rows for _, _, rows in embeddings(active_space(project.pk)).shards()])


def check_whole(project: Project) -> None:
    """Every picture has the row that the serving model makes of it, in its place, and no other; the scores agree."""
    space, version = active_space(project.pk), serving_model(project)
    assert (version.space, space.weights, space.model_name) == (space, version.folder, version.name)
    images = Image.objects.filter(project=project).order_by("position")
    expected = [row_of(space.weights, local(image)) for image in images]
    assert np.array_equal(stored(project), np.array(expected, np.float16))
    head = ScoreSet.objects.get(project=project, kind=ScoreSet.Kind.HEAD, active=True)
    assert head.space == space
    assert head.name.startswith(f"{version.name}.")


def names_in(project: Project, kind: str) -> set[str]:
    """Return the folders of this kind that the array store has of the project."""
    return {f"{project.pk}/{kind}/{path.name}" for path in array_path(f"{project.pk}/{kind}").iterdir()}


def local(image: Image) -> bytes:
    return embed.local_path(image.sha256, "model").read_bytes()
