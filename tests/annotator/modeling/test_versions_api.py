"""Models over the API: what is shown of them, their files, promotion, trying one."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotator.common.arrays import array_path
from annotator.images.models import Image
from annotator.jobs.models import Job, JobKind
from annotator.modeling.models import ModelVersion
from annotator.modeling.services import tries, tries_folder
from annotator.projects.models import LabelClass, Role
from tests.annotator.modeling.made import FILES, assessment, first_model, make_model, make_retired
from tests.factories import add_member, make_image, make_project, picture_bytes


@pytest.fixture
def project(db):
    return make_project(name="Pets & more")


@pytest.fixture
def client(project, client_for):
    return client_for(project.created_by)


def address(project, version: ModelVersion | None = None, part: str = "") -> str:
    tail = f"/{version.pk}" if version else ""
    return f"/api/projects/{project.pk}/models{tail}{part}"


def test_models_are_listed_newest_first_with_what_the_gate_said(project, client):
    first, second = first_model(project), make_model(project)

    page = client.get(address(project)).json()

    assert [row["name"] for row in page["results"]] == ["v2", "v1"]
    row = page["results"][0]
    assert (row["accuracy"], row["low"], row["high"], row["macro_f1"], row["test_size"]) == (0.75, 0.1, 0.9, 0.5, 40)
    assert (row["gate"]["decision"], row["gate"]["reasons"][0]["code"]) == ("promoted", "better")
    assert row["run"] == {"id": second.run_id, "number": 1}
    assert (row["state"], row["champion"], row["rollback"], row["promoted_by"]) == ("candidate", "v1", False, None)
    oldest = page["results"][1]
    assert (oldest["state"], oldest["gate"], oldest["accuracy"], oldest["test_size"]) == ("serving", None, None, 0)
    assert oldest["id"] == first.pk
    assert client.get(address(project), {"limit": 1}).json()["next"] == second.pk


def test_a_model_is_shown_with_its_assessments_and_the_whole_gate(project, client):
    cat, dog = project.classes.all()
    bird = LabelClass.objects.create(project=project, index=2, name="bird")
    measured = assessment([[1, 0], [0, 1]])
    score = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}
    measured["classes"] = [{"class_id": row.pk, **score} for row in (cat, dog, bird)]
    version = make_model(project, metrics={"blind": measured, "test": None, "validation": None})

    shown = client.get(address(project, version)).json()

    assert [row["name"] for row in shown["classes"]] == ["cat", "dog", "bird"], "the test set has one more"
    assert shown["metrics"]["blind"]["evaluation"]["confusion"] == [[1, 0], [0, 1]]
    assert shown["metrics"]["test"] is None
    assert shown["gate"]["rules"]["margin"] == 0.01
    assert {file["name"] for file in shown["files"]} == set(FILES)
    assert (shown["temperature"], shown["onnx_difference"]) == (1.0, 1e-5)
    assert client.get(shown["url"]).status_code == 200


def test_the_first_model_has_a_card_but_nothing_to_download(project, client):
    version = first_model(project)
    assert client.get(address(project, version)).json()["url"] is None
    assert client.get(address(project, version, "/download")).status_code == 404
    assert "pretrained" in client.get(address(project, version, "/card")).json()["markdown"]


def test_the_download_is_an_archive_of_all_files(project, client):
    version = make_model(project, arrays={"position": np.arange(3)})

    response = client.get(address(project, version, "/download"))

    assert response["Content-Disposition"] == 'attachment; filename="pets-more-v2.zip"'
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found == {f"pets-more-v2/{name}": content for name, content in FILES.items()}


def test_the_card_is_the_models_own(project, client):
    version = make_model(project)
    assert client.get(address(project, version, "/card")).json() == {"markdown": "# v2\n\nA classifier of pets.\n"}


@pytest.mark.parametrize("part", ["/download", "/card", "/cell?label=1&predicted=1"])
def test_files_that_are_gone_are_told_of(project, client, part):
    version = make_model(project)
    (array_path(version.folder) / "README.md").unlink()
    response = client.get(address(project, version, part))
    assert (response.status_code, response.json()["code"]) == (409, "files_gone")


class TestACellOfTheConfusionMatrix:
    @pytest.fixture
    def version(self, project):
        """Six test pictures, of which the last two are not blind."""
        cat, dog = (row.pk for row in project.classes.all())
        images = [make_image(project) for _ in range(6)]
        arrays = {
            "position": np.array([image.position for image in images])[::-1].copy(),
            "label": np.array([cat, cat, cat, dog, cat, cat]),
            "predicted": np.array([dog, dog, cat, dog, dog, dog]),
            "confidence": np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], np.float32),
            "champion_predicted": np.full(6, cat),
            "blind": np.array([True, True, True, True, False, False]),
        }
        return make_model(project, arrays=arrays)

    def query(self, project, client, version, **more):
        cat, dog = (row.pk for row in project.classes.all())
        return client.get(address(project, version, "/cell"), {"label": cat, "predicted": dog} | more)

    def test_it_opens_its_pictures(self, project, client, version):
        found = self.query(project, client, version).json()["results"]
        assert [row["position"] for row in found] == [4, 5]
        assert found[0]["confidence"] == pytest.approx(0.8)
        image = Image.objects.get(project=project, position=4)
        assert (found[0]["id"], found[0]["thumb"].split("/")[-2]) == (image.pk, image.sha256)

    def test_the_whole_test_part_has_more_and_comes_in_pages(self, project, client, version):
        page = self.query(project, client, version, part="test", limit=3).json()
        assert ([row["position"] for row in page["results"]], page["next"]) == ([0, 1, 4], 4)
        rest = self.query(project, client, version, part="test", limit=3, after=4).json()
        assert ([row["position"] for row in rest["results"]], rest["next"]) == ([5], None)

    def test_archived_pictures_are_left_out(self, project, client, version):
        Image.objects.filter(position=4).update(archived_at="2026-05-01T12:00Z")
        assert [row["position"] for row in self.query(project, client, version).json()["results"]] == [5]

    def test_the_first_model_has_no_cells(self, project, client):
        assert self.query(project, client, first_model(project)).json() == {"results": [], "next": None}

    @pytest.mark.parametrize("wrong", [{"label": ""}, {"predicted": "cat"}, {"label": 2**70}, {"part": "train"}])
    def test_wrong_questions_are_answered_with_what_is_wrong(self, project, client, version, wrong):
        response = self.query(project, client, version, **wrong)
        assert (response.status_code, list(response.json()["errors"])) == (400, list(wrong))


class TestPromotion:
    def test_a_candidate_is_promoted_by_a_job(self, project, client):
        first_model(project)
        response = client.post(address(project, make_model(project), "/promote"))
        assert (response.status_code, response.json()["kind"]) == (202, "promote")

    def test_a_rejected_one_only_with_an_explicit_word(self, project, client):
        version = make_model(project, decision="rejected")
        refused = client.post(address(project, version, "/promote"))
        assert (refused.status_code, refused.json()["code"]) == (409, "rejected_by_gate")
        assert client.post(address(project, version, "/promote"), {"override": True}, format="json").status_code == 202

    def test_a_model_that_served_before_serves_again_at_once(self, project, client):
        first_model(project)
        version = make_model(project)
        make_retired(project, version)
        assert client.get(address(project, version)).json()["rollback"] is True

        response = client.post(address(project, version, "/promote"))

        assert (response.status_code, response.json()["state"]) == (200, "serving")
        assert response.json()["promoted_by"]["id"] == project.created_by_id
        assert not Job.objects.filter(kind=JobKind.PROMOTE).exists()


class TestTrying:
    def upload(self, data: bytes) -> SimpleUploadedFile:
        return SimpleUploadedFile("cat.jpg", data, "image/jpeg")

    def test_a_picture_is_kept_until_a_worker_has_seen_it(self, project, client_for):
        client, version, data = client_for(add_member(project, Role.ANNOTATOR)), first_model(project), picture_bytes()

        response = client.post(address(project, version, "/try"), {"file": self.upload(data)}, format="multipart")

        assert (response.status_code, response.json()["kind"]) == (202, "predict")
        job = Job.objects.get(pk=response.json()["id"])
        assert (job.queue, job.params["version"]) == ("interactive", version.pk)
        assert (tries_folder() / job.params["upload"]).read_bytes() == data

    @pytest.mark.parametrize("kind", ["image/jpeg", "image/webp", "application/octet-stream"])
    def test_the_body_may_be_the_picture_itself(self, project, client, kind):
        data = picture_bytes()
        response = client.generic("POST", address(project, first_model(project), "/try"), data, content_type=kind)
        assert response.status_code == 202
        assert next(tries_folder().iterdir()).read_bytes() == data

    def test_too_large_a_picture_is_refused_and_not_kept(self, project, client, monkeypatch):
        monkeypatch.setattr(tries, "MAX_BYTES", 1000)
        response = client.post(
            address(project, first_model(project), "/try"), {"file": self.upload(b"x" * 1001)}, format="multipart"
        )
        assert (response.status_code, response.json()["code"]) == (413, "too_large")
        assert not list(tries_folder().iterdir())

    def test_a_body_over_the_limit_is_refused_before_it_is_read(self, project, client):
        response = client.generic(
            "POST", address(project, first_model(project), "/try"), b"x", CONTENT_LENGTH=str(21 * 1024**2)
        )
        assert (response.status_code, response.json()["code"]) == (413, "too_large")

    @pytest.mark.parametrize("body", [{}, {"file": "not a file"}, {"picture": b"x"}, {"file": b""}])
    def test_a_request_without_a_picture_says_so(self, project, client, body):
        body = {name: self.upload(value) if isinstance(value, bytes) else value for name, value in body.items()}
        response = client.post(address(project, first_model(project), "/try"), body, format="multipart")
        assert (response.status_code, response.json()["code"]) == (400, "invalid")
        assert not Job.objects.exists()
        assert not list(tries_folder().iterdir())

    def test_uploads_that_nobody_waits_for_go_and_too_many_are_refused(self, project, client, monkeypatch):
        monkeypatch.setattr(tries, "MAX_WAITING", 2)
        version = first_model(project)
        send = lambda: client.generic("POST", address(project, version, "/try"), b"x", content_type="image/png")  # noqa: E731
        assert [send().status_code for _ in range(3)] == [202, 202, 429]
        monkeypatch.setattr(tries, "KEPT_SECONDS", -1)
        assert send().status_code == 202
        assert len(list(tries_folder().iterdir())) == 1


def test_a_lead_changes_the_gate_and_everybody_sees_it(project, client, client_for):
    at = f"/api/projects/{project.pk}/modeling-settings"
    assert client.get(at).json()["promotion"] == "manual"
    changed = client.patch(at, {"promotion": "automatic", "gate_margin": 0.02}, format="json")
    assert (changed.status_code, changed.json()["gate_margin"]) == (200, 0.02)
    assert client_for(add_member(project, Role.VIEWER)).get(at).json() == changed.json()
    wrong = client.patch(at, {"gate_confidence": 2}, format="json")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["gate_confidence"])
