"""The REST endpoints of jobs and workers."""

from __future__ import annotations

import pytest

from annotator.jobs import services
from annotator.jobs.models import Job, JobKind
from annotator.projects.models import Role
from tests.factories import add_member, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def lead(project, client_for):
    return client_for(project.created_by)


def enqueue(project, **fields) -> Job:
    return services.enqueue(**{"kind": JobKind.IMPORT, "project": project} | fields)


def run(job: Job) -> Job:
    attempt = services.claim(job_id=job.pk, worker="anna")
    assert attempt is not None
    return attempt


def test_a_running_job_is_shown_with_its_progress(project, lead):
    job = run(enqueue(project, title="Import of shoes"))
    services.report_progress(job=job, done=3, total=12, unit="pictures", message="decoding")
    shown = lead.get(f"/api/projects/{project.pk}/jobs/{job.pk}").json()
    assert (
        shown.items()
        >= {
            "id": job.pk,
            "kind": "import",
            "title": "Import of shoes",
            "project": project.pk,
            "state": "running",
            "queue": "cpu",
            "progress": {"done": 3, "total": 12, "unit": "pictures", "message": "decoding"},
            "error": None,
            "attempt": 1,
            "result": {},
            "finished_at": None,
            "cancel_requested": False,
        }.items()
    )
    assert {"rate", "eta_s", "created_at", "started_at"} <= shown.keys()


def test_a_failed_job_says_why_and_what_to_do(project, lead):
    job = run(enqueue(project))
    services.fail(job=job, code="disk_full", message="The disk is full.", hint="Free some space.")
    shown = lead.get(f"/api/projects/{project.pk}/jobs/{job.pk}").json()
    assert shown["error"] == {"code": "disk_full", "message": "The disk is full.", "hint": "Free some space."}


def test_jobs_are_listed_newest_first_page_by_page(project, lead):
    jobs = [enqueue(project) for _ in range(5)]
    enqueue(make_project())
    page = lead.get(f"/api/projects/{project.pk}/jobs?limit=3").json()
    assert [job["id"] for job in page["results"]] == [job.pk for job in jobs[:1:-1]]
    rest = lead.get(f"/api/projects/{project.pk}/jobs?limit=3&after={page['next']}").json()
    assert [job["id"] for job in rest["results"]] == [jobs[1].pk, jobs[0].pk]
    assert rest["next"] is None


def test_jobs_are_filtered_by_state(project, lead):
    running, queued = run(enqueue(project)), enqueue(project)
    services.succeed(job=run(enqueue(project)), result={})
    found = lead.get(f"/api/projects/{project.pk}/jobs?state=queued,running").json()["results"]
    assert [job["id"] for job in found] == [queued.pk, running.pk]
    answer = lead.get(f"/api/projects/{project.pk}/jobs?state=asleep")
    assert answer.status_code == 400
    assert "state" in answer.json()["errors"]


def test_a_lead_cancels_a_job_and_tries_it_again(project, lead):
    url = f"/api/projects/{project.pk}/jobs/{enqueue(project).pk}"
    assert lead.post(f"{url}/cancel").json()["state"] == "cancelled"
    again = lead.post(f"{url}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert lead.post(f"{url}/retry").json()["state"] == "queued"
    assert lead.post(f"{url}/retry").status_code == 409


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANNOTATOR, Role.REVIEWER])
def test_other_members_look_on(project, client_for, role):
    client = client_for(add_member(project, role))
    url = f"/api/projects/{project.pk}/jobs/{enqueue(project).pk}"
    assert client.get(url).status_code == 200
    assert client.post(f"{url}/cancel").status_code == 403
    assert client.post(f"{url}/retry").status_code == 403


def test_a_job_of_another_project_is_not_found(project, lead):
    other = enqueue(make_project())
    assert lead.get(f"/api/projects/{project.pk}/jobs/{other.pk}").status_code == 404
    assert lead.get(f"/api/projects/{other.project_id}/jobs/{other.pk}").status_code == 404


def test_workers_are_listed_for_whoever_signed_in(client_for):
    services.publish_worker(
        name="gpu@here", queue="gpu", pid=7, device={"kind": "cpu"}, presets=[{"name": "resnet50"}], strategies=[]
    )
    (worker,) = client_for(make_user()).get("/api/workers").json()
    assert (
        worker.items()
        >= {
            "name": "gpu@here",
            "queue": "gpu",
            "device": {"kind": "cpu"},
            "alive": True,
            "presets": [{"name": "resnet50"}],
            "strategies": [],
        }.items()
    )
    assert client_for().get("/api/workers").status_code == 401
