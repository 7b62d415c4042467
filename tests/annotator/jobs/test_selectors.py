"""Pace, remaining time and who may see a job."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from annotator.jobs import selectors, services
from annotator.jobs.models import Job, JobKind
from annotator.projects.models import Role
from tests.factories import add_member, make_project, make_user

pytestmark = pytest.mark.django_db


def job_after(seconds: float, *, done: int, total: int, start: int = 0, state: str = Job.State.RUNNING) -> Job:
    """A job whose attempt began some seconds ago, at `start` of `total`, and is now at `done`."""
    now = timezone.now()
    return Job(
        state=state,
        started_at=now - timedelta(seconds=seconds),
        progress_at=now,
        progress_from=start,
        progress_done=done,
        progress_total=total,
    )


def test_a_running_job_tells_its_pace_and_what_is_left():
    job = job_after(10, done=50, total=200)
    assert selectors.rate(job) == pytest.approx(5, rel=0.01)
    assert selectors.eta_seconds(job) == pytest.approx(30, rel=0.05)


def test_what_an_earlier_attempt_had_done_already_is_not_this_ones_pace():
    assert selectors.rate(job_after(10, start=1000, done=1020, total=2000)) == pytest.approx(2, rel=0.01)


def test_the_first_report_of_an_attempt_tells_where_it_began():
    services.enqueue(kind=JobKind.EMBED, project=None)
    job = services.claim(job_id=Job.objects.get().pk, worker="anna")
    for done in (300, 340):
        services.report_progress(job=job, done=done, total=500)
    job.refresh_from_db()
    assert (job.progress_from, job.progress_done) == (300, 340)


@pytest.mark.parametrize(
    "job",
    [
        Job(),
        job_after(10, done=0, total=10),
        job_after(10, done=10, total=10),
        job_after(10, done=5, total=0),
        job_after(10, done=5, total=10, state=Job.State.FAILED),
    ],
)
def test_where_nobody_can_know_no_remaining_time_is_told(job):
    assert selectors.eta_seconds(job) is None


def test_jobs_are_seen_by_the_members_of_their_project_and_by_site_admins():
    project = make_project()
    member, stranger, admin = add_member(project, Role.VIEWER), make_user(), make_user(admin=True)
    of_project = services.enqueue(kind=JobKind.EMBED, project=project)
    of_none = services.enqueue(kind=JobKind.EMBED, project=None)
    assert set(Job.objects.visible_to(member)) == {of_project}
    assert not Job.objects.visible_to(stranger).exists()
    assert not Job.objects.visible_to(AnonymousUser()).exists()
    assert set(Job.objects.visible_to(admin)) == {of_project, of_none}


def test_a_worker_counts_as_alive_for_three_of_its_beats():
    services.publish_worker(name="gpu@here", queue="gpu", pid=1)
    (node,) = selectors.workers()
    assert selectors.is_alive(node)
    node.seen_at -= 4 * selectors.WORKER_BEAT
    assert not selectors.is_alive(node)
