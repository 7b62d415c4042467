"""Builders for what is stored: pictures as imports leave them, folders with an age, a project that has everything."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from annotator.common.arrays import array_path
from annotator.common.blobs import ORIGINAL, blob_key, store_picture
from annotator.curation.models import DuplicateSearch, Finding, Separation
from annotator.events.models import PING, Delivery, ReadEvent, ReadMark, Webhook
from annotator.events.services import record_event
from annotator.images.models import EmbeddingSpace, Image, ImageSource, ImportBatch, NeighbourGraph, RejectedFile
from annotator.images.services import ensure_space, inbox_of, publish_shard, set_holdout
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.labeling.models import (
    Annotation,
    Case,
    CaseComment,
    ClassExample,
    ImageLabel,
    QueueFocus,
    QueueState,
    SelectionGain,
    SelectionRound,
    Task,
    VerifyPage,
)
from annotator.modeling.models import Firing, ModelingSettings, ModelVersion, Schedule, TrainingRun
from annotator.projects.models import Project
from tests.annotator.images.arrivals import store_scores
from tests.annotator.snapshots.frozen import make_export, make_row, make_snapshot
from tests.factories import make_image, make_project, make_user, picture_bytes

DAY = 86_400.0


def age(folder: Path, days: float = 3.0) -> Path:
    """Let a folder and its files look as old as that."""
    then = time.time() - days * DAY
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (then, then))
    return folder


def blob_folder(sha256: str) -> Path:
    """Return where a picture lies."""
    return (settings.BLOB_DIR / blob_key(sha256, ORIGINAL)).parent


def store(seed: int, *, days: float = 3.0) -> str:
    """Store a picture as an import did so many days ago; return its hash."""
    data = picture_bytes(seed)
    sha256 = hashlib.sha256(data).hexdigest()
    original = Path(settings.SCRATCH_DIR) / f"{sha256}.jpg"
    original.parent.mkdir(parents=True, exist_ok=True)
    original.write_bytes(data)
    store_picture(original, sha256, {"thumb": data, "model": data, "preview": data})
    original.unlink()
    age(blob_folder(sha256), days)
    return sha256


def fill(folder: str, *, days: float = 3.0, file: str = "array.npy") -> Path:
    """Make a directory of the array store, as an attempt left it that many days ago."""
    path = array_path(folder)
    path.mkdir(parents=True)
    (path / file).write_bytes(b"x" * 100)
    return age(path, days)


def furnish(name: str, seeds: tuple[int, ...] = (1, 2)) -> Project:
    """Make a project with pictures and with rows in every table that a project can have rows in."""
    project = make_project(lead=make_user(f"lead of {name}"), name=name, lot_key="0" * 32)
    cat, dog = project.classes.order_by("index")
    project.classes.filter(pk=cat.pk).update(parent=dog, hotkey="c")
    project.classes.filter(pk=dog.pk).update(hotkey="c")
    lead = project.created_by
    batch = ImportBatch.objects.create(project=project, name="photos", created_by=lead)
    upload = inbox_of(batch) / "files/a.jpg"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(b"waits")
    RejectedFile.objects.create(batch=batch, path="b.jpg", reason="broken")
    images = [make_image(project, sha256=store(seed), batch=batch, label=cat) for seed in seeds]
    for number, image in enumerate(images):
        ImageSource.objects.create(batch=batch, image=image, path=f"{number}.jpg")
    set_holdout(project=project, name="exam", image_ids=[images[0].pk], user=lead)
    ClassExample.objects.create(label_class=cat, image=images[-1], created_by=lead)
    for user in (None, lead):
        QueueFocus.objects.create(project=project, user=user, label_class=cat, created_by=lead)
    _label(project, images[-1])
    Finding.objects.create(project=project, kind="duplicate", image=images[-1], other=images[0], score=1)
    Separation.objects.create(project=project, user=lead, parts=[[0], [1]])
    DuplicateSearch.objects.create(project=project)
    SelectionGain.objects.create(
        project=project, control=1, chosen=1, test_size=1, result={}, measured_at=timezone.now()
    )
    _model(project, [image.sha256 for image in images])
    _tell(project)
    enqueue(kind=JobKind.EMBED, project=project)
    Project.objects.filter(pk=project.pk).update(archived_at=timezone.now())
    project.refresh_from_db()
    return project


def _tell(project: Project) -> None:
    """An event that somebody has read, and an address that was told of it and of nothing in particular."""
    lead = project.created_by
    with transaction.atomic():
        event = record_event(project_id=project.pk, kind="labelled", actor=lead, count=1)
    ReadMark.objects.create(user=lead, project=project, seq=1)
    ReadEvent.objects.create(user=lead, event=event)
    webhook = Webhook.objects.create(project=project, url="https://example.org", secret="x", cursor=0)
    Delivery.objects.create(webhook=webhook, event=event, kind=event.kind)
    Delivery.objects.create(webhook=webhook, kind=PING)


def _label(project: Project, image: Image) -> None:
    """A label that was given and taken back."""
    user, cat = project.created_by, project.classes.order_by("index")[0]
    QueueState.objects.create(project=project)
    round_ = SelectionRound.objects.create(project=project, number=1, strategy="random")
    task = Task.objects.create(project=project, image=image, round=round_, suggestion_class=cat)
    said = {"project": project, "image": image, "user": user, "task": task}
    first = Annotation.objects.create(client_id=uuid.uuid4(), verdict="label", labels=[cat.pk], **said)
    Annotation.objects.create(client_id=uuid.uuid4(), verdict="undo", undoes=first, **said)
    ImageLabel.objects.create(image=image, label_class=cat, trust=4, version=1)
    page = VerifyPage.objects.create(
        project=project, user=user, label_class=cat, size=1, lease_expires_at=timezone.now()
    )
    Task.objects.create(project=project, image=image, purpose="gold", page=page)
    VerifyPage.objects.create(project=project, user=user, size=1, lease_expires_at=timezone.now(), follows=page)
    case = Case.objects.create(
        project=project, image=image, kind="flag", opened_by=user, annotation=first, assignee=user, resolution=first
    )
    CaseComment.objects.create(case=case, user=user, text="Is it?")


def _model(project: Project, hashes: list[str]) -> None:
    """Embeddings, scores, a snapshot with an export, a run with its model, and the schedule that started it."""
    space = ensure_space(project=project, dim=4)
    fill(f"{project.pk}/embeddings/v1-0")
    publish_shard(space=space, start=0, stop=2, folder=f"{project.pk}/embeddings/v1-0", sha256="0" * 64)
    fill(f"{project.pk}/neighbours/v1-2")
    NeighbourGraph.objects.create(space=space, folder=f"{project.pk}/neighbours/v1-2", length=2, k=20)
    age(array_path(store_scores(project, [[("cat", 0.9)]], space=space).folder))
    with transaction.atomic():
        snapshot = make_snapshot(project, [make_row(n, sha256=sha256) for n, sha256 in enumerate(hashes)])
    age(array_path(snapshot.folder))
    age(array_path(make_export(snapshot).folder))
    ModelingSettings.objects.create(project=project)
    run = TrainingRun.objects.create(project=project, number=1, snapshot=snapshot, phase=TrainingRun.Phase.DONE)
    fill(f"runs/{project.pk}/{run.pk}/attempt-1", file="log.txt")
    folder = f"models/{project.pk}/run-{run.pk}-1"
    fill(folder)
    own = EmbeddingSpace.objects.create(project=project, model_name="v2", backbone="b", state="retired")
    ModelVersion.objects.create(
        project=project, number=2, run=run, snapshot=snapshot, space=own, backbone="b", folder=folder
    )
    crontab, _ = CrontabSchedule.objects.get_or_create(minute="0")
    clock = PeriodicTask.objects.create(name=f"schedule of {project.pk}", task="schedule.tick", crontab=crontab)
    schedule = Schedule.objects.create(project=project, name="nightly", kind="cron", periodic_task=clock)
    Firing.objects.create(project=project, schedule=schedule, cause="cron", outcome="started", run=run)


def long_ago(image: Image) -> None:
    """Archive a picture, a long time ago."""
    Image.objects.filter(pk=image.pk).update(archived_at=timezone.now() - timedelta(days=100))


def ended(project: Project) -> None:
    """Let the project's jobs have ended."""
    Job.objects.filter(project=project).update(state=Job.State.SUCCEEDED)
