"""Reads of jobs and workers: pace and remaining time, who is alive, what the broker holds."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from kombu.exceptions import ChannelError, OperationalError
from redis.exceptions import RedisError

from annotator.celery import app as celery_app
from annotator.common.errors import DomainError
from annotator.jobs.models import ERRANDS, Job, JobQuerySet, WorkerNode

WORKER_BEAT = timedelta(seconds=20)
_BROKER_ERRORS = (OSError, OperationalError, RedisError)


def jobs_of(project_id: int, states: list[str] | None = None) -> JobQuerySet:
    """Return a project's jobs, only those in `states` if any are given."""
    jobs = Job.objects.filter(project_id=project_id)
    return jobs.filter(state__in=states) if states else jobs


def active_jobs(project_id: int) -> JobQuerySet:
    """Return what is queued or running in a project, oldest first, without the product's own errands."""
    return jobs_of(project_id).active().exclude(kind__in=ERRANDS).order_by("pk")


def rate(job: Job) -> float | None:
    """Return the units done per second by the present attempt; None before there is enough to tell."""
    if job.started_at is None or job.progress_at is None:
        return None
    end = job.finished_at or job.progress_at
    seconds = (end - job.started_at).total_seconds()
    done = job.progress_done - (job.progress_from or 0)
    return done / seconds if seconds > 0 and done > 0 else None


def eta_seconds(job: Job) -> float | None:
    """Return the seconds that a running job will still take at its present pace; None if nobody can know."""
    pace = rate(job)
    if job.state != Job.State.RUNNING or pace is None or job.progress_total <= job.progress_done:
        return None
    remaining = (job.progress_total - job.progress_done) / pace
    since = (timezone.now() - job.progress_at).total_seconds() if job.progress_at else 0.0
    return max(0.0, remaining - since)


def is_alive(node: WorkerNode) -> bool:
    """Say whether a worker was seen within its last three beats."""
    return node.seen_at is not None and node.seen_at > timezone.now() - 3 * WORKER_BEAT


def workers() -> QuerySet[WorkerNode]:
    """Return every worker that was seen lately, by name."""
    return WorkerNode.objects.order_by("name")


def check_strategy(name: str) -> None:
    """Refuse a strategy that no worker knows. While none is there to ask, any name passes.

    Raises:
        DomainError: the workers that are alive offer strategies, but not this one.
    """
    offered = [node.strategies for node in workers() if is_alive(node) and node.strategies]
    known = sorted({strategy["name"] for strategies in offered for strategy in strategies})
    if known and name not in known:
        message = f"No worker knows the strategy “{name[:64]}”. Choose one of {', '.join(known)}."
        raise DomainError(message, code="unknown_strategy", errors={"strategy": [message]})


def broker_alive() -> bool:
    """Say whether the broker answers; never raises."""
    try:
        with celery_app.connection_for_read() as connection:
            return bool(connection.default_channel.client.ping())
    except _BROKER_ERRORS:
        return False


def waiting_in_broker(queue: str) -> int:
    """Return how many messages a queue holds; 0 also where the broker lost it or does not answer."""
    try:
        with celery_app.connection_for_read() as connection:
            return connection.default_channel.queue_declare(queue=queue, passive=True).message_count
    except (ChannelError, *_BROKER_ERRORS):
        return 0
