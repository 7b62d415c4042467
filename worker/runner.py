"""Runs one job: claim it, keep its heart beating, call its handler, write how it ended."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from annotator.common.errors import DomainError
from annotator.jobs import services
from annotator.jobs.models import Job, Queue
from annotator.jobs.services import Standing
from annotator.projects.models import Project
from worker.handlers import handler_of

logger = logging.getLogger(__name__)

REPORT_SECONDS = 1.0
LOOK_SECONDS = 0.2  # how often an attempt looks whether somebody waits for an interactive job
GIVE_WAY_SECONDS = 2.0  # how long it gives way at most before it does another bit of its own work
OLD_SECONDS = 86_400.0
_DATABASE_AWAY = (OperationalError, InterfaceError)

# Set when this process is asked to stop: the running attempt puts its job back at its next report.
stopping = threading.Event()


class Cancelled(Exception):
    """A person asked to cancel the job."""


class AttemptLost(Exception):
    """The job was given to another attempt, or has ended: this one must write nothing more."""


class Interrupted(Exception):
    """The worker is being stopped; the job goes back to its queue."""


class JobFailed(Exception):
    """The job cannot be done, for a reason that a person can understand.

    Args:
        code: a stable word for programs.
        message: what went wrong.
        hint: what to do about it.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class JobContext:
    """What a handler has in its hands: the job, a way to report, and a folder of its own."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.params: dict[str, Any] = job.params
        self.attempt = job.attempt
        self.attempt_dir = Path(settings.SCRATCH_DIR) / f"job-{job.pk}" / str(job.attempt)
        self.standing = Standing.GOES_ON  # the heart writes it too
        self._reported: tuple[Any, ...] | None = None
        self._next_report = 0.0
        self._next_look = 0.0

    @property
    def project(self) -> Project:
        """The job's project.

        Raises:
            ValueError: the job belongs to none.
        """
        if self.job.project is None:
            raise ValueError(f"{self.job} belongs to no project")
        return self.job.project

    def progress(self, done: int, total: int, unit: str = "", message: str = "") -> None:
        """Report how far the attempt is, at most once a second, and look whether it goes on, as `check` does.

        Only a report that differs from the last one counts as progress. The last unit is always written.
        """
        report = (done, total, unit, message)
        if report != self._reported and (self._is_due() or done == total):
            self._reported = report
            with _tolerant():
                self.standing = services.report_progress(
                    job=self.job, done=done, total=total, unit=unit, message=message
                )
        self.check()
        self._give_way()

    def check(self) -> None:
        """Look, at most once a second, whether the attempt goes on; call it between chunks.

        Raises:
            Cancelled: a person asked for it.
            AttemptLost: the attempt was given up for dead.
            Interrupted: the worker is being stopped.
        """
        if self.standing is Standing.GOES_ON and self._is_due():
            with _tolerant():
                self.standing = services.standing(job=self.job)
        if self.standing is Standing.LOST:
            raise AttemptLost
        if self.standing is Standing.CANCELLING:
            raise Cancelled
        if stopping.is_set():
            raise Interrupted

    def succeed(self, result: dict[str, Any]) -> None:
        """End the job inside the very transaction that makes its output visible: both happen, or neither does.

        For a handler that would otherwise do its work twice when it is killed between the two.

        Raises:
            AttemptLost: the attempt was given up for dead; the transaction is to be rolled back.
        """
        if not services.succeed(job=self.job, result=result):
            raise AttemptLost

    def _give_way(self) -> None:
        """Let a head refresh on the same host go first: somebody waits for it, and it takes a second."""
        now = time.monotonic()
        if self.job.queue == Queue.INTERACTIVE or now < self._next_look:
            return
        with _tolerant():
            while services.interactive_runs_beside(job=self.job) and time.monotonic() < now + GIVE_WAY_SECONDS:
                time.sleep(LOOK_SECONDS / 4)
        self._next_look = time.monotonic() + LOOK_SECONDS

    def _is_due(self) -> bool:
        now = time.monotonic()
        if now < self._next_report:
            return False
        self._next_report = now + REPORT_SECONDS
        return True


@contextmanager
def _tolerant() -> Iterator[None]:
    """Let a busy or absent database pass: a report that is missed is made up for by the next one."""
    try:
        yield
    except _DATABASE_AWAY as error:
        logger.warning("The database did not take a report (%s); trying again at the next one", error)


class Heart(threading.Thread):
    """Beats for an attempt on a database connection of its own.

    Args:
        context: it learns from the beats how the attempt stands.
        when_stuck: called when the attempt was given up and its handler has not noticed for the time after which
            a worker is taken for dead.
    """

    def __init__(self, context: JobContext, when_stuck: Callable[[], None] | None = None) -> None:
        super().__init__(name=f"heart of job {context.job.pk}", daemon=True)
        self.context = context
        self.when_stuck = when_stuck
        self._stopped = threading.Event()

    def run(self) -> None:
        """Beat until stopped, or until the attempt is lost."""
        try:
            while not self._stopped.wait(settings.JOB_BEAT_SECONDS):
                with _tolerant():
                    self.context.standing = services.beat(job=self.context.job)
                if self.context.standing is Standing.LOST:
                    break
        finally:
            connection.close()
        if self.when_stuck is not None and not self._stopped.wait(settings.JOB_DEAD_SECONDS):
            self.when_stuck()

    def __enter__(self) -> Heart:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopped.set()
        self.join()


def run_job(job_id: int, *, worker: str = "", when_stuck: Callable[[], None] | None = None) -> None:
    """Claim a job and run it to its end; do nothing if it is not to be had (done, running, or its slot is taken)."""
    close_old_connections()
    try:
        job = services.claim(job_id=job_id, worker=worker or f"{socket.gethostname()}:{os.getpid()}")
        if job is not None:
            _run_attempt(job, when_stuck)
    finally:
        close_old_connections()


def _run_attempt(job: Job, when_stuck: Callable[[], None] | None) -> None:
    context = JobContext(job)
    logger.info("Job %s (%s): attempt %s", job.pk, job.kind, job.attempt)
    with _scratch(context), Heart(context, when_stuck):
        try:
            result = handler_of(job.kind)(context)
            services.succeed(job=job, result=result)  # without effect where the handler has ended the job itself
        except AttemptLost:
            logger.warning("Job %s: attempt %s was given up meanwhile", job.pk, job.attempt)
        except Cancelled:
            services.end_cancelled(job=job)
        except Interrupted:
            services.put_back(job=job)
        except _DATABASE_AWAY:
            logger.exception("Job %s: the database was away; the job goes back to its queue", job.pk)
            with _tolerant():  # if it still is, the sweep puts the job back
                services.put_back(job=job, lost=True)
        except Exception as error:
            failure = explain(error)
            logger.log(
                logging.ERROR if failure.code == "internal_error" else logging.INFO,
                "Job %s failed: %s",
                job.pk,
                failure,
                exc_info=error if failure.code == "internal_error" else None,
            )
            services.fail(job=job, code=failure.code, message=failure.message, hint=failure.hint)
    logger.info("Job %s (%s): attempt %s ended", job.pk, job.kind, job.attempt)


def explain(error: Exception) -> JobFailed:
    """Turn what a handler raised into words for a person."""
    if isinstance(error, JobFailed):
        return error
    if isinstance(error, DomainError):
        return JobFailed(error.code, error.message, str(error.extra.get("hint", "")))
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return JobFailed("disk_full", "The disk is full.", "Free some space in the data directory, then try again.")
    if isinstance(error, MemoryError):
        return JobFailed("out_of_memory", "The worker ran out of memory.", "Give the machine more memory, then retry.")
    return JobFailed(
        "internal_error",
        f"Something unexpected went wrong ({type(error).__name__}).",
        "Try again. If it happens again, the worker's log has the details for your administrator.",
    )


@contextmanager
def _scratch(context: JobContext) -> Iterator[None]:
    """Give the attempt an empty folder, clear away those of killed attempts, and remove its own at the end."""
    folder = context.attempt_dir
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # not empty: a later attempt is at work in it
            folder.parent.rmdir()


def remove_leftovers() -> int:
    """Remove scratch folders of jobs that do not run, and whatever else lies there for a day; return how many."""
    entries = list(Path(settings.SCRATCH_DIR).glob("*"))
    folders = {int(path.name[4:]): path for path in entries if path.match("job-*")}
    running = set(Job.objects.filter(pk__in=folders, state=Job.State.RUNNING).values_list("pk", flat=True))
    leftovers = [path for job_id, path in folders.items() if job_id not in running]
    leftovers += [path for path in entries if not path.match("job-*") and _is_old(path)]
    for path in leftovers:
        shutil.rmtree(path, ignore_errors=True)
    return len(leftovers)


def _is_old(path: Path) -> bool:
    with suppress(FileNotFoundError):  # it was only a draft, and has gone to its place
        return path.stat().st_mtime < time.time() - OLD_SECONDS
    return False
