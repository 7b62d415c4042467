"""`annotator import` hands files to the importer and tells what became of them."""

from __future__ import annotations

import json
import zipfile

import pytest
from django.core.management import CommandError, call_command

from annotator.images.models import ImportBatch
from annotator.jobs.models import Job, JobKind
from tests.factories import make_project, make_user, picture_bytes
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "1.jpg").write_bytes(picture_bytes(ord(name[0])))
    return tmp_path / "photos"


@pytest.fixture
def worker(monkeypatch):
    """Let a worker do the job while the command sleeps."""
    monkeypatch.setattr(
        "worker.management.following.time.sleep", lambda _: run_job(Job.objects.get(kind=JobKind.IMPORT).pk)
    )


def test_a_folder_is_imported_and_the_counts_are_printed(folder, worker, capsys):
    project = make_project(name="coats", classes=("cat",))

    call_command("import", "coats", str(folder), "--labels", "trusted", "--name", "May")

    out = capsys.readouterr().out
    batch = ImportBatch.objects.get()
    assert f"Import {batch.pk} “May”: 2 found, 2 imported, 0 rejected, 2 labelled." in out
    assert "Classes made from folder names: dog." in out
    assert (batch.project, batch.created_by, batch.state) == (project, project.created_by, "done")


def test_a_zip_is_imported_as_well_and_json_is_printed(folder, tmp_path, worker, capsys):
    make_project(name="coats")
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(folder / "cat/1.jpg", "cat/1.jpg")

    call_command("import", "coats", str(path), "--json")

    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["counts"]["imported"]) == ("succeeded", 1)
    assert ImportBatch.objects.get().name == "all.zip"


def test_without_waiting_the_job_stays_queued(folder, capsys):
    project, somebody = make_project(), make_user("ann")

    call_command("import", str(project.pk), str(folder), "--no-wait", "--user", "ann")

    job = Job.objects.get()
    assert f"queued as job {job.pk}" in capsys.readouterr().out
    assert (job.state, job.created_by) == ("queued", somebody)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hats", "{folder}"], "no project 'hats'"),
        (["coats", "{folder}/nothing"], "no folder or zip"),
        (["coats", "{folder}/cat/1.jpg"], "neither a folder nor a .zip"),
        (["coats", "{folder}/empty"], "holds no files"),
        (["coats", "{folder}", "--user", "nobody"], "no user 'nobody'"),
        (["coats", "{folder}", "--labels", "perhaps"], "invalid choice"),
    ],
)
def test_wrong_input_is_told_in_one_line_and_starts_nothing(folder, arguments, message):
    make_project(name="coats")
    (folder / "empty").mkdir()

    with pytest.raises(CommandError, match=message) as error:
        call_command("import", *(argument.format(folder=folder) for argument in arguments))

    assert "\n" not in str(error.value)
    assert not ImportBatch.objects.exists()


def test_an_import_that_fails_fails_the_command(folder, monkeypatch, capsys):
    make_project(name="coats")
    failed = {"state": "failed", "error_message": "The disk is full.", "error_hint": "Make room."}
    monkeypatch.setattr("worker.management.following.time.sleep", lambda _: Job.objects.update(**failed))

    with pytest.raises(CommandError, match=r"The disk is full\. Make room\."):
        call_command("import", "coats", str(folder))


def test_an_interrupt_ends_the_watching_and_not_the_import(folder, monkeypatch):
    make_project(name="coats")

    def interrupt(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("worker.management.following.time.sleep", interrupt)

    with pytest.raises(CommandError, match="goes on as job"):
        call_command("import", "coats", str(folder))
    assert Job.objects.get().state == "queued"
