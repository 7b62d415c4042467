"""Importing over the API: open, send files, start, look at what became of them."""

from __future__ import annotations

import csv
import io
import json

import hypothesis
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from annotator.events.models import Event
from annotator.images.models import ImportBatch, RejectedFile
from annotator.images.services import Refusal, inbox_of, reject_files, uploads_of
from annotator.images.services.batches import MAX_PATH, path_problem, printable
from annotator.jobs.models import Job
from annotator.projects.models import Role
from tests.annotator.images.arrivals import open_batch
from tests.factories import add_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def client(client_for, project):
    return client_for(project.created_by)


@pytest.fixture
def batch(client, project) -> ImportBatch:
    response = client.post(f"/api/projects/{project.pk}/imports", {"labels": "trusted"}, format="json")
    return ImportBatch.objects.get(pk=response.json()["id"])


def url(batch: ImportBatch, *parts: str) -> str:
    return "/".join([f"/api/projects/{batch.project_id}/imports/{batch.pk}", *parts])


def send(client, batch: ImportBatch, files: dict[str, bytes]):
    """Send files under their paths."""
    uploads = [SimpleUploadedFile("x.jpg", data) for data in files.values()]
    return client.post(url(batch, "files"), {"paths": json.dumps(list(files)), "files": uploads}, format="multipart")


def test_files_are_received_and_handed_to_a_worker(
    client, project, silent_doorbell, django_capture_on_commit_callbacks
):
    opened = client.post(f"/api/projects/{project.pk}/imports", {"name": "May", "labels": "trusted"}, format="json")
    assert opened.status_code == 201
    assert opened.json()["state"] == "receiving"
    batch = ImportBatch.objects.get()

    received = send(client, batch, {"cat/1.jpg": b"one", "dog/2.jpg": b"two"})
    assert (received.status_code, received.json()) == (200, {"received": 2, "rejected": []})
    assert (uploads_of(batch) / "cat/1.jpg").read_bytes() == b"one"

    with django_capture_on_commit_callbacks(execute=True):
        started = client.post(url(batch, "start"))
    assert started.status_code == 202
    job = Job.objects.get()
    assert started.json()["id"] == job.pk
    assert silent_doorbell == [job.pk]

    shown = client.get(url(batch)).json()
    assert (shown["name"], shown["labels"], shown["state"], shown["job"]) == ("May", "trusted", "queued", job.pk)
    assert shown["counts"] == dict.fromkeys(["found", "imported", "duplicates", "rejected", "labelled", "conflicts"], 0)
    assert shown["created_by"]["id"] == project.created_by_id
    event = Event.objects.get(kind="import_started")
    assert event.data == {"batch": batch.pk, "name": "May"}


def test_an_import_without_a_name_gets_one(batch):
    assert batch.name.startswith("Upload of ")


def test_the_same_path_again_replaces_the_file(client, batch):
    send(client, batch, {"a.jpg": b"first"})
    send(client, batch, {"a.jpg": b"second"})

    assert (uploads_of(batch) / "a.jpg").read_bytes() == b"second"


HOSTILE = [
    "../../etc/passwd",
    "a/../../b.jpg",
    "/etc/passwd",
    "C:/windows.jpg",
    "..\\..\\b.jpg",
    "",
    ".",
    "a//b.jpg",
    "a/./b.jpg",
    "nul\x00byte.jpg",
    "line\nbreak.jpg",
    "delete\x7f.jpg",
    "half \ud800 surrogate.jpg",
    "x" * 300 + ".jpg",
    "/".join(["deep"] * 400),
]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_is_rejected_alone(client, batch, path):
    response = send(client, batch, {path: b"evil", "fine.jpg": b"good"})

    assert response.status_code == 200
    body = response.json()
    assert body["received"] == 1
    assert [row["reason"] for row in body["rejected"]] == ["unsafe_path"]
    assert [p.relative_to(uploads_of(batch)).as_posix() for p in inbox_of(batch).rglob("*") if p.is_file()] == [
        "fine.jpg"
    ]
    row = RejectedFile.objects.get()
    assert row.reason == "unsafe_path"
    assert row.message


@hypothesis.settings(deadline=None)
@given(st.text(max_size=40) | st.lists(st.sampled_from(["..", ".", "a", "", "\\", "\x00", "é"])).map("/".join))
def test_a_path_that_passes_stays_inside_and_can_be_stored(path):
    if path_problem(path) == "":
        parts = path.split("/")
        assert ".." not in parts
        assert "" not in parts
        assert "\x00" not in path
        assert len(path.encode()) <= MAX_PATH
    assert "\x00" not in printable(path)
    printable(path).encode()


def test_a_file_where_a_folder_is_needed_is_rejected(client, batch):
    send(client, batch, {"a": b"file"})

    body = send(client, batch, {"a/b.jpg": b"inside"}).json()

    assert body["received"] == 0
    assert "same name" in body["rejected"][0]["detail"]


def test_nothing_of_a_request_is_left_lying_about(client, batch):
    send(client, batch, {"a.jpg": b"one", "../b.jpg": b"two"})

    assert list((inbox_of(batch).parent / "incoming").iterdir()) == []


class TestWrongRequests:
    """Every kind of wrong input is told what is wrong; none is a server error."""

    @pytest.mark.parametrize(
        "paths",
        [None, "", "not json", "{}", '"a.jpg"', "[1]", "[]", '["a.jpg", "b.jpg"]', "[null]", "[" * 100_000],
    )
    def test_paths_that_do_not_fit_the_files(self, client, batch, paths):
        data = {"files": [SimpleUploadedFile("x.jpg", b"data")]} | ({} if paths is None else {"paths": paths})

        response = client.post(url(batch, "files"), data, format="multipart")

        assert response.status_code == 400
        assert "paths" in response.json()["errors"]

    def test_no_files_at_all(self, client, batch):
        assert client.post(url(batch, "files"), {"paths": "[]"}, format="multipart").status_code == 400

    def test_a_body_that_is_not_multipart(self, client, batch):
        assert client.post(url(batch, "files"), {"paths": []}, format="json").status_code == 415
        broken = client.post(url(batch, "files"), b"rubbish", content_type="multipart/form-data")
        assert broken.status_code == 400

    def test_more_files_than_a_request_may_hold(self, client, batch, settings):
        settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2

        response = send(client, batch, {f"{n}.jpg": b"x" for n in range(3)})

        assert (response.status_code, response.json()["code"]) == (400, "bad_request")

    def test_more_bytes_than_a_request_may_hold(self, client, batch, settings):
        settings.MAX_UPLOAD_BYTES = 1000

        response = send(client, batch, {"a.jpg": b"x" * 2000})

        assert (response.status_code, response.json()["code"]) == (413, "too_large")

    def test_a_disk_without_room(self, client, batch, monkeypatch):
        monkeypatch.setattr("annotator.images.api.uploads.SPARE_BYTES", 10**18)

        response = send(client, batch, {"a.jpg": b"x"})

        assert (response.status_code, response.json()["code"]) == (413, "no_room")

    @pytest.mark.parametrize("body", [{"labels": "perhaps"}, {"name": "x" * 201}, [], {"labels": None}])
    def test_an_import_that_cannot_be_opened(self, client, project, body):
        assert client.post(f"/api/projects/{project.pk}/imports", body, format="json").status_code == 400

    def test_an_import_of_another_project_does_not_exist(self, client, project):
        foreign = open_batch(make_project())
        base = f"/api/projects/{project.pk}/imports/{foreign.pk}"

        assert client.get(base).status_code == 404
        assert client.post(f"{base}/start").status_code == 404
        assert client.get(f"{base}/rejected").status_code == 404

    def test_only_a_lead_imports(self, client_for, batch):
        reviewer = client_for(add_member(batch.project, Role.REVIEWER))

        assert send(reviewer, batch, {"a.jpg": b"x"}).status_code == 403
        assert reviewer.post(url(batch, "start")).status_code == 403
        assert reviewer.get(url(batch)).status_code == 200


class TestStart:
    """Handing an import to a worker."""

    def test_without_files_there_is_nothing_to_start(self, client, batch):
        response = client.post(url(batch, "start"))

        assert (response.status_code, response.json()["code"]) == (400, "nothing_received")
        assert not Job.objects.exists()

    def test_started_twice_it_is_one_job(self, client, batch):
        send(client, batch, {"a.jpg": b"x"})

        assert client.post(url(batch, "start")).json()["id"] == client.post(url(batch, "start")).json()["id"]
        assert Job.objects.count() == 1

    def test_after_the_start_no_file_is_received(self, client, batch):
        send(client, batch, {"a.jpg": b"x"})
        client.post(url(batch, "start"))

        assert send(client, batch, {"b.jpg": b"y"}).status_code == 409

    @pytest.mark.parametrize("state", ["done", "failed", "cancelled", "undone"])
    def test_an_import_that_has_ended_does_not_start_again(self, client, batch, state):
        send(client, batch, {"a.jpg": b"x"})
        ImportBatch.objects.update(state=state)

        assert client.post(url(batch, "start")).status_code == 409

    @pytest.mark.parametrize("state", ["failed", "cancelled"])
    def test_a_job_that_ended_without_its_handler_is_seen_in_the_import(self, client, batch, state):
        send(client, batch, {"a.jpg": b"x"})
        client.post(url(batch, "start"))

        Job.objects.update(state=state)

        assert client.get(url(batch)).json()["state"] == state


def test_imports_are_listed_newest_first_page_by_page(client, project):
    ids = [open_batch(project).pk for _ in range(3)]

    first = client.get(f"/api/projects/{project.pk}/imports?limit=2").json()
    second = client.get(f"/api/projects/{project.pk}/imports?limit=2&after={first['next']}").json()

    assert [row["id"] for row in first["results"] + second["results"]] == ids[::-1]
    assert second["next"] is None


class TestRejected:
    """What was turned away, and why."""

    @pytest.fixture(autouse=True)
    def rejected(self, batch):
        names = ["a.txt", '=HYPERLINK("http://evil")', "+1", "-1", "@x", 'b,"quoted".txt']
        rows = [Refusal(name, "not_an_image", "The content is not a picture.", f"detail of {name}") for name in names]
        reject_files(batch=batch, rows=rows)
        return names

    def test_is_listed_page_by_page(self, client, batch, rejected):
        first = client.get(url(batch, "rejected?limit=4")).json()
        rest = client.get(url(batch, f"rejected?limit=4&after={first['next']}")).json()

        assert [row["path"] for row in first["results"] + rest["results"]] == rejected
        assert first["results"][0] | {"id": 0} == {
            "id": 0,
            "path": "a.txt",
            "reason": "not_an_image",
            "message": "The content is not a picture.",
            "detail": "detail of a.txt",
        }

    def test_comes_as_csv_that_no_spreadsheet_takes_for_formulas(self, client, batch, rejected):
        response = client.get(url(batch, "rejected?format=csv"))

        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert response["Content-Disposition"] == f'attachment; filename="rejected-{batch.pk}.csv"'
        lines = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
        assert lines[0] == ["path", "reason", "message", "detail"]
        assert [line[0].removeprefix("'") for line in lines[1:]] == rejected
        assert [line[0][0] for line in lines[2:6]] == ["'"] * 4

    @pytest.mark.parametrize("query", ["after=x", "limit=0", "limit=100000", "after=99999999999999999999999"])
    def test_pages_that_cannot_be_are_refused(self, client, batch, query):
        assert client.get(url(batch, f"rejected?{query}")).status_code == 400
