"""How a worker runs a job: the attempt, its heart, its folder, and every way in which it can end."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from annotator.common.errors import DomainError
from annotator.jobs import services
from annotator.jobs.models import Job, JobKind
from tests.factories import make_project
from worker import runner
from worker.handlers import HANDLERS, handler_of
from worker.runner import JobContext, JobFailed, run_job

pytestmark = pytest.mark.django_db(transaction=True)

State = Job.State
Handler = Callable[[JobContext], dict[str, Any]]


@pytest.fixture(autouse=True)
def quick_hearts(settings, monkeypatch) -> None:
    """Hearts beat and reports are due twenty times a second."""
    settings.JOB_BEAT_SECONDS = 0.05
    settings.JOB_DEAD_SECONDS = 0.3
    monkeypatch.setattr(runner, "REPORT_SECONDS", 0.05)


@pytest.fixture
def run(monkeypatch) -> Callable[..., Job]:
    """Enqueue a job, run it with the handler given, and return it as it then is."""

    def run_with(handler: Handler, **options: Any) -> Job:
        monkeypatch.setattr(runner, "handler_of", lambda kind: handler)
        job = services.enqueue(kind=JobKind.IMPORT, project=make_project(), params={"batch": 7})
        run_job(job.pk, **options)
        job.refresh_from_db()
        return job

    return run_with


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_a_handler_is_called_with_its_job_and_what_it_returns_is_the_result(run):
    seen: dict[str, Any] = {}

    def handler(ctx: JobContext) -> dict[str, Any]:
        seen.update(params=ctx.params, project=ctx.project, attempt=ctx.attempt)
        (ctx.attempt_dir / "draft").write_text("half of it")
        seen["folder"] = ctx.attempt_dir
        ctx.progress(10, 10, "pictures", "done")
        return {"imported": 10}

    job = run(handler)
    assert (job.state, job.result) == (State.SUCCEEDED, {"imported": 10})
    assert (job.progress_done, job.progress_total, job.progress_unit) == (10, 10, "pictures")
    assert (seen["params"], seen["project"], seen["attempt"]) == ({"batch": 7}, job.project, 1)
    assert not seen["folder"].parent.exists()


def test_every_kind_of_job_has_a_handler_and_nothing_else_has():
    assert set(HANDLERS) == set(JobKind)
    assert all(callable(handler_of(kind)) for kind in JobKind)


class TestFailures:
    def test_a_handler_says_what_is_wrong_and_what_to_do(self, run):
        def handler(ctx: JobContext) -> dict[str, Any]:
            raise JobFailed("no_files", "The zip is empty.", "Pack the pictures again.")

        job = run(handler)
        assert (job.state, job.error_code) == (State.FAILED, "no_files")
        assert (job.error_message, job.error_hint) == ("The zip is empty.", "Pack the pictures again.")

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (DomainError("The project is archived.", code="archived"), "archived"),
            (OSError(28, "No space left on device"), "disk_full"),
            (OSError(122, "Disk quota exceeded"), "disk_full"),
            (MemoryError(), "out_of_memory"),
            (ZeroDivisionError("division by zero"), "internal_error"),
        ],
    )
    def test_every_other_error_becomes_words_for_a_person(self, run, error, code, caplog):
        def handler(ctx: JobContext) -> dict[str, Any]:
            raise error

        job = run(handler)
        assert (job.state, job.error_code) == (State.FAILED, code)
        assert job.error_message
        assert "Traceback" not in job.error_message + job.error_hint
        assert ("Traceback" in caplog.text) == (code == "internal_error")

    def test_the_folder_of_a_failed_attempt_is_removed(self, run, settings):
        def handler(ctx: JobContext) -> dict[str, Any]:
            (ctx.attempt_dir / "draft").write_text("half of it")
            raise ValueError

        run(handler)
        assert list(settings.SCRATCH_DIR.iterdir()) == []


class TestEndsInBetween:
    def test_a_cancelled_job_stops_at_its_next_report(self, run):
        def handler(ctx: JobContext) -> dict[str, Any]:
            services.request_cancel(job=ctx.job)
            for done in range(1000):
                ctx.progress(done, 1000)
                time.sleep(0.01)
            return {}

        job = run(handler)
        assert job.state == State.CANCELLED
        assert job.progress_done < 1000

    def test_an_attempt_that_was_given_up_stops_and_leaves_the_job_to_the_next(self, run):
        def handler(ctx: JobContext) -> dict[str, Any]:
            Job.objects.filter(pk=ctx.job.pk).update(attempt=2, worker="the next one")
            while True:
                ctx.check()
                time.sleep(0.01)

        job = run(handler)
        assert (job.state, job.attempt, job.worker) == (State.RUNNING, 2, "the next one")

    def test_a_worker_that_is_stopped_puts_its_job_back(self, run, silent_doorbell, monkeypatch):
        stopping = threading.Event()
        monkeypatch.setattr(runner, "stopping", stopping)

        def handler(ctx: JobContext) -> dict[str, Any]:
            stopping.set()
            ctx.check()
            return {}

        job = run(handler)
        assert (job.state, job.losses) == (State.QUEUED, 0)
        assert silent_doorbell == [job.pk, job.pk]

    def test_a_database_that_goes_away_sends_the_job_back_to_its_queue(self, run):
        def handler(ctx: JobContext) -> dict[str, Any]:
            raise OperationalError("server closed the connection unexpectedly")

        job = run(handler)
        assert (job.state, job.losses) == (State.QUEUED, 1)

    def test_a_job_that_is_not_to_be_had_is_not_run(self, run):
        done = run(lambda ctx: {"times": 1})
        run_job(done.pk)
        done.refresh_from_db()
        assert (done.attempt, done.result) == (1, {"times": 1})


class TestHeart:
    def test_it_beats_while_the_handler_says_nothing(self, run):
        def handler(ctx: JobContext) -> dict[str, Any]:
            start = ctx.job.heartbeat_at
            wait_for(lambda: Job.objects.get(pk=ctx.job.pk).heartbeat_at > start)
            return {}

        assert run(handler).state == State.SUCCEEDED

    def test_a_busy_database_does_not_stop_it(self, run, monkeypatch):
        beats = []

        def beat(*, job: Job) -> services.Standing:
            beats.append(job.pk)
            if len(beats) < 4:
                raise OperationalError("database is locked")
            return services.Standing.GOES_ON

        monkeypatch.setattr(services, "beat", beat)

        def handler(ctx: JobContext) -> dict[str, Any]:
            wait_for(lambda: len(beats) >= 5)
            return {}

        assert run(handler).state == State.SUCCEEDED

    def test_it_tells_the_handler_of_a_cancel(self, run):
        def handler(ctx: JobContext) -> dict[str, Any]:
            services.request_cancel(job=ctx.job)
            wait_for(lambda: ctx.standing is services.Standing.CANCELLING)
            ctx.check()
            return {}

        assert run(handler).state == State.CANCELLED

    def test_a_handler_that_hangs_in_a_lost_attempt_is_reported_as_stuck(self, run):
        stuck = threading.Event()

        def handler(ctx: JobContext) -> dict[str, Any]:
            services.fail(job=ctx.job, code="stalled", message="It made no progress.")
            assert stuck.wait(20)
            return {}

        job = run(handler, when_stuck=stuck.set)
        assert (job.state, job.error_code) == (State.FAILED, "stalled")


class TestProgress:
    @pytest.fixture
    def ctx(self) -> JobContext:
        services.enqueue(kind=JobKind.IMPORT, project=None)
        job = services.claim(job_id=Job.objects.get().pk, worker="anna")
        assert job is not None
        return JobContext(job)

    def test_it_is_written_at_most_once_in_a_while_and_at_the_end(self, ctx, monkeypatch):
        monkeypatch.setattr(runner, "REPORT_SECONDS", 60)
        written = []
        real = services.report_progress
        monkeypatch.setattr(
            services, "report_progress", lambda **report: written.append(report["done"]) or real(**report)
        )
        for done in range(101):
            ctx.progress(done, 100, "pictures")
        assert written == [0, 100]

    def test_saying_the_same_again_is_no_progress(self, ctx):
        ctx.progress(1, 10)
        before = Job.objects.get().progress_at
        for _ in range(5):
            time.sleep(0.06)
            ctx.progress(1, 10)
        assert Job.objects.get().progress_at == before

    @pytest.mark.parametrize(("host", "waits"), [("here", True), ("elsewhere", False)])
    def test_other_work_gives_way_to_a_refresh_on_the_same_host_for_a_while(self, ctx, monkeypatch, host, waits):
        monkeypatch.setattr(runner, "GIVE_WAY_SECONDS", 0.3)
        ctx.job.worker = "cpu@here"
        services.enqueue(kind=JobKind.HEAD_REFRESH, project=make_project())
        services.claim(job_id=Job.objects.latest("pk").pk, worker=f"interactive@{host}")
        start = time.monotonic()
        ctx.progress(1, 10)
        assert (time.monotonic() - start >= 0.3) is waits

    def test_a_refresh_gives_way_to_nobody(self, monkeypatch):
        monkeypatch.setattr(services, "interactive_runs_beside", lambda **_: pytest.fail("it looked"))
        services.enqueue(kind=JobKind.HEAD_REFRESH, project=make_project())
        job = services.claim(job_id=Job.objects.get().pk, worker="interactive@here")
        assert job is not None
        JobContext(job).progress(1, 4)

    def test_a_report_that_the_database_does_not_take_is_made_up_for_by_the_next(self, ctx, monkeypatch):
        real = services.report_progress

        def locked(**report: Any) -> services.Standing:
            raise OperationalError("database is locked")

        monkeypatch.setattr(services, "report_progress", locked)
        ctx.progress(1, 10)
        monkeypatch.setattr(services, "report_progress", real)
        time.sleep(0.06)
        ctx.progress(2, 10)
        assert Job.objects.get().progress_done == 2


class TestFolders:
    def test_what_a_killed_attempt_left_is_gone_when_the_next_begins(self, run, settings):
        def handler(ctx: JobContext) -> dict[str, Any]:
            return {"found": sorted(path.name for path in ctx.attempt_dir.parent.iterdir())}

        job = services.enqueue(kind=JobKind.IMPORT, project=None)
        (settings.SCRATCH_DIR / f"job-{job.pk + 1}" / "0").mkdir(parents=True)
        assert run(handler).result == {"found": ["1"]}

    def test_a_zombie_that_ends_leaves_the_folder_of_the_next_attempt_alone(self, run):
        def handler(ctx: JobContext) -> dict[str, Any]:
            (ctx.attempt_dir.parent / "2").mkdir()
            return {}

        job = run(handler)
        assert (JobContext(job).attempt_dir.parent / "2").exists()

    def test_leftovers_of_jobs_that_do_not_run_and_old_drafts_are_removed(self, settings):
        services.enqueue(kind=JobKind.IMPORT, project=None)
        running = services.claim(job_id=Job.objects.get().pk, worker="anna")
        assert running is not None
        kept = {f"job-{running.pk}", "draft-of-now"}
        for name in (*kept, f"job-{running.pk + 1}", "draft-of-yesterday"):
            (settings.SCRATCH_DIR / name / "1").mkdir(parents=True)
        os.utime(settings.SCRATCH_DIR / "draft-of-yesterday", (0, 0))
        assert runner.remove_leftovers() == 2
        assert {path.name for path in settings.SCRATCH_DIR.iterdir()} == kept
