"""Every write to training runs: ask for one, note how far it is, end it well or not, clear away what it leaves."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.arrays import array_path, remove
from annotator.common.errors import Conflict, DomainError
from annotator.events.services import record_event
from annotator.images.models import Image, Trust
from annotator.jobs import services as jobs
from annotator.jobs.models import Job, JobKind
from annotator.modeling.models import Firing, Preset, Schedule, TrainingRun
from annotator.modeling.recipes import check_recipe
from annotator.modeling.selectors.runs import LOG, METRICS, attempts
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot
from annotator.snapshots.services import snapshot_settings as settings_to_freeze

KEEP_CHECKPOINT = timedelta(days=7)  # of a run that failed or was cancelled, so that it can be tried again
LIGHT = {METRICS, LOG, "tensorboard"}  # what of an attempt's folder stays when its run is over
Phase = TrainingRun.Phase


def request_training(
    *,
    project: Project,
    user: User | None,
    preset: str = Preset.BALANCED,
    overrides: dict[str, Any] | None = None,
    snapshot: Snapshot | None = None,
    snapshot_settings: dict[str, Any] | None = None,
    cause: str = Firing.Cause.PERSON,
    schedule: Schedule | None = None,
    due_at: datetime | None = None,
    values: dict[str, Any] | None = None,
    key: str | None = None,
) -> Firing:
    """Ask a worker to train a model; a run that waits already is joined. The same `key` is answered once.

    Args:
        overrides: settings that differ from the preset, nested as in a recipe.
        snapshot: what to train on; otherwise the labels are frozen when the worker begins.
        snapshot_settings: then, how to freeze them: the arguments of `snapshots.services.snapshot_settings`.
        cause, schedule, due_at, values: why, for the record.
        key: schedule and due time, so that two clocks do no harm.

    Raises:
        Conflict: the project is archived.
        DomainError: a setting is out of bounds, or there is nothing to tell apart yet.
    """
    check_recipe(preset, overrides or {})
    to_freeze = settings_to_freeze(**(snapshot_settings or {}))
    why = {"schedule": schedule, "cause": cause, "due_at": due_at, "values": values or {}, "key": key}
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project.pk)
        answered = Firing.objects.filter(key=key).first() if key is not None else None
        if answered is not None:
            return answered
        _check_trainable(project, snapshot, to_freeze)
        run = TrainingRun(project=project, preset=preset, overrides=overrides or {}, snapshot=snapshot, created_by=user)
        run.snapshot_settings = {} if snapshot is not None else to_freeze
        started = _started(run)
        outcome = Firing.Outcome.STARTED if started is run else Firing.Outcome.JOINED
        firing = Firing.objects.create(project=project, outcome=outcome, run=started, created_by=user, **why)
        if started is run:
            _record(run, "run_requested", cause=str(cause))
        return firing


def _check_trainable(project: Project, snapshot: Snapshot | None, to_freeze: dict[str, Any]) -> None:
    if project.archived_at is not None:
        raise Conflict("This project is archived. Bring it back in its settings, then try again.", code="archived")
    if project.label_mode == Project.LabelMode.MULTI:
        raise DomainError(
            "Training runs learn one label a picture, and pictures of this project may have several. Its heads learn "
            "all of them by themselves; freeze a snapshot and export it to train a model elsewhere."
        )
    if snapshot is not None:
        classes = sum(row["train"] > 0 for row in snapshot.classes)
        where = f"The training part of {snapshot.name}"
    else:
        classes = _trusted_classes(project, to_freeze)
        where = "The project (its reserve, hold-outs and certified pictures aside)"
    if classes < 2:
        raise DomainError(
            f"{where} has labels of {('no', 'one')[classes]} class; training needs two. Label more pictures.",
            code="too_few_classes",
        )


def _trusted_classes(project: Project, to_freeze: dict[str, Any]) -> int:
    """Count the classes, up to two, that have a picture to learn from."""
    least = {label: value for value, label in Trust.choices}[to_freeze["min_trust"]]
    images = Image.objects.present().filter(project=project, trust__gte=least, reserve=False, holdout=None)
    if not to_freeze["include_certified"]:
        images = images.exclude(trust=Trust.CERTIFIED)
    return len(images.exclude(label=None).order_by().values_list("label").distinct()[:2])


def _started(run: TrainingRun) -> TrainingRun:
    """Store a run under the next number and give it a job; return the run that waits in its stead, if one does."""
    run.number = _last_number(run.project) + 1
    run.save()
    started = _enqueue(run)
    if started is not run:
        run.delete()
    return started


def _last_number(project: Project) -> int:
    return TrainingRun.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0


def _enqueue(run: TrainingRun) -> TrainingRun:
    """Give the run its job; return the run that waits in its stead, if one does."""
    job = jobs.enqueue(
        kind=JobKind.TRAIN,
        project=run.project,
        title=f"Training run {run.number}",
        params={"run": run.pk},
        created_by=run.created_by,
        slot=f"train:{run.project_id}",
    )
    if job.params["run"] != run.pk:
        return TrainingRun.objects.get(pk=job.params["run"])
    run.job = job
    run.save(update_fields=["job"])
    return run


def _record(run: TrainingRun, kind: str, **data: Any) -> None:
    record_event(project_id=run.project_id, kind=kind, actor=run.created_by, run=run.pk, number=run.number, **data)


# What the worker writes on its way


def lock_run(run: TrainingRun) -> TrainingRun:
    """Return the run's row as it is now, held until the caller's transaction ends."""
    assert connection.in_atomic_block, "a lock outside a transaction holds nothing"
    Project.objects.select_for_update().get(pk=run.project_id)  # first, the order in which all take these two
    return TrainingRun.objects.select_for_update().get(pk=run.pk)


def note_phase(run: TrainingRun, phase: str, **fields: Any) -> None:
    """Write that the run has come to a phase, and what came of the ones before; a run that is done stays as it is."""
    TrainingRun.objects.filter(pk=run.pk).exclude(phase=Phase.DONE).update(phase=phase, **fields)
    run.refresh_from_db()


@transaction.atomic
def note_balance(run: TrainingRun, report: dict[str, Any]) -> None:
    """Store the class-balance report, once, before anything is trained."""
    if lock_run(run).balance:  # by an attempt that was given up meanwhile
        run.refresh_from_db()
        return
    note_phase(run, Phase.TRAIN, balance=report)
    _record(run, "balance_reported", imbalance_ratio=report["summary"]["imbalance_ratio"])


def finish_run(run: TrainingRun, *, curves: list[Any], summary: dict[str, Any], model: str) -> None:
    """Write that the run is done, inside the transaction that publishes its model and ends its job."""
    assert connection.in_atomic_block, "a run is done together with its job"
    note_phase(run, Phase.DONE, curves=curves, summary=summary)
    _record(run, "run_finished", model=model)


@transaction.atomic
def fail_run(run: TrainingRun, *, job: Job, code: str, message: str, hint: str) -> None:
    """End the run's job with what went wrong; nothing happens if another attempt has the job by now."""
    if jobs.fail(job=job, code=code, message=message, hint=hint):
        _record(run, "run_failed", message=message)


def collect_runs(project_id: int) -> int:
    """Clear away checkpoints of runs that have ended; return how many folders were touched.

    Curves and logs stay. A run that failed or was cancelled keeps its checkpoint for a week.
    """
    runs = {run.pk: run for run in TrainingRun.objects.filter(project_id=project_id).select_related("job")}
    collected = 0
    for path in array_path(f"runs/{project_id}").glob("*"):
        run = runs.get(int(path.name)) if path.name.isdecimal() else None
        if run is None:
            remove([f"runs/{project_id}/{path.name}"])
            collected += 1
        elif _is_over(run):
            collected += sum(trim(folder) for folder in attempts(run))
    return collected


def trim(folder: Path) -> bool:
    """Delete all but curves and log of an attempt; say whether there was anything to delete."""
    heavy = [path for path in folder.iterdir() if path.name not in LIGHT]
    for path in heavy:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return bool(heavy)


def _is_over(run: TrainingRun) -> bool:
    """Say whether nobody will go on from the run's checkpoint."""
    if run.phase == Phase.DONE or run.job is None:
        return True
    ended = run.job.finished_at
    return run.job.state not in Job.ACTIVE and ended is not None and ended < timezone.now() - KEEP_CHECKPOINT
