"""`annotator snapshot` freezes labels, `annotator export` writes them to a file; both follow their job."""

from __future__ import annotations

import csv
import json

import pytest
from django.core.management import CommandError, call_command

from annotator.common.arrays import array_path
from annotator.images.models import Trust
from annotator.jobs.models import Job
from annotator.snapshots.models import Export, Snapshot
from tests.annotator.snapshots.frozen import make_row, make_snapshot
from tests.factories import make_image, make_project, make_user
from worker.management.commands import export as export_command
from worker.management.databases import contents
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project():
    """A project with four labelled pictures, all for training."""
    project = make_project(name="coats")
    for n in range(4):
        label = project.classes.all()[n % 2]
        make_image(project, label=label, trust=Trust.HUMAN, lot=2**62 + n)
    return project


@pytest.fixture
def worker(monkeypatch):
    """Let a worker do the newest job while the command sleeps."""
    monkeypatch.setattr("worker.management.following.time.sleep", lambda _: run_job(Job.objects.latest("pk").pk))


def test_labels_are_frozen_and_their_balance_is_printed(project, worker, capsys):
    call_command("snapshot", "coats", "--name", "May", "--min-trust", "human")

    snapshot = Snapshot.objects.get()
    assert capsys.readouterr().out.splitlines() == [
        f"Snapshot 1 “May”: 4 pictures, {snapshot.hash}.",
        "  cat: 2 train, 0 validation, 0 test",
        "  dog: 2 train, 0 validation, 0 test",
    ]
    assert snapshot.created_by == project.created_by


def test_a_snapshot_in_json(project, worker, capsys):
    call_command("snapshot", str(project.pk), "--splits", "1,0,0", "--max-per-class", "1", "--json")

    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["number"], shown["rows"]) == ("succeeded", 1, 2)
    assert shown["settings"]["splits"] == {"train": 1.0, "validation": 0.0, "test": 0.0}
    assert shown["report"]["left_out"]["above_maximum"] == 2


def test_without_waiting_the_snapshot_stays_queued(project, capsys):
    make_user("ann")

    call_command("snapshot", "coats", "--no-wait", "--user", "ann")

    job = Job.objects.get()
    assert f"queued as job {job.pk}" in capsys.readouterr().out
    assert job.created_by.username == "ann"


def test_a_snapshot_that_fails_fails_the_command(worker):
    make_project(name="empty")

    with pytest.raises(CommandError, match=r"The snapshot failed\. No picture has a label"):
        call_command("snapshot", "empty")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hats"], "no project 'hats'"),
        (["coats", "--user", "nobody"], "no user 'nobody'"),
        (["coats", "--min-trust", "none"], "invalid choice"),
        (["coats", "--splits", "0.5,0.5"], "three shares"),
        (["coats", "--splits", "a,b,c"], "three shares"),
        (["coats", "--splits", "0.5,0.5,0.5"], "add up to 1"),
        (["coats", "--min-per-class", "0"], "--min-per-class must be at least 1"),
        (["coats", "--min-per-class", "9", "--max-per-class", "8"], "above the most"),
    ],
)
def test_a_wrong_snapshot_is_told_in_one_line_and_starts_nothing(project, arguments, message):
    with pytest.raises(CommandError, match=message) as error:
        call_command("snapshot", *arguments)

    assert "\n" not in str(error.value)
    assert not Job.objects.exists()


def test_the_newest_snapshot_is_written_to_a_file_and_the_server_keeps_no_copy(project, worker, tmp_path, capsys):
    call_command("snapshot", "coats")
    call_command("snapshot", "coats", "--max-per-class", "1")
    output = tmp_path / "labels.csv"
    capsys.readouterr()

    call_command("export", "coats", "--format", "csv", "--output", str(output))

    assert f"{output}: {output.stat().st_size} bytes" in capsys.readouterr().out
    assert len(list(csv.DictReader(output.open()))) == 2
    assert [path.name for path in tmp_path.glob("labels*")] == ["labels.csv"]
    assert not Export.objects.exists()
    assert not list(array_path(f"exports/{project.pk}").iterdir())


def test_a_numbered_snapshot_in_json(project, worker, tmp_path, capsys):
    first = make_snapshot(project)
    make_snapshot(project)
    output = tmp_path / "labels.jsonl"

    call_command("export", "coats", "--snapshot", "1", "--format", "jsonl", "--output", str(output), "--json")

    shown = json.loads(capsys.readouterr().out)
    assert (shown["snapshot"], shown["output"], shown["bytes"]) == (first.pk, str(output), output.stat().st_size)


def test_the_name_decides_between_zip_and_tar(project, monkeypatch, tmp_path):
    make_snapshot(project)

    def interrupt(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("worker.management.following.time.sleep", interrupt)

    for name in ("all.tar", "all.zip"):
        with pytest.raises(CommandError, match="The export goes on as job"):
            call_command("export", "coats", "--output", str(tmp_path / name))

    assert [job.params["archive"] for job in Job.objects.filter(kind="export").order_by("pk")] == ["tar", "zip"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hats", "--output", "{tmp}/x.zip"], "no project 'hats'"),
        (["coats", "--output", "{tmp}/x.zip", "--snapshot", "7"], "no snapshot 7"),
        (["coats", "--output", "{tmp}/there.zip"], "already something"),
        (["coats", "--output", "{tmp}/nowhere/x.zip"], "no folder"),
        (["coats", "--output", "{tmp}/x.zip", "--format", "excel"], "invalid choice"),
        (["coats"], "--output"),
        (["new", "--output", "{tmp}/x.zip"], "no snapshot yet"),
    ],
)
def test_a_wrong_export_is_told_in_one_line_and_starts_nothing(project, tmp_path, arguments, message):
    make_snapshot(project)
    make_project(name="new")
    (tmp_path / "there.zip").write_text("precious")

    with pytest.raises(CommandError, match=message) as error:
        call_command("export", *(argument.format(tmp=tmp_path) for argument in arguments))

    assert "\n" not in str(error.value)
    assert not Job.objects.filter(kind="export").exists()
    assert (tmp_path / "there.zip").read_text() == "precious"


def test_a_backup_holds_each_file_of_a_snapshot_once(project):
    first, same = make_snapshot(project), make_snapshot(project)
    other = make_snapshot(project, [make_row(5)])

    assert contents().kept_folders == sorted({first.folder, same.folder, other.folder})
    assert first.folder == same.folder


def test_a_full_disk_at_the_output_leaves_no_half_file(project, worker, monkeypatch, tmp_path):
    make_snapshot(project)

    def full(source, target):
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_command.shutil, "copyfile", full)

    with pytest.raises(CommandError, match="No space left on device"):
        call_command("export", "coats", "--format", "csv", "--output", str(tmp_path / "x.csv"))
    assert not list(tmp_path.glob("x.csv*"))
