"""`annotator refresh` asks for a head refresh and tells how it ended."""

import json

import pytest
from django.core.management import CommandError, call_command

from annotator.jobs.models import Job, JobKind
from tests.factories import make_project
from worker.management.commands import refresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer(monkeypatch):
    """Return a setter of the state in which the next job is found when the command looks again."""

    def set_state(state: str, **fields: object) -> None:
        def pretend_to_sleep(_seconds: float) -> None:
            Job.objects.update(state=state, **fields)

        monkeypatch.setattr(refresh.time, "sleep", pretend_to_sleep)

    return set_state


def test_it_waits_for_the_job_and_prints_its_result(answer, capsys):
    answer("succeeded", result={"head": "v1.1"})
    call_command("refresh", make_project(name="coats").name, "--json")
    job = Job.objects.get(kind=JobKind.HEAD_REFRESH)
    assert json.loads(capsys.readouterr().out) == {"job": job.pk, "state": "succeeded", "result": {"head": "v1.1"}}


def test_without_waiting_the_job_stays_queued(capsys):
    call_command("refresh", str(make_project().pk), "--no-wait")
    assert "queued" in capsys.readouterr().out
    assert Job.objects.get().state == "queued"


def test_a_failed_job_a_missing_project_and_an_absent_worker_are_told(answer):
    project = make_project()
    with pytest.raises(CommandError, match="no project 'hats'"):
        call_command("refresh", "hats")
    with pytest.raises(CommandError, match="is a worker running"):
        call_command("refresh", project.name, "--timeout", "0")
    answer("failed", error_message="The disk is full.")
    with pytest.raises(CommandError, match="The disk is full"):
        call_command("refresh", project.name)
