"""Every write to models: publish one, ask for its promotion, put it in the serving one's place, go back."""

from __future__ import annotations

import time
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.arrays import array_path, remove
from annotator.common.errors import Conflict, check_model
from annotator.events.services import record_event
from annotator.images.models import EmbeddingSpace
from annotator.images.selectors import graph_length
from annotator.images.services import activate_space, request_neighbours, restore_scores
from annotator.jobs.models import Job, JobKind, JobQuerySet
from annotator.jobs.services import enqueue
from annotator.labeling.services import request_refresh
from annotator.modeling.models import ModelingSettings, ModelVersion, TrainingRun
from annotator.modeling.selectors.versions import accuracy_of, can_return
from annotator.projects.models import Project

State = ModelVersion.State
FIRST = 1
ORPHAN_SECONDS = 24 * 3600  # no attempt lives this long between renaming its output and naming it in a row


@transaction.atomic
def change_settings(*, project: Project, user: User, **changes: Any) -> ModelingSettings:
    """Change how the project promotes models.

    Raises:
        DomainError: a value is out of range.
    """
    Project.objects.select_for_update().get(pk=project.pk)
    settings, _ = ModelingSettings.objects.get_or_create(project=project)
    for name, value in changes.items():
        setattr(settings, name, value)
    check_model(settings)
    if changes:
        settings.save(update_fields=list(changes))
        record_event(project_id=project.pk, kind="project_changed", actor=user, fields=sorted(changes))
    return settings


def ensure_first_model(*, project: Project, space: EmbeddingSpace) -> ModelVersion:
    """Return the project's first model, made on first use for the backbone that it starts with."""
    try:
        with transaction.atomic():
            version, _ = ModelVersion.objects.get_or_create(
                project=project,
                number=FIRST,
                defaults={
                    "space": space,
                    "state": State.SERVING,
                    "backbone": space.backbone,
                    "promoted_at": space.created_at,
                },
            )
    except IntegrityError:  # another worker was first
        version = ModelVersion.objects.get(project=project, number=FIRST)
    return version


def ensure_pretrained(*, project: Project, backbone: str) -> ModelVersion:
    """Return the project's model of a pretrained backbone, made on first use under the next number."""
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        version = ModelVersion.objects.pretrained(project.pk, backbone).first()
        if version is None:
            number = _next_number(project.pk)
            version = ModelVersion.objects.create(project=project, number=number, backbone=backbone)
    return version


def _next_number(project_id: int) -> int:
    """Return the number of the project's next model, whose row is locked; the first is kept for what it starts with."""
    return (ModelVersion.objects.filter(project=project_id).aggregate(last=Max("number"))["last"] or FIRST) + 1


def publish_version(
    *,
    run: TrainingRun,
    backbone: str,
    folder: str,
    classes: list[dict[str, Any]],
    temperature: float,
    metrics: dict[str, Any],
    gate: dict[str, Any],
    champion: str,
    files: list[dict[str, Any]],
    onnx_difference: float | None,
) -> ModelVersion:
    """Make a trained model visible under the project's next number, inside the caller's transaction.

    It is rejected if the gate says so, and otherwise waits for a decision.

    Args:
        folder: where its files and what it said of the test pictures lie in the array store, already in place.
        classes: [{id, name}] in column order.
        metrics: {blind, test, validation}: each an assessment, or None.
        gate: the gate's result.
        champion: name of the model that it was compared with.
        files: [{name, bytes, sha256}] of the download.
    """
    assert connection.in_atomic_block, "a model becomes visible together with the end of its run"
    Project.objects.select_for_update().get(pk=run.project_id)
    rejected = gate.get("decision") == "rejected"
    version = ModelVersion.objects.create(
        project_id=run.project_id,
        number=_next_number(run.project_id),
        run=run,
        snapshot=run.snapshot,
        state=State.REJECTED if rejected else State.CANDIDATE,
        backbone=backbone,
        folder=folder,
        classes=classes,
        temperature=temperature,
        metrics=metrics,
        gate=gate,
        champion=champion,
        files=files,
        onnx_difference=onnx_difference,
    )
    _tell_of(version, run.created_by)
    return version


def _tell_of(version: ModelVersion, user: User | None) -> None:
    measured = accuracy_of(version.metrics)
    record_event(
        project_id=version.project_id,
        kind="model_made",
        actor=user,
        model=version.pk,
        name=version.name,
        state=str(version.state),
        accuracy=measured["accuracy"],
        low=measured["low"],
        high=measured["high"],
        reasons=[reason["message"] for reason in version.gate.get("reasons", [])],
    )


@transaction.atomic
def request_promotion(*, version: ModelVersion, user: User | None, override: bool = False) -> Job | None:
    """Ask a worker to embed and score the project's pictures with a model and to let it serve then.

    Without a user it is the gate that asks: then nothing happens, and None is returned, where a person's word would
    be needed (another model serves than the one compared with, or another promotion waits).

    Args:
        override: promote it although the gate has rejected it.

    Raises:
        Conflict: it serves already, was rejected, another promotion waits, or the project is archived.
    """
    project = Project.objects.select_for_update().get(pk=version.project_id)
    version = ModelVersion.objects.get(pk=version.pk)
    under_way = promotions(project)
    same = next((job for job in under_way if job.params.get("version") == version.pk), None)
    if same is not None:
        return same
    try:
        _check_promotable(version, project, override)
        if under_way.filter(state=Job.State.QUEUED).exists():
            raise Conflict("Another model's promotion waits already. Cancel it, or let it finish first.")
        if user is None and not _serves(project, version.champion):
            raise Conflict("Another model serves by now than the one that it was compared with.")
    except Conflict:
        if user is None:
            return None
        raise
    return enqueue(
        kind=JobKind.PROMOTE,
        project=project,
        title=f"Promote {version.name}",
        params={"version": version.pk},
        created_by=user,
        slot=f"promote:{project.pk}",
    )


def promotions(project: Project) -> JobQuerySet:
    """Return the promotions of the project's models that wait or run: of a version, or of a pretrained backbone."""
    return Job.objects.active().filter(project=project, kind=JobKind.PROMOTE)


def _serves(project: Project, name: str) -> bool:
    serving = ModelVersion.objects.filter(project=project, state=State.SERVING).first()
    return serving is None or serving.name == name


def _check_promotable(version: ModelVersion, project: Project, override: bool) -> None:
    """Raise Conflict unless the model may take the serving one's place."""
    if project.archived_at is not None:
        raise Conflict("This project is archived. Bring it back in its settings, then try again.", code="archived")
    if version.state == State.SERVING:
        raise Conflict(f"{version.name} serves already.", code="serves_already")
    if version.state == State.REJECTED and not override:
        reasons = [reason["message"] for reason in version.gate.get("reasons", [])]
        message = f"The gate rejected {version.name}. {' '.join(reasons[:1])} Confirm that it is to serve all the same."
        raise Conflict(message, code="rejected_by_gate", extra={"hint": "Send override: true to promote it anyway."})


def promote_version(*, version: ModelVersion, space: EmbeddingSpace, user: User | None) -> ModelVersion:
    """Let a model serve whose space is complete, inside the caller's transaction, which publishes its scores.

    The project's row must be locked. Pictures that were added meanwhile are embedded by a job, and a refresh ranks
    the queue anew.
    """
    assert connection.in_atomic_block, "model, space and scores change together"
    return _change_places(version=version, space=space, user=user, kind="model_promoted")


@transaction.atomic
def roll_back(*, version: ModelVersion, user: User) -> ModelVersion:
    """Let a model serve again that served before, at once: its embeddings and scores were kept.

    Raises:
        Conflict: they are gone, or the model did not serve before.
    """
    project = Project.objects.select_for_update().get(pk=version.project_id)
    version = ModelVersion.objects.select_related("space").get(pk=version.pk)
    space = version.space
    if project.archived_at is not None or space is None or not can_return(version):
        raise Conflict(f"{version.name} cannot serve at once: its embeddings are not there (any more). Promote it.")
    version = _change_places(version=version, space=space, user=user, kind="model_rolled_back")
    restore_scores(space=space)
    return version


def _change_places(*, version: ModelVersion, space: EmbeddingSpace, user: User | None, kind: str) -> ModelVersion:
    former = ModelVersion.objects.filter(project_id=version.project_id, state=State.SERVING).first()
    if former is not None:
        ModelVersion.objects.filter(pk=former.pk).update(state=State.RETIRED)
    activate_space(space=space)
    version.state, version.space = State.SERVING, space
    version.promoted_at, version.promoted_by = timezone.now(), user
    version.save(update_fields=["state", "space", "promoted_at", "promoted_by"])
    project = Project.objects.get(pk=version.project_id)
    if project.backbone != version.backbone:  # what new training runs start from, and the settings show
        Project.objects.filter(pk=project.pk).update(backbone=version.backbone)
        record_event(project_id=project.pk, kind="project_changed", actor=user, fields=["backbone"])
    record_event(
        project_id=project.pk,
        kind=kind,
        actor=user,
        model=version.pk,
        name=version.name,
        previous=former.name if former else "",
    )
    if project.next_position > space.length:
        enqueue(kind=JobKind.EMBED, project=project, title="Embed new pictures", slot=f"embed:{project.pk}")
    request_refresh(project=project)
    if graph_length(space) < space.length:
        request_neighbours(project=project)
    return version


def collect_models(project_id: int) -> int:
    """Delete stored models that no row names, left by attempts that died; return how many."""
    named = set(ModelVersion.objects.filter(project_id=project_id).values_list("folder", flat=True))
    oldest = time.time() - ORPHAN_SECONDS
    found = [path for path in array_path(f"models/{project_id}").glob("*") if path.stat().st_mtime < oldest]
    orphans = [folder for path in found if (folder := f"models/{project_id}/{path.name}") not in named]
    remove(orphans)
    return len(orphans)
