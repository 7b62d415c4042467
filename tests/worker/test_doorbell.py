"""A broker that forgets, restarts or is away, and workers that are killed: every job still ends, and only once."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery

from annotator.celery import embedded_socket
from annotator.jobs import selectors, services
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import ring as real_ring
from tests import processes
from worker.management import supervisor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]

State = Job.State
QUICK = {
    "ANNOTATOR_JOB_SWEEP_SECONDS": "1",
    "ANNOTATOR_JOB_BEAT_SECONDS": "0.2",
    "ANNOTATOR_JOB_DEAD_SECONDS": "3",
    "DJANGO_SETTINGS_MODULE": "annotator.settings",
}


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Installation:
    """A real broker, a clock that sweeps once a second, and workers with toy jobs, on the test's database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"redis+socket://{embedded_socket(folder)}"
        self.running: list[subprocess.Popen] = []

    def start_broker(self) -> subprocess.Popen:
        broker = subprocess.Popen(supervisor.broker(self.folder).command)
        self.running.append(broker)
        wait_for(selectors.broker_alive, "the broker does not start")
        return broker

    def start_clock(self) -> subprocess.Popen:
        return self._python(*supervisor.beat().command[3:])

    def start_worker(self) -> subprocess.Popen:
        """Start a worker for the queues `cpu` and `interactive`, whichever."""
        options = ("--pool", "solo", "-l", "WARNING", "--without-gossip", "--without-mingle", "-Q", "cpu,interactive")
        return self._python("-m", "tests.worker.toy", "worker", *options)

    def _python(self, *arguments: str) -> subprocess.Popen:
        process = processes.start(*arguments, data=self.folder, REDIS_URL=self.url, **QUICK)
        self.running.append(process)
        return process

    def flush(self) -> None:
        """Make the broker forget everything."""
        redis.Redis(unix_socket_path=str(embedded_socket(self.folder))).flushall()

    def ran(self) -> list[int]:
        """Return the jobs whose work was done, once for each time it was."""
        notes = self.folder / "ran"
        return sorted(int(line) for line in notes.read_text().split()) if notes.exists() else []

    def stop(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()


@pytest.fixture
def installation(tmp_path, monkeypatch) -> Iterator[Installation]:
    """Bells ring for real, at a broker of the test's own."""
    made = Installation(tmp_path)
    app = Celery("tests", broker=made.url)
    for module in (services, selectors):
        monkeypatch.setattr(module, "celery_app", app)
    monkeypatch.setattr(services, "ring", real_ring)
    yield made
    made.stop()


def enqueue(count: int, *, steps: int = 5) -> list[int]:
    jobs = [services.enqueue(kind=JobKind.IMPORT, project=None, params={"steps": steps}) for _ in range(count)]
    return sorted(job.pk for job in jobs)


def states() -> set[str]:
    return set(Job.objects.values_list("state", flat=True))


def test_a_broker_that_forgets_everything_loses_no_job(installation):
    installation.start_broker()
    installation.start_clock()
    jobs = enqueue(10)
    assert selectors.waiting_in_broker("cpu") == len(jobs)
    installation.start_worker()
    wait_for(lambda: State.RUNNING in states(), "no job began")
    installation.flush()
    wait_for(lambda: states() == {State.SUCCEEDED}, f"not all ended: {states()}")
    assert installation.ran() == jobs
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}


def test_a_broker_that_is_away_and_a_worker_that_is_killed_lose_no_job(installation):
    broker = installation.start_broker()
    installation.start_clock()
    worker = installation.start_worker()
    jobs = enqueue(3)
    wait_for(lambda: State.RUNNING in states(), "no job began")
    broker.kill()
    broker.wait()
    worker.kill()
    worker.wait()
    jobs += enqueue(3)
    assert not Job.objects.filter(pk__in=jobs[3:]).exclude(rung_at=None).exists()
    installation.start_broker()
    installation.start_worker()
    wait_for(lambda: states() == {State.SUCCEEDED}, f"not all ended: {states()}")
    assert installation.ran() == jobs
    assert set(Job.objects.values_list("attempt", flat=True)) <= {1, 2}


def test_a_worker_asked_to_stop_puts_its_job_back_at_once(installation):
    installation.start_broker()
    (job,) = enqueue(1, steps=3000)
    worker = installation.start_worker()
    wait_for(lambda: State.RUNNING in states(), "the job did not begin")
    worker.terminate()
    assert worker.wait(60) == 0
    found = Job.objects.get(pk=job)
    assert (found.state, found.attempt, found.losses) == (State.QUEUED, 1, 0)
    assert selectors.waiting_in_broker("cpu") == 1
