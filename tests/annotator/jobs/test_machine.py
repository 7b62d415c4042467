"""Whatever workers, sweeps, people and the broker do to jobs, and in whatever order: what must hold of them."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from annotator.common.errors import Conflict
from annotator.jobs import services
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import Standing

State = Job.State
SLOTS = st.sampled_from(["", "refresh:1"])
ENDED = {State.SUCCEEDED, State.FAILED, State.CANCELLED}


class JobLife(RuleBasedStateMachine):
    """Two workers, some of whose attempts are zombies, a broker that forgets, and impatient people."""

    def __init__(self) -> None:
        super().__init__()
        Job.objects.all().delete()
        self.mailbox: list[int] = []  # what the broker holds
        self.attempts: list[Job] = []  # every attempt ever started; those superseded are zombies
        self.ended: dict[int, str] = {}  # job → the end it came to
        self.patches = [
            mock.patch("annotator.jobs.services.ring", self.ring),
            mock.patch("annotator.jobs.services.waiting_in_broker", self.waiting),
        ]
        for patch in self.patches:
            patch.start()

    def ring(self, job: Job) -> None:
        self.mailbox.append(job.pk)

    def waiting(self, queue: str) -> int:
        return len(set(self.mailbox))

    def teardown(self) -> None:
        """Left alone with one good worker and the sweep, every job comes to an end."""
        self.attempts.clear()
        for _ in range(4 * Job.objects.count() + 4):
            self.time_passes()
            self.sweep()
            self.a_worker_takes_what_rings_and_ends_it()
        assert not Job.objects.active().exists()
        for patch in self.patches:
            patch.stop()

    def a_worker_takes_what_rings_and_ends_it(self) -> None:
        while self.mailbox:
            job = services.claim(job_id=self.mailbox.pop(0), worker="good")
            if job is not None:
                assert services.succeed(job=job, result={})

    @initialize(waiting=st.booleans())
    def start(self, waiting: bool) -> None:
        """Two jobs run; behind the one that has a slot another may wait."""
        for slot in ("", "refresh:1"):
            self.a_job_is_wanted_and_taken(slot)
        if waiting:
            self.enqueue("refresh:1")

    @rule(slot=SLOTS)
    def a_job_is_wanted_and_taken(self, slot: str) -> None:
        self.enqueue(slot)
        for job_id in self.mailbox:
            self.claim(job_id, "anna")
        self.mailbox.clear()

    @rule(slot=SLOTS)
    def enqueue(self, slot: str) -> None:
        with transaction.atomic():
            services.enqueue(kind=JobKind.EMBED, project=None, slot=slot)

    @precondition(lambda self: self.mailbox)
    @rule(data=st.data(), worker=st.sampled_from(["anna", "bert"]))
    def a_ring_is_heard(self, data: st.DataObject, worker: str) -> None:
        self.claim(self.mailbox.pop(data.draw(st.integers(0, len(self.mailbox) - 1))), worker)

    def claim(self, job_id: int, worker: str) -> None:
        before = Job.objects.get(pk=job_id)
        attempt = services.claim(job_id=job_id, worker=worker)
        if attempt is not None:
            assert before.state in Job.ACTIVE
            assert attempt.attempt == before.attempt + 1
            self.attempts.append(attempt)

    @rule()
    def the_broker_forgets(self) -> None:
        self.mailbox.clear()

    @precondition(lambda self: self.attempts)
    @rule(data=st.data(), done=st.integers(0, 100))
    def an_attempt_reports(self, data: st.DataObject, done: int) -> None:
        attempt = data.draw(st.sampled_from(self.attempts))
        standing = services.report_progress(job=attempt, done=done, total=100)
        assert (standing is Standing.LOST) != self.is_current(attempt)

    @precondition(lambda self: self.attempts)
    @rule(data=st.data(), end=st.sampled_from(["succeed", "fail", "cancel", "put back"]))
    def an_attempt_ends(self, data: st.DataObject, end: str) -> None:
        attempt = data.draw(st.sampled_from(self.attempts))
        current = self.is_current(attempt)
        ends = {
            "succeed": lambda: services.succeed(job=attempt, result={"attempt": attempt.attempt}),
            "fail": lambda: services.fail(job=attempt, code="broken", message="It broke."),
            "cancel": lambda: services.end_cancelled(job=attempt),
            "put back": lambda: services.put_back(job=attempt),
        }
        assert ends[end]() == current

    @rule()
    def time_passes(self) -> None:
        """Every heart that beats at present stops; what was rung was rung long ago."""
        long_ago = timezone.now() - timedelta(hours=1)
        Job.objects.exclude(heartbeat_at=None).update(heartbeat_at=long_ago)
        Job.objects.update(rung_at=long_ago)

    @rule()
    def sweep(self) -> None:
        services.sweep()

    @precondition(lambda self: self.attempts)
    @rule(data=st.data())
    def a_sleeping_attempt_is_overtaken(self, data: st.DataObject) -> None:
        """Its heart stops, the sweep finds it, another worker hears the ring: the sleeper wakes up as a zombie."""
        sleeper = data.draw(st.sampled_from(self.attempts))
        if not self.is_current(sleeper):
            return
        self.time_passes()
        self.sweep()
        attempt = services.claim(job_id=sleeper.pk, worker="cleo")
        if attempt is not None:
            self.attempts.append(attempt)
            assert services.beat(job=sleeper) is Standing.LOST

    @precondition(lambda self: self.attempts)
    @rule()
    def a_worker_dies_and_the_broker_forgets(self) -> None:
        """Its job is found by a sweep whose ring gets lost."""
        self.time_passes()
        self.sweep()
        self.the_broker_forgets()

    @rule(data=st.data())
    def a_person_cancels(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(list(Job.objects.order_by("pk"))))
        try:
            services.request_cancel(job=job)
        except Conflict:
            assert job.state in ENDED

    @rule(data=st.data())
    def a_person_tries_again(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(list(Job.objects.order_by("pk"))))
        waits = bool(job.slot) and Job.objects.filter(slot=job.slot, state=State.QUEUED).exists()
        try:
            services.retry(job=job)
        except Conflict:
            assert waits or job.state not in {State.FAILED, State.CANCELLED}
        else:
            assert self.ended.pop(job.pk) in {State.FAILED, State.CANCELLED}

    def is_current(self, attempt: Job) -> bool:
        return Job.objects.filter(pk=attempt.pk, attempt=attempt.attempt, state=State.RUNNING).exists()

    @invariant()
    def a_slot_has_one_that_runs_and_one_that_waits(self) -> None:
        taken = [(job.slot, job.state) for job in Job.objects.active().exclude(slot="")]
        assert len(taken) == len(set(taken))

    @invariant()
    def an_end_is_an_end_until_a_person_tries_again(self) -> None:
        now = {job.pk: job.state for job in Job.objects.filter(state__in=ENDED)}
        assert all(now.get(job_id) == end for job_id, end in self.ended.items())
        self.ended = now

    @invariant()
    def no_attempt_was_given_out_twice(self) -> None:
        numbers = [(attempt.pk, attempt.attempt) for attempt in self.attempts]
        assert len(numbers) == len(set(numbers))


@pytest.mark.django_db(transaction=True)
def test_the_life_of_jobs_holds_what_it_promises():
    run_state_machine_as_test(
        JobLife,
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
