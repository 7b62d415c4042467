"""Snapshots and exports over REST: what may be asked for, and what comes back."""

from __future__ import annotations

import pytest

from annotator.common.arrays import array_path
from annotator.jobs.models import Job
from annotator.projects.models import Role
from tests.annotator.snapshots.frozen import make_export, make_row, make_snapshot
from tests.factories import add_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def lead(project, client_for):
    return client_for(project.created_by)


def base(project) -> str:
    return f"/api/projects/{project.pk}"


def test_a_snapshot_is_asked_for_and_answered_with_its_job(project, lead):
    body = {"name": "May", "min_trust": "human", "splits": {"train": 0.8, "validation": 0, "test": 0.2}}

    answer = lead.post(f"{base(project)}/snapshots", body, format="json")

    assert (answer.status_code, answer.json()["kind"]) == (202, "snapshot")
    params = Job.objects.get().params
    assert params["name"] == "May"
    assert params["settings"]["min_trust"] == "human"
    assert params["settings"]["splits"] == body["splits"]


def test_imported_splits_can_be_asked_for(project, lead):
    assert lead.post(f"{base(project)}/snapshots", {"splits": "imported"}, format="json").status_code == 202


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"min_trust": "none"}, "min_trust"),
        ({"min_per_class": 0}, "min_per_class"),
        ({"max_per_class": -1}, "max_per_class"),
        ({"min_per_class": 3, "max_per_class": 2}, "min_per_class"),
        ({"splits": "exported"}, "splits"),
        ({"splits": {"train": 1}}, "splits"),
        ({"splits": {"train": "0.8", "validation": 0, "test": 0.2}}, "splits"),
        ({"splits": [0.8, 0.1, 0.1]}, "splits"),
        ({"splits": {"train": True, "validation": 0, "test": 0}}, "splits"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_started(project, lead, body, field):
    answer = lead.post(f"{base(project)}/snapshots", body, format="json")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Job.objects.exists()


def test_snapshots_are_listed_newest_first_and_shown_with_their_report(project, lead):
    first, second = make_snapshot(project), make_snapshot(project)

    page = lead.get(f"{base(project)}/snapshots?limit=1").json()
    rest = lead.get(f"{base(project)}/snapshots?limit=1&after={page['next']}").json()
    shown = lead.get(f"{base(project)}/snapshots/{first.pk}").json()

    assert [row["number"] for row in page["results"] + rest["results"]] == [2, 1]
    assert rest["next"] is None
    assert "report" not in page["results"][0]
    assert shown["report"]["look_alikes"] is None
    assert (shown["hash"], shown["rows"], shown["archived"]) == (second.hash, 1, False)
    assert shown["created_by"] == {"id": project.created_by.pk, "name": project.created_by.username}
    assert shown["classes"] == [{"id": 1, "name": "cat", "train": 1, "validation": 0, "test": 0}]


def test_a_snapshot_can_be_archived_and_nothing_else_of_it_changed(project, lead):
    snapshot = make_snapshot(project)
    address = f"{base(project)}/snapshots/{snapshot.pk}"

    answer = lead.patch(address, {"archived": True, "name": "other", "rows": 0}, format="json").json()

    assert (answer["archived"], answer["name"], answer["rows"]) == (True, "frozen", 1)
    assert lead.patch(address, {}, format="json").status_code == 400
    assert lead.delete(address).status_code == 405


def test_rows_are_paged_and_filtered_and_show_their_picture(project, lead):
    snapshot = make_snapshot(project, [make_row(n, split=("train", "test")[n % 2]) for n in range(10)])
    address = f"{base(project)}/snapshots/{snapshot.pk}/rows"

    page = lead.get(f"{address}?limit=3&split=test").json()

    assert [row["position"] for row in page["results"]] == [1, 3, 5]
    assert page["next"] == 5
    assert [row["position"] for row in lead.get(f"{address}?after=5&split=test").json()["results"]] == [7, 9]
    sha256 = page["results"][0]["sha256"]
    assert page["results"][0]["thumb"] == f"{base(project)}/blobs/{sha256}/thumb"
    for wrong in ("split=exam", "after=x", "limit=0", "limit=1001", "label=x"):
        assert lead.get(f"{address}?{wrong}").status_code == 400


def test_who_is_tested_on_is_not_for_annotators(project, client_for):
    snapshot = make_snapshot(project)
    annotator = client_for(add_member(project, Role.ANNOTATOR))

    assert annotator.get(f"{base(project)}/snapshots/{snapshot.pk}").status_code == 200
    assert annotator.get(f"{base(project)}/snapshots/{snapshot.pk}/rows").status_code == 403
    assert annotator.get(f"{base(project)}/exports").status_code == 403


class TestExports:
    """Made by a worker, listed, downloaded, deleted."""

    def test_one_is_asked_for_and_answered_with_its_job(self, project, lead):
        body = {"snapshot": make_snapshot(project).pk, "format": "image_folder", "archive": "tar"}

        answer = lead.post(f"{base(project)}/exports", body, format="json")

        assert (answer.status_code, answer.json()["kind"]) == (202, "export")

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"snapshot": 999_999}, 404),
            ({"snapshot": "x"}, 400),
            ({"format": "excel"}, 400),
            ({"archive": "rar"}, 400),
            ({"pictures": "thumb"}, 400),
        ],
    )
    def test_what_cannot_be_made_is_refused(self, project, lead, change, status):
        body = {"snapshot": make_snapshot(project).pk, "format": "csv"} | change

        assert lead.post(f"{base(project)}/exports", body, format="json").status_code == status
        assert not Job.objects.filter(kind="export").exists()

    def test_an_archived_project_can_still_be_exported(self, project, lead):
        snapshot = make_snapshot(project)
        lead.delete(base(project))

        assert lead.post(f"{base(project)}/snapshots", {}, format="json").json()["code"] == "archived"
        body = {"snapshot": snapshot.pk, "format": "csv"}
        assert lead.post(f"{base(project)}/exports", body, format="json").status_code == 202

    def test_a_download_that_broke_off_goes_on(self, project, lead):
        export = make_export(make_snapshot(project), b"0123456789")
        (shown,) = lead.get(f"{base(project)}/exports").json()["results"]

        first = lead.get(shown["url"], headers={"Range": "bytes=0-3"})
        rest = lead.get(shown["url"], headers={"Range": "bytes=4-", "If-Range": first["ETag"]})

        assert (first.status_code, rest.status_code) == (206, 206)
        assert b"".join(first) + b"".join(rest) == b"0123456789"
        assert first["ETag"] == f'"{export.sha256}"'
        assert first["Content-Disposition"] == 'attachment; filename="pets-1.csv"'
        assert first["Content-Type"] == "text/csv"
        assert lead.get(shown["url"], headers={"Range": "bytes=10-"}).status_code == 416

    def test_a_deleted_one_is_gone_with_its_file(self, project, lead):
        export = make_export(make_snapshot(project))

        assert lead.delete(f"{base(project)}/exports/{export.pk}").status_code == 204

        assert not array_path(export.folder).exists()
        assert lead.get(f"{base(project)}/exports/{export.pk}/download").status_code == 404
        assert lead.get(f"{base(project)}/exports").json()["results"] == []

    def test_a_file_that_was_lost_is_told(self, project, lead):
        export = make_export(make_snapshot(project))
        (array_path(export.folder) / export.filename).unlink()

        answer = lead.get(f"{base(project)}/exports/{export.pk}/download")

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
