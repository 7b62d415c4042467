"""Several at once, on the real database: threads, and processes of their own."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotator.common.errors import Conflict
from annotator.events.models import Event
from annotator.jobs import services
from annotator.jobs.models import Job, JobKind
from tests import processes
from tests.factories import make_project

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 6


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls in threads that start together; return what they returned, in order."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def enqueue(**fields) -> Job:
    return services.enqueue(**{"kind": JobKind.HEAD_REFRESH, "project": None} | fields)


def test_of_many_workers_one_gets_the_job():
    for _ in range(5):
        job = enqueue()
        claims = at_once(*[lambda: services.claim(job_id=job.pk, worker="w")] * THREADS)  # noqa: B023 - run at once
        assert sum(claim is not None for claim in claims) == 1
        job.refresh_from_db()
        assert job.attempt == 1


def test_of_many_jobs_of_one_slot_one_runs():
    jobs = [enqueue() for _ in range(THREADS)]
    for job in jobs:  # waiting together, as they never would by themselves
        Job.objects.filter(pk=job.pk).update(slot="refresh:1", state=Job.State.FAILED)

    def start(job: Job) -> Job | None:
        try:
            services.retry(job=job)
        except Conflict:
            return None
        return services.claim(job_id=job.pk, worker="w")

    started = [job for job in at_once(*[lambda job=job: start(job) for job in jobs]) if job is not None]
    assert len(started) == 1
    running = Job.objects.filter(slot="refresh:1", state=Job.State.RUNNING)
    assert [job.pk for job in running] == [started[0].pk]
    assert Job.objects.filter(slot="refresh:1", state=Job.State.QUEUED).count() <= 1


def test_many_who_want_the_same_work_get_one_job():
    for number in range(5):
        same = {"slot": f"refresh:{number}"} if number % 2 else {"dedupe_key": f"nightly:{number}"}
        jobs = at_once(*[lambda same=same: enqueue(**same)] * THREADS)
        assert len({job.pk for job in jobs}) == 1


def test_a_waiting_job_does_not_start_before_the_change_that_wants_it_is_committed():
    project = make_project()
    waiting = enqueue(slot="refresh:1", project=project)
    wanted, seen = threading.Event(), []

    def change() -> None:
        with transaction.atomic():
            type(project).objects.filter(pk=project.pk).update(instructions="changed")
            assert enqueue(slot="refresh:1", project=project).pk == waiting.pk
            wanted.set()
            threading.Event().wait(0.3)

    def work() -> None:
        wanted.wait()
        attempt = services.claim(job_id=waiting.pk, worker="w")
        assert attempt is not None
        seen.append(attempt.project.instructions)

    at_once(change, work)
    assert seen == ["changed"]


def test_an_attempt_and_a_cancel_that_meet_come_to_one_end():
    project = make_project()
    for _ in range(8):
        job = services.claim(job_id=enqueue(project=project).pk, worker="w")

        def cancel(job: Job = job) -> None:
            try:
                services.request_cancel(job=Job.objects.get(pk=job.pk))
            except Conflict:
                assert Job.objects.get(pk=job.pk).state == Job.State.SUCCEEDED

        ended, _ = at_once(lambda job=job: services.succeed(job=job, result={}), cancel)
        assert ended
    assert Event.objects.filter(project=project, kind="job_finished").count() == 8


def test_sweeps_that_meet_count_a_loss_once():
    jobs = [services.claim(job_id=enqueue().pk, worker="w") for _ in range(5)]
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(hours=1))
    at_once(*[services.sweep] * 3)
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.losses) == (Job.State.QUEUED, 1)


def test_processes_share_jobs_without_overlap(tmp_path):
    jobs = {enqueue().pk for _ in range(30)}
    connection.close()
    claimers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.annotator.jobs.claimer", name],
            cwd=processes.ROOT,
            env=processes.environment(tmp_path, DJANGO_SETTINGS_MODULE="annotator.settings"),
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("anna", "bert", "cleo")
    ]
    got = [[int(line) for line in claimer.communicate(timeout=120)[0].split()] for claimer in claimers]
    assert sorted(itertools.chain.from_iterable(got)) == sorted(jobs)
    assert {job.attempt for job in Job.objects.all()} == {1}
