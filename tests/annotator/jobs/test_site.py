"""What site admins see and start across projects, and a lead's last word on a project."""

from __future__ import annotations

import pytest

from annotator.jobs import services
from annotator.jobs.models import Job, JobKind
from annotator.projects.models import Project
from tests.factories import make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client_for, settings, data_dir):
    settings.DATA_DIR = data_dir
    return client_for(make_user("admin", admin=True))


class TestJobs:
    """The console: what runs where."""

    def test_jobs_of_all_projects_with_worker_and_asker(self, admin):
        project = make_project(name="pets")
        job = services.enqueue(kind=JobKind.EMBED, project=project, title="Embed", created_by=project.created_by)
        services.claim(job_id=job.pk, worker="gpu@big")
        services.enqueue(kind=JobKind.COLLECT_GARBAGE, project=None)

        newest, oldest = admin.get("/api/jobs").json()["results"]

        assert (newest["project"], newest["project_name"], newest["created_by"]) == (None, None, None)
        assert (oldest["project"], oldest["project_name"]) == (project.pk, "pets")
        assert (oldest["worker"], oldest["created_by"]) == ("gpu@big", project.created_by.username)

    def test_only_some_states_page_by_page(self, admin):
        jobs = [services.enqueue(kind=JobKind.EMBED, project=make_project()) for _ in range(3)]
        Job.objects.filter(pk=jobs[1].pk).update(state=Job.State.FAILED)

        first = admin.get("/api/jobs?state=queued,running&limit=1").json()
        second = admin.get(f"/api/jobs?state=queued,running&limit=1&after={first['next']}").json()

        assert [first["results"][0]["id"], second["results"][0]["id"]] == [jobs[2].pk, jobs[0].pk]
        assert second["next"] is None
        wrong = admin.get("/api/jobs?state=asleep")
        assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["state"])

    def test_any_job_is_cancelled_and_tried_again(self, admin):
        job = services.enqueue(kind=JobKind.COLLECT_GARBAGE, project=None)

        assert admin.post(f"/api/jobs/{job.pk}/cancel").json()["state"] == "cancelled"
        assert admin.post(f"/api/jobs/{job.pk}/retry").json()["state"] == "queued"
        assert admin.post(f"/api/jobs/{job.pk}/retry").status_code == 409
        assert admin.post("/api/jobs/999/cancel").status_code == 404


class TestStorage:
    """Disk now, and what a job measured."""

    def test_before_anything_was_measured(self, admin):
        shown = admin.get("/api/storage").json()

        assert 0 < shown["disk"]["free"] <= shown["disk"]["total"]
        assert (shown["measured"], shown["jobs"]) == (None, [])

    def test_the_last_measurement_with_the_names_that_projects_have_now(self, admin):
        project = make_project(name="pets")
        use = [{"project": project.pk, "kinds": {"pictures": 5}, "total": 5}, {"project": 99, "kinds": {}, "total": 0}]
        result = {
            "measured_at": "2026-05-01T12:00:00+00:00",
            "dry_run": True,
            "projects": use,
            "shared": {"database": 7},
            "total": 12,
            "garbage": [{"kind": "scores", "count": 1, "bytes": 3}],
            "garbage_bytes": 3,
        }
        for state in (Job.State.SUCCEEDED, Job.State.FAILED):
            job = services.enqueue(kind=JobKind.COLLECT_GARBAGE, project=None)
            Job.objects.filter(pk=job.pk).update(
                state=state, finished_at="2026-05-01T12:00:00Z", result=result if state == "succeeded" else {}
            )

        measured = admin.get("/api/storage").json()["measured"]

        assert [(each["name"], each["total"]) for each in measured["projects"]] == [("pets", 5), ("", 0)]
        assert (measured["total"], measured["shared"], measured["garbage_bytes"]) == (12, {"database": 7}, 3)

    def test_asking_twice_asks_once_and_measuring_is_not_collecting(self, admin):
        measure = admin.post("/api/storage/collect", {"dry_run": True}, format="json")
        again = admin.post("/api/storage/collect", {"dry_run": True}, format="json")
        collect = admin.post("/api/storage/collect", {}, format="json")

        assert (measure.status_code, measure.json()["id"]) == (202, again.json()["id"])
        assert collect.json()["id"] != measure.json()["id"]
        assert [job["id"] for job in admin.get("/api/storage").json()["jobs"]] == [
            measure.json()["id"],
            collect.json()["id"],
        ]
        assert Job.objects.get(pk=collect.json()["id"]).params == {"dry_run": False}


class TestDeletingAProject:
    """A lead, or a site admin, types its name."""

    @pytest.fixture
    def project(self) -> Project:
        return make_project(lead=make_user("lead"), name="pets", archived_at="2026-05-01T12:00:00Z")

    def delete(self, client, project: Project, name: str = "pets"):
        return client.post(f"/api/projects/{project.pk}/delete", {"name": name}, format="json")

    @pytest.mark.parametrize("who", ["lead", "admin"])
    def test_it_is_gone_for_everybody_at_once_and_a_worker_does_the_rest(self, project, client_for, admin, who):
        lead = client_for(project.created_by)

        response = self.delete({"lead": lead, "admin": admin}[who], project)

        assert (response.status_code, response.json()["project"]) == (202, None)
        job = Job.objects.get(pk=response.json()["id"])
        assert (job.kind, job.params) == (JobKind.DELETE_PROJECT, {"project": project.pk, "name": "pets"})
        for client in (lead, admin):
            assert client.get(f"/api/projects/{project.pk}").status_code == 404
            assert client.get("/api/projects?archived=1").json() == []
            assert client.patch(f"/api/projects/{project.pk}", {"archived": False}, format="json").status_code == 404

    def test_another_name_deletes_nothing(self, project, client_for):
        lead = client_for(project.created_by)

        response = self.delete(lead, project, "Pets")

        assert (response.status_code, list(response.json()["errors"])) == (400, ["name"])
        assert lead.get(f"/api/projects/{project.pk}").status_code == 200
        assert not Job.objects.exists()

    def test_only_what_is_archived_can_be_deleted(self, project, client_for):
        Project.objects.update(archived_at=None)

        response = self.delete(client_for(project.created_by), project)

        assert (response.status_code, response.json()["code"]) == (409, "not_archived")
