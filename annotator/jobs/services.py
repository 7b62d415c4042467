"""Every write to jobs: enqueue, claim, report, finish, cancel, retry, sweep.

A claim gives an attempt number, and every later write of the attempt is conditional on it: what a worker that was
given up for dead still writes changes nothing.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from kombu.exceptions import OperationalError

from annotator.accounts.models import User
from annotator.celery import app as celery_app
from annotator.common.errors import Conflict
from annotator.events.services import record_event
from annotator.jobs.models import ERRANDS, MAX_LOSSES, QUEUE_OF, STALL_SECONDS, Job, JobKind, Queue, WorkerNode
from annotator.jobs.selectors import waiting_in_broker
from annotator.projects.models import Project

logger = logging.getLogger(__name__)

_FORGET_WORKERS_AFTER = timedelta(days=1)


class Standing(Enum):
    """What an attempt learns when it reports."""

    GOES_ON = "goes on"
    CANCELLING = "a person asked to cancel it"
    LOST = "it is no longer this job's attempt"


def enqueue(
    *,
    kind: JobKind,
    project: Project | None,
    title: str = "",
    params: dict[str, Any] | None = None,
    created_by: User | None = None,
    dedupe_key: str | None = None,
    slot: str = "",
) -> Job:
    """Write a Job row and ring its queue once the surrounding transaction, if any, has committed.

    A job with the same `dedupe_key`, or one already waiting in the same `slot`, is returned instead of a second.
    """
    fields = {
        "kind": kind,
        "queue": QUEUE_OF[kind],
        "project": project,
        "title": title,
        "params": params or {},
        "created_by": created_by,
        "dedupe_key": dedupe_key,
        "slot": slot,
    }
    while True:
        with transaction.atomic():
            # Locked, so that the waiting job cannot start before the caller's changes are committed and seen by it.
            found = _same(dedupe_key, slot).select_for_update().first()
            if found is not None:
                return found
            try:
                with transaction.atomic():
                    job = Job.objects.create(**fields)
            except IntegrityError:  # another process was first; look again
                continue
            transaction.on_commit(partial(ring, job))
            return job


def _same(dedupe_key: str | None, slot: str) -> QuerySet[Job]:
    by_key = Q(dedupe_key=dedupe_key) if dedupe_key else Q(pk__in=[])
    by_slot = Q(slot=slot, state=Job.State.QUEUED) if slot else Q(pk__in=[])
    return Job.objects.filter(by_key | by_slot)


def ring(job: Job) -> None:
    """Tell the queue that a job waits. A broker that is down loses nothing: the sweep rings again."""
    try:
        celery_app.send_task(f"job.{job.kind}", args=[job.pk], queue=job.queue)
    except (OSError, OperationalError) as error:
        logger.warning("The broker did not take job %s (%s); the sweep will ring again", job.pk, error)
        return
    Job.objects.filter(pk=job.pk).update(rung_at=timezone.now())


def claim(*, job_id: int, worker: str) -> Job | None:
    """Start the next attempt at a job that waits, or whose worker is dead; None if it is not to be had.

    While another job of its slot runs, it stays queued: finishing that one rings it.
    """
    now = timezone.now()
    waits = Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, heartbeat_at=None)
    died = Q(state=Job.State.RUNNING, heartbeat_at__lt=_deadline(now), losses__lt=MAX_LOSSES - 1)
    try:
        with transaction.atomic():
            claimed = Job.objects.filter(waits | died, pk=job_id).update(
                state=Job.State.RUNNING,
                attempt=F("attempt") + 1,
                losses=F("losses") + Case(When(died, then=Value(1)), default=Value(0)),
                worker=worker,
                heartbeat_at=now,
                progress_at=now,
                started_at=now,
                progress_from=None,
            )
            return Job.objects.select_related("project").get(pk=job_id) if claimed else None
    except IntegrityError:  # its slot is taken
        return None


def _deadline(now: datetime) -> datetime:
    return now - timedelta(seconds=settings.JOB_DEAD_SECONDS)


def _attempt(job: Job) -> QuerySet[Job]:
    """The row, as long as it belongs to this attempt."""
    return Job.objects.filter(pk=job.pk, attempt=job.attempt, state=Job.State.RUNNING)


def standing(*, job: Job) -> Standing:
    """Say whether this attempt goes on, is to be cancelled, or was given up."""
    cancelling = _attempt(job).values_list("cancel_requested", flat=True).first()
    if cancelling is None:
        return Standing.LOST
    return Standing.CANCELLING if cancelling else Standing.GOES_ON


def interactive_runs_beside(*, job: Job) -> bool:
    """Say whether an interactive job runs on the host of this attempt (workers are named `queue@host`)."""
    _, at, host = job.worker.partition("@")
    running = Job.objects.filter(queue=Queue.INTERACTIVE, state=Job.State.RUNNING, worker__endswith=f"@{host}")
    return bool(at) and running.exists()


def beat(*, job: Job) -> Standing:
    """Write the attempt's heartbeat."""
    _attempt(job).update(heartbeat_at=timezone.now())
    return standing(job=job)


def report_progress(*, job: Job, done: int, total: int, unit: str = "", message: str = "") -> Standing:
    """Write how far the attempt is; that it got further keeps it from being given up as stalled."""
    now = timezone.now()
    _attempt(job).update(
        progress_done=done,
        progress_total=total,
        progress_unit=unit[:32],
        progress_message=message[:300],
        progress_at=now,
        heartbeat_at=now,
        progress_from=Coalesce(F("progress_from"), Value(done)),
    )
    return standing(job=job)


def succeed(*, job: Job, result: dict[str, Any]) -> bool:
    """End the attempt well; False if it was no longer this job's attempt."""
    return _end(_attempt(job), job, state=Job.State.SUCCEEDED, result=result)


def fail(*, job: Job, code: str, message: str, hint: str = "") -> bool:
    """End the attempt with what went wrong and what a person can do; False if it was no longer this job's attempt."""
    return _fail(_attempt(job), job, code, message, hint)


def end_cancelled(*, job: Job) -> bool:
    """End the attempt because a person asked to; False if it was no longer this job's attempt."""
    return _end(_attempt(job), job, state=Job.State.CANCELLED)


def put_back(*, job: Job, lost: bool = False) -> bool:
    """Give the attempt up and ring for the next one; `lost` counts it as the job's own possible fault."""
    return _put_back(_attempt(job), job, losses=int(lost))


def request_cancel(*, job: Job) -> Job:
    """Cancel a waiting job at once, and ask a running one to stop.

    Raises:
        Conflict: it has ended already.
    """
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED)
    running = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING)
    if not _end(waiting, job, state=Job.State.CANCELLED) and not running.update(cancel_requested=True):
        raise Conflict("This job has already ended, so there is nothing to cancel.")
    job.refresh_from_db()
    return job


def retry(*, job: Job) -> Job:
    """Queue a failed or cancelled job again.

    Raises:
        Conflict: it did not fail, or another one waits to do the same work.
    """
    ended = Job.objects.filter(pk=job.pk, state__in=(Job.State.FAILED, Job.State.CANCELLED))
    try:
        with transaction.atomic():
            queued = ended.update(
                state=Job.State.QUEUED,
                cancel_requested=False,
                losses=0,
                finished_at=None,
                heartbeat_at=None,
                error_code="",
                error_message="",
                error_hint="",
            )
    except IntegrityError as error:
        raise Conflict("Another job already waits to do the same work.") from error
    if not queued:
        raise Conflict("Only a failed or cancelled job can be tried again.")
    job.refresh_from_db()
    transaction.on_commit(partial(ring, job))
    return job


def _fail(rows: QuerySet[Job], job: Job, code: str, message: str, hint: str) -> bool:
    return _end(rows, job, state=Job.State.FAILED, error_code=code[:64], error_message=message, error_hint=hint)


def _end(rows: QuerySet[Job], job: Job, **fields: Any) -> bool:
    """Write the end of a job and its event if `rows` still has it, then ring the job that waits in its slot."""
    with transaction.atomic():
        if job.project_id is not None:
            # The project before the job, the order in which every transaction takes these two locks.
            Project.objects.select_for_update().filter(pk=job.project_id).first()
        if not rows.update(finished_at=timezone.now(), **fields):
            return False
        if job.project_id is not None and job.kind not in ERRANDS:
            _tell(job, job.project_id, fields)
        if job.slot:
            transaction.on_commit(partial(_ring_slot, job.slot))
    return True


def _tell(job: Job, project_id: int, end: dict[str, Any]) -> None:
    """Record that a job has ended, and why it failed if it did."""
    record = partial(record_event, project_id=project_id, actor=job.created_by, job=job.pk, job_kind=job.kind)
    record(kind="job_finished", state=str(end["state"]))
    if end["state"] == Job.State.FAILED:
        record(kind="job_failed", title=job.title, code=end["error_code"], message=end["error_message"])


def forget_ended(*, kind: JobKind, project_id: int) -> int:
    """Remove a project's jobs of a kind that ended well or were cancelled; return how many."""
    done = (Job.State.SUCCEEDED, Job.State.CANCELLED)
    return Job.objects.filter(kind=kind, project_id=project_id, state__in=done).delete()[0]


def _ring_slot(slot: str) -> None:
    for waiting in Job.objects.filter(slot=slot, state=Job.State.QUEUED).order_by("pk"):
        ring(waiting)


def _put_back(rows: QuerySet[Job], job: Job, *, losses: int) -> bool:
    """Queue a running job again. Where its slot already has one that waits, it stays in place without a heart."""
    fields: dict[str, Any] = {"heartbeat_at": None, "losses": F("losses") + losses}
    try:
        with transaction.atomic():
            found = rows.update(state=Job.State.QUEUED, **fields)
    except IntegrityError:
        found = rows.update(**fields)
    if found:
        transaction.on_commit(partial(ring, job))
    return bool(found)


def sweep() -> dict[str, int]:
    """Find what the broker or a worker lost, and ring for it. Safe to run anywhere, at any time, several at once."""
    now = timezone.now()
    swept = {
        "dead": _sweep_dead(now),
        "stalled": _sweep_stalled(now),
        "rung": _sweep_unclaimed(now),
    }
    WorkerNode.objects.filter(seen_at__lt=now - _FORGET_WORKERS_AFTER).delete()
    if any(swept.values()):
        logger.info("Sweep: %(dead)d dead, %(stalled)d stalled, %(rung)d rung again", swept)
    return swept


def _sweep_dead(now: datetime) -> int:
    dead = Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=_deadline(now))
    return sum(_bury(job, dead.filter(pk=job.pk, attempt=job.attempt)) for job in dead.order_by("pk"))


def _bury(job: Job, row: QuerySet[Job]) -> bool:
    if job.cancel_requested:
        return _end(row, job, state=Job.State.CANCELLED)
    if job.losses + 1 < MAX_LOSSES:
        return _put_back(row, job, losses=1)
    return _fail(
        row,
        job,
        "worker_lost",
        f"The worker vanished {MAX_LOSSES} times while it ran this.",
        "Most often the machine ran out of memory. Look at its log and its memory, then try again.",
    )


def _sweep_stalled(now: datetime) -> int:
    stalled = 0
    for kind, seconds in STALL_SECONDS.items():
        still = Job.objects.filter(kind=kind, state=Job.State.RUNNING, progress_at__lt=now - timedelta(seconds=seconds))
        for job in still.order_by("pk"):
            stalled += _fail(
                still.filter(pk=job.pk, attempt=job.attempt),
                job,
                "stalled",
                f"It made no progress for {seconds // 60} minutes and was given up.",
                "Try again. If it stops at the same place, the worker's log says where it was.",
            )
    return stalled


def _sweep_unclaimed(now: datetime) -> int:
    """Ring the jobs that wait in the table but no longer in the broker."""
    mates = Job.objects.filter(slot=OuterRef("slot"), state=Job.State.RUNNING).exclude(slot="")
    waiting = Job.objects.filter(
        Q(state=Job.State.QUEUED) & ~Exists(mates) | Q(state=Job.State.RUNNING, heartbeat_at=None)
    )
    a_while_ago = now - timedelta(seconds=settings.JOB_SWEEP_SECONDS)
    rung = 0
    for queue in waiting.values_list("queue", flat=True).distinct():
        jobs = waiting.filter(queue=queue)
        if waiting_in_broker(queue) >= jobs.count():
            continue  # their messages are still there; the worker is busy
        for job in jobs.filter(Q(rung_at=None) | Q(rung_at__lte=a_while_ago)).order_by("pk"):
            ring(job)
            rung += 1
    return rung


def publish_worker(*, name: str, queue: str, pid: int, **what: Any) -> None:
    """Write what the web must know of a worker that starts: its device, presets and strategies."""
    now = timezone.now()
    WorkerNode.objects.update_or_create(
        name=name, defaults={"queue": queue, "pid": pid, "started_at": now, "seen_at": now, **what}
    )


def publish_presets(*, name: str, presets: list[dict[str, Any]]) -> None:
    """Write anew what a worker knows of the backbones, of which it has measured one."""
    WorkerNode.objects.filter(name=name).update(presets=presets)


def see_worker(*, name: str) -> bool:
    """Note that a worker lives; False if it has no row."""
    return WorkerNode.objects.filter(name=name).update(seen_at=timezone.now()) > 0


def forget_worker(*, name: str) -> None:
    """Remove a worker that stopped in order."""
    WorkerNode.objects.filter(name=name).delete()
