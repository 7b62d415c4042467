"""The life of a job: enqueued, claimed, reported on, ended; given up and taken over; cancelled and tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from annotator.common.errors import Conflict
from annotator.events.models import Event
from annotator.jobs import services
from annotator.jobs.models import MAX_LOSSES, STALL_SECONDS, Job, JobKind, WorkerNode
from annotator.jobs.services import Standing
from tests.factories import make_project

pytestmark = pytest.mark.django_db

State = Job.State


@pytest.fixture(autouse=True)
def empty_broker(monkeypatch) -> None:
    """The broker holds no message, as after a restart."""
    monkeypatch.setattr("annotator.jobs.services.waiting_in_broker", lambda queue: 0)


def enqueue(**fields) -> Job:
    return services.enqueue(**{"kind": JobKind.IMPORT, "project": None} | fields)


def claim(job: Job, worker: str = "anna") -> Job | None:
    return services.claim(job_id=job.pk, worker=worker)


def claimed(**fields) -> Job:
    job = claim(enqueue(**fields))
    assert job is not None
    return job


def age(job: Job, *, heart: float = 0, progress: float = 0, rung: float = 0) -> None:
    """Set back the moments of a job by some seconds."""
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(
        heartbeat_at=now - timedelta(seconds=heart),
        progress_at=now - timedelta(seconds=progress),
        rung_at=now - timedelta(seconds=rung),
    )


def state_of(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


def test_a_job_is_enqueued_claimed_reported_on_and_ended():
    project = make_project()
    job = enqueue(project=project, title="Import of shoes", params={"batch": 7})
    assert (job.state, job.queue, job.attempt) == (State.QUEUED, "cpu", 0)

    attempt = claim(job)
    assert attempt is not None
    assert (attempt.state, attempt.attempt, attempt.worker, attempt.project) == (State.RUNNING, 1, "anna", project)
    assert services.report_progress(job=attempt, done=5, total=20, unit="pictures") is Standing.GOES_ON
    assert services.beat(job=attempt) is Standing.GOES_ON
    assert services.succeed(job=attempt, result={"imported": 20})

    job.refresh_from_db()
    assert (job.state, job.result, job.progress_done) == (State.SUCCEEDED, {"imported": 20}, 5)
    assert job.finished_at is not None
    event = Event.objects.get(project=project)
    assert (event.kind, event.data) == ("job_finished", {"job": job.pk, "job_kind": "import", "state": "succeeded"})


class TestEnqueue:
    def test_the_queue_is_rung_once_the_transaction_has_committed(
        self, silent_doorbell, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            with transaction.atomic():
                job = enqueue()
            assert silent_doorbell == []
        assert silent_doorbell == [job.pk]

    @pytest.mark.django_db(transaction=True)
    def test_without_a_transaction_the_queue_is_rung_at_once(self, silent_doorbell):
        job = enqueue()
        assert silent_doorbell == [job.pk]

    def test_a_job_with_the_same_dedupe_key_is_not_made_twice_even_after_its_end(self):
        first = claimed(dedupe_key="nightly 2024-05-01")
        services.succeed(job=first, result={})
        assert enqueue(dedupe_key="nightly 2024-05-01").pk == first.pk

    def test_of_the_jobs_of_a_slot_one_runs_and_one_waits(self):
        running = claimed(slot="refresh:1")
        waiting = enqueue(slot="refresh:1")
        assert waiting.pk != running.pk
        assert enqueue(slot="refresh:1").pk == waiting.pk
        assert enqueue(slot="refresh:2").pk != waiting.pk


class TestClaim:
    def test_a_job_goes_to_one_worker_only(self):
        job = enqueue()
        assert claim(job, "anna") is not None
        assert claim(job, "bert") is None

    def test_a_job_whose_worker_is_dead_goes_to_the_next_with_a_new_attempt(self):
        lost = claimed()
        age(lost, heart=1000)
        found = claim(lost, "bert")
        assert found is not None
        assert (found.attempt, found.worker, found.losses) == (2, "bert", 1)

    def test_while_its_slot_is_taken_a_job_stays_queued_and_is_rung_when_the_other_ends(
        self, silent_doorbell, django_capture_on_commit_callbacks
    ):
        running, waiting = claimed(slot="refresh:1"), enqueue(slot="refresh:1")
        assert claim(waiting) is None
        assert state_of(waiting) == State.QUEUED
        with django_capture_on_commit_callbacks(execute=True):
            services.fail(job=running, code="broken", message="It broke.")
        assert silent_doorbell == [waiting.pk]
        assert claim(waiting) is not None

    def test_an_ended_or_unknown_job_is_not_to_be_had(self):
        done = claimed()
        services.succeed(job=done, result={})
        assert claim(done) is None
        assert services.claim(job_id=10**9, worker="anna") is None


class TestAttempts:
    def test_what_a_worker_writes_after_it_was_given_up_changes_nothing(self):
        zombie = claimed()
        age(zombie, heart=1000)
        current = claim(zombie, "bert")
        assert services.beat(job=zombie) is Standing.LOST
        assert services.report_progress(job=zombie, done=9, total=9) is Standing.LOST
        assert not services.succeed(job=zombie, result={"from": "zombie"})
        assert not services.fail(job=zombie, code="x", message="x")
        assert not services.end_cancelled(job=zombie)
        assert not services.put_back(job=zombie)
        assert services.succeed(job=current, result={"from": "bert"})
        assert Job.objects.get(pk=zombie.pk).result == {"from": "bert"}

    def test_a_failure_says_what_went_wrong_and_what_to_do(self):
        job = claimed(project=make_project())
        services.fail(job=job, code="no_files", message="The zip is empty.", hint="Pack the pictures again.")
        job.refresh_from_db()
        assert (job.state, job.error_code) == (State.FAILED, "no_files")
        assert (job.error_message, job.error_hint) == ("The zip is empty.", "Pack the pictures again.")
        ended, failed = Event.objects.order_by("seq")
        assert (ended.kind, ended.data["state"]) == ("job_finished", "failed")
        assert (failed.kind, failed.data["message"]) == ("job_failed", "The zip is empty.")

    def test_an_attempt_that_its_worker_gives_up_is_queued_and_rung(
        self, silent_doorbell, django_capture_on_commit_callbacks
    ):
        job = claimed()
        with django_capture_on_commit_callbacks(execute=True):
            assert services.put_back(job=job)
        assert silent_doorbell == [job.pk]
        again = claim(job)
        assert again is not None
        assert (again.attempt, again.losses) == (2, 0)


class TestCancel:
    def test_a_waiting_job_is_cancelled_at_once(self):
        job = services.request_cancel(job=enqueue(project=make_project()))
        assert job.state == State.CANCELLED
        assert job.finished_at is not None
        assert Event.objects.get().data["state"] == "cancelled"
        assert claim(job) is None

    def test_a_running_job_is_asked_to_stop(self):
        job = claimed()
        assert services.request_cancel(job=job).cancel_requested
        assert services.report_progress(job=job, done=1, total=2) is Standing.CANCELLING
        assert services.end_cancelled(job=job)
        assert state_of(job) == State.CANCELLED

    def test_an_ended_job_cannot_be_cancelled(self):
        job = claimed()
        services.succeed(job=job, result={})
        with pytest.raises(Conflict):
            services.request_cancel(job=job)


class TestRetry:
    def test_a_failed_job_is_queued_and_rung_again(self, silent_doorbell, django_capture_on_commit_callbacks):
        job = claimed()
        services.fail(job=job, code="broken", message="It broke.", hint="Mend it.")
        with django_capture_on_commit_callbacks(execute=True):
            job = services.retry(job=job)
        assert (job.state, job.error_code, job.finished_at) == (State.QUEUED, "", None)
        assert silent_doorbell == [job.pk]
        again = claim(job)
        assert again is not None
        assert again.attempt == 2

    def test_a_cancelled_job_no_longer_asks_to_be_cancelled(self):
        job = services.request_cancel(job=claimed())
        services.end_cancelled(job=job)
        assert not services.retry(job=job).cancel_requested

    @pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.SUCCEEDED])
    def test_only_what_failed_or_was_cancelled_can_be_tried_again(self, state):
        job = enqueue()
        Job.objects.filter(pk=job.pk).update(state=state)
        with pytest.raises(Conflict):
            services.retry(job=job)

    def test_not_while_another_waits_to_do_the_same_work(self):
        failed = claimed(slot="refresh:1")
        services.fail(job=failed, code="broken", message="It broke.")
        enqueue(slot="refresh:1")
        with pytest.raises(Conflict):
            services.retry(job=failed)
        assert state_of(failed) == State.FAILED


@pytest.fixture
def sweep(django_capture_on_commit_callbacks):
    """Sweep, and run what the sweep does after its commits."""

    def run() -> dict[str, int]:
        with django_capture_on_commit_callbacks(execute=True):
            return services.sweep()

    return run


class TestSweep:
    def test_what_waits_in_the_table_but_not_in_the_broker_is_rung_again(self, sweep, silent_doorbell):
        never_rung, fresh, old = enqueue(), enqueue(), enqueue()
        age(fresh, rung=1)
        age(old, rung=1000)
        assert sweep()["rung"] == 2
        assert silent_doorbell == [never_rung.pk, old.pk]

    def test_what_waits_in_the_broker_behind_a_long_job_is_not(self, sweep, silent_doorbell, monkeypatch):
        for _ in range(3):
            age(enqueue(), rung=1000)
        monkeypatch.setattr("annotator.jobs.services.waiting_in_broker", lambda queue: 3)
        assert sweep()["rung"] == 0
        assert silent_doorbell == []

    def test_nor_what_waits_for_its_slot(self, sweep, silent_doorbell):
        claimed(slot="refresh:1")
        enqueue(slot="refresh:1")
        assert sweep()["rung"] == 0

    def test_a_job_whose_heart_stopped_is_queued_and_rung(self, sweep, silent_doorbell):
        alive, dead = claimed(), claimed()
        age(dead, heart=1000)
        assert sweep()["dead"] == 1
        assert (state_of(alive), state_of(dead)) == (State.RUNNING, State.QUEUED)
        assert dead.pk in silent_doorbell
        dead.refresh_from_db()
        assert (dead.attempt, dead.losses) == (1, 1)

    def test_where_another_already_waits_in_its_slot_it_stays_in_place_for_the_next_worker(
        self, sweep, silent_doorbell
    ):
        dead, waiting = claimed(slot="refresh:1"), enqueue(slot="refresh:1")
        age(dead, heart=1000)
        sweep()
        sweep()
        assert dead.pk in silent_doorbell
        assert claim(waiting) is None
        again = claim(dead, "bert")
        assert again is not None
        assert (again.attempt, again.losses) == (2, 1)

    def test_a_job_that_loses_worker_after_worker_fails_with_a_hint(self, sweep):
        job = enqueue()
        for _ in range(MAX_LOSSES):
            attempt = claim(job)
            assert attempt is not None
            age(attempt, heart=1000)
            sweep()
        job.refresh_from_db()
        assert (job.state, job.error_code, job.attempt) == (State.FAILED, "worker_lost", MAX_LOSSES)
        assert "memory" in job.error_hint
        assert claim(services.retry(job=job)) is not None

    def test_a_job_that_was_to_be_cancelled_is_cancelled_when_its_worker_dies(self, sweep):
        job = services.request_cancel(job=claimed())
        age(job, heart=1000)
        sweep()
        assert state_of(job) == State.CANCELLED

    @pytest.mark.parametrize("kind", list(JobKind))
    def test_an_attempt_that_beats_but_does_not_get_on_is_given_up(self, sweep, kind):
        slow, stuck = claimed(kind=kind), claimed(kind=kind)
        age(slow, progress=STALL_SECONDS[kind] - 30)
        age(stuck, progress=STALL_SECONDS[kind] + 1)
        assert sweep()["stalled"] == 1
        assert state_of(slow) == State.RUNNING
        stuck.refresh_from_db()
        assert (stuck.state, stuck.error_code) == (State.FAILED, "stalled")
        assert services.beat(job=stuck) is Standing.LOST

    def test_workers_unseen_for_long_are_forgotten(self, sweep):
        for name in ("gpu@near", "gpu@far"):
            services.publish_worker(name=name, queue="gpu", pid=1)
        WorkerNode.objects.filter(name="gpu@far").update(seen_at=timezone.now() - timedelta(days=3))
        sweep()
        assert [node.name for node in WorkerNode.objects.all()] == ["gpu@near"]
        assert services.see_worker(name="gpu@near")
        assert not services.see_worker(name="gpu@far")
