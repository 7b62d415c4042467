"""What `annotator doctor` finds, and what it says to do."""

from __future__ import annotations

import json
import socket

import pytest
from django.core.management import call_command
from django.db import OperationalError

from annotator.common.arrays import array_path
from annotator.common.blobs import StorageUnavailable
from annotator.jobs.models import Queue, WorkerNode
from annotator.jobs.services import publish_worker
from annotator.modeling.models import ModelVersion
from tests.factories import make_project
from worker.management.commands import doctor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def place(settings, tmp_path, monkeypatch):
    """A sound installation: directory, page and broker are there."""
    settings.DATA_DIR = tmp_path
    settings.WEB_DIR = tmp_path / "web"
    settings.WEB_DIR.mkdir()
    (settings.WEB_DIR / "index.html").write_text("<!doctype html>")
    monkeypatch.setattr(doctor, "broker_alive", lambda: True)
    for queue in Queue.values:
        publish_worker(name=f"{queue}@host", queue=queue, pid=1)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}" if name.startswith("p") else None)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 100 * doctor.GIB}))
    return tmp_path


@pytest.fixture
def examine(capsys):
    """Run the doctor; return its exit code and findings by check."""

    def run(port: int = 0) -> tuple[int, dict[str, dict[str, str]]]:
        code = 0
        try:
            call_command("doctor", "--json", "--port", str(port))
        except SystemExit as exit_:
            code = int(exit_.code)
        return code, {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)}

    return run


def test_a_sound_installation_is_called_so(examine, capsys):
    code, findings = examine()
    assert code == 0
    assert {finding["level"] for finding in findings.values()} == {"ok"}
    call_command("doctor", "--port", "0")
    assert "✓ database" in capsys.readouterr().out


def test_whatever_keeps_it_from_working_has_a_cause_and_a_remedy(examine, settings, monkeypatch, place):
    (settings.WEB_DIR / "index.html").unlink()
    settings.DATA_DIR = place / "web" / "file"
    settings.DATA_DIR.write_text("a file is in the way")
    settings.EMBEDDED_BROKER = False
    monkeypatch.setattr(doctor, "broker_alive", lambda: False)
    monkeypatch.setattr(doctor, "weights_at_hand", lambda folder: [])
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    code, findings = examine()
    assert code == 1
    bad = {name for name, finding in findings.items() if finding["level"] == "problem"}
    assert bad == {"data directory", "free space", "broker", "weights", "web page"}
    assert all(findings[name]["found"] and findings[name]["remedy"] for name in bad)


def test_before_the_first_start_there_are_only_warnings(examine, settings, monkeypatch):
    settings.EMBEDDED_BROKER = True
    monkeypatch.setattr(doctor, "broker_alive", lambda: False)
    monkeypatch.setattr(doctor.MigrationExecutor, "migration_plan", lambda self, targets: ["one", "two"])
    code, findings = examine()
    assert code == 0
    assert findings["broker"]["level"] == "warning"
    assert findings["migrations"]["found"] == "2 are not applied yet."


def test_a_database_that_does_not_answer_is_a_problem(examine, monkeypatch):
    def away(*args: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(doctor.connection, "cursor", away)
    monkeypatch.setattr(doctor, "MigrationExecutor", away)
    code, findings = examine()
    assert code == 1
    assert "connection refused" in findings["database"]["found"]
    assert findings["migrations"]["level"] == "problem"


def test_a_queue_without_a_worker_is_told(examine):
    WorkerNode.objects.filter(queue="gpu").update(seen_at="2026-01-01T00:00:00Z")

    code, findings = examine()

    assert (code, findings["workers"]["level"]) == (0, "warning")
    assert "None serves gpu" in findings["workers"]["found"]
    assert "annotator run gpu" in findings["workers"]["remedy"]


def test_the_device_is_told_and_a_gpu_that_torch_does_not_see(examine, monkeypatch):
    about = {"kind": "cpu", "name": "Xeon", "memory_gb": 15.6, "threads": 2, "precision": "bfloat16"}
    monkeypatch.setattr(doctor, "describe_device", lambda: about)
    assert examine()[1]["device"]["found"] == "Xeon, 15.6 GB, 2 threads, computes in bfloat16."

    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert examine()[1]["device"]["level"] == "warning"
    monkeypatch.setattr(doctor, "describe_device", lambda: about | {"kind": "cuda"})
    assert examine()[1]["device"]["level"] == "ok"


def test_a_model_in_use_whose_files_are_gone_is_a_problem(examine):
    project = make_project(name="pets")
    made = {"project": project, "backbone": "b", "folder": f"models/{project.pk}/run-1-1"}
    ModelVersion.objects.create(number=2, state="retired", **made)
    assert examine()[1]["models"]["level"] == "ok"
    version = ModelVersion.objects.create(number=3, state="serving", **made)

    code, findings = examine()

    assert (code, findings["models"]["level"]) == (1, "problem")
    assert str(version) in findings["models"]["found"]
    array_path(version.folder).mkdir(parents=True)
    assert examine()[1]["models"]["level"] == "ok"


def test_a_bucket_that_does_not_answer_is_a_problem(examine, settings, monkeypatch):
    settings.BLOB_BUCKET = "photos"

    def away():
        raise StorageUnavailable(ConnectionError("refused"))

    monkeypatch.setattr(doctor, "stored_pictures", away)
    code, findings = examine()
    assert (code, findings["pictures"]["level"]) == (1, "problem")
    assert "ANNOTATOR_S3_BUCKET" in findings["pictures"]["remedy"]

    monkeypatch.setattr(doctor, "stored_pictures", lambda: iter(()))
    assert examine()[1]["pictures"]["found"] == "The bucket photos answers."


def test_a_backup_of_postgresql_needs_its_programs(examine, monkeypatch):
    monkeypatch.setattr(doctor.connection, "vendor", "postgresql")
    assert examine()[1]["backups"]["level"] == "ok"

    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert "pg_dump, pg_restore, psql" in examine()[1]["backups"]["found"]


def test_a_port_that_another_program_holds_is_a_problem(examine):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        code, findings = examine(holder.getsockname()[1])
    assert code == 1
    assert "--port" in findings["port"]["remedy"]
