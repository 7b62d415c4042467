"""One Celery task per kind of job and one for the sweep; each only passes the ring on to `worker.runner`."""

import ctypes
import gc
import logging
import os
import signal
from contextlib import suppress
from typing import Any

from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from django.db import close_old_connections

from annotator.celery import app
from annotator.jobs import services
from annotator.jobs.models import JobKind
from annotator.modeling.services import fire_due_schedules, fire_schedule
from annotator.modeling.services.schedules import TICK
from worker import deliveries, runner
from worker.node import Node

logger = logging.getLogger(__name__)
this = Node()


def leave_stuck_worker() -> None:
    """End a process whose handler hangs in an attempt that was given up; whoever supervises it starts a new one."""
    logger.critical("The handler hangs in an attempt that was given up; this worker ends itself")
    os.kill(os.getpid(), signal.SIGKILL)


def run(job_id: int) -> None:
    """Run a job that rang, and give the memory that it needed back to the host."""
    runner.run_job(job_id, worker=this.name, when_stuck=leave_stuck_worker)
    give_memory_back()


def give_memory_back() -> None:
    """Return what was freed: a training's hundreds of megabytes would otherwise stay with an idle worker."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


for kind in JobKind:
    app.task(name=f"job.{kind}")(run)


@app.task(name="jobs.sweep")
def sweep() -> None:
    """Look for what a broker, a worker or a clock lost."""
    close_old_connections()
    try:
        services.sweep()
        fire_due_schedules()
        runner.remove_leftovers()
    finally:
        close_old_connections()


@app.task(name="webhooks.look")
def look_for_deliveries() -> None:
    """Look whether webhooks are to be told of something."""
    close_old_connections()
    try:
        deliveries.enqueue_due()
    finally:
        close_old_connections()


@app.task(name=TICK)
def tick(schedule_id: int) -> None:
    """Answer the clock of a schedule."""
    close_old_connections()
    try:
        fire_schedule(schedule_id=schedule_id)
    finally:
        close_old_connections()


@worker_ready.connect
def publish(sender: Any, **_: Any) -> None:
    """Publish what this worker can do, and keep saying that it lives."""
    this.start(name=sender.hostname, queue=str(next(iter(sender.app.amqp.queues.consume_from))))


@worker_shutting_down.connect
def interrupt(**_: Any) -> None:
    """Let the running attempt put its job back instead of waiting for its end."""
    runner.stopping.set()


@worker_shutdown.connect
def withdraw(**_: Any) -> None:
    """A worker that stops in order takes its row along."""
    this.stop()
