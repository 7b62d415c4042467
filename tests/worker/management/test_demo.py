"""`annotator demo` makes its login, project and import once, and says how to sign in."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from annotator.accounts.models import User
from annotator.images.models import ImportBatch
from annotator.images.services.batches import uploads_of
from annotator.jobs.models import Job
from annotator.projects.models import Project
from tests.factories import make_project, picture_bytes
from worker.management.commands import demo

pytestmark = pytest.mark.django_db


class ReadyAtOnce:
    """Stands in for the supervisor: takes nothing, starts nothing, and is ready when the jobs are."""

    def __init__(self, *, say, **_options: object) -> None:
        self.say = say

    def open(self) -> None:
        """Do what opening would do for an empty database: nothing more is needed here."""

    def close(self) -> None:
        """Nothing was taken."""

    def run(self, *, ready, announce) -> None:
        """Pretend that the workers did their work, then announce."""
        ready()
        Job.objects.update(state="succeeded", finished_at=timezone.now())
        assert ready()
        announce("http://localhost:8000")


@pytest.fixture(autouse=True)
def no_processes(monkeypatch) -> None:
    """Run the command without starting the product."""
    monkeypatch.setattr(demo, "Supervisor", ReadyAtOnce)


@pytest.fixture
def emoji(tmp_path: Path) -> Path:
    """A package with two pictures in two categories."""
    package = tmp_path / "package"
    (package / "img" / "google" / "64").mkdir(parents=True)
    entries = [
        {"category": category, "image": f"{name}.png", "has_img_google": True}
        for category, name in (("Flags", "fr"), ("Animals & Nature", "cat"))
    ]
    (package / "emoji.json").write_text(json.dumps(entries))
    for number, entry in enumerate(entries):
        (package / "img" / "google" / "64" / str(entry["image"])).write_bytes(picture_bytes(number, encoding="PNG"))
    return package


def test_the_first_run_makes_everything_and_ends_with_the_address(emoji, capsys):
    call_command("demo", "--emoji", str(emoji))
    project = Project.objects.get()
    assert sorted(project.classes.values_list("name", flat=True)) == ["Animals & Nature", "Flags"]
    batch = ImportBatch.objects.get()
    received = {path.relative_to(uploads_of(batch)).as_posix() for path in uploads_of(batch).rglob("*.png")}
    assert received == {"Flags/fr.png", "Animals & Nature/cat.png"}
    out = capsys.readouterr().out
    assert out.strip().splitlines()[-1] == "Ready: http://localhost:8000"
    password = out.split("Password:")[1].split()[0]
    assert User.objects.get(username="demo").check_password(password)


def test_running_it_again_reuses_project_and_login(emoji, capsys):
    call_command("demo", "--emoji", str(emoji))
    User.objects.update(last_login=timezone.now())
    before = User.objects.get().password
    call_command("demo", "--emoji", str(emoji))
    assert (Project.objects.count(), ImportBatch.objects.count()) == (1, 1)
    assert User.objects.get().password == before
    assert "--new-password" in capsys.readouterr().out.split("Ready:")[1]


def test_a_login_that_nobody_used_gets_a_new_password_and_so_does_one_that_asks(emoji):
    call_command("demo", "--emoji", str(emoji))
    first = User.objects.get().password
    call_command("demo", "--emoji", str(emoji))
    second = User.objects.get().password
    User.objects.update(last_login=timezone.now())
    call_command("demo", "--emoji", str(emoji), "--new-password")
    assert len({first, second, User.objects.get().password}) == 3


def test_ones_own_class_folders_become_a_project_of_their_name(tmp_path):
    for source in ("train/coat/1.jpg", "test/hat/2.jpg"):
        path = tmp_path / "clothes" / source
        path.parent.mkdir(parents=True)
        path.write_bytes(picture_bytes())
    call_command("demo", "--folder", str(tmp_path / "clothes"))
    project = Project.objects.get(name="clothes")
    assert sorted(project.classes.values_list("name", flat=True)) == ["coat", "hat"]
    assert ImportBatch.objects.get().source_path == str(tmp_path / "clothes")


@pytest.mark.parametrize(("option", "message"), [("--emoji", "no emoji.json"), ("--folder", "no class folders")])
def test_a_folder_without_pictures_is_told_in_one_line(tmp_path, option, message):
    with pytest.raises(CommandError, match=message) as caught:
        call_command("demo", option, str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_job_that_fails_meanwhile_ends_the_wait_and_an_old_failure_does_not():
    project = make_project()
    Job.objects.create(kind="embed", queue="gpu", project=project, state="failed", finished_at=timezone.now())
    progress = demo.Progress(lambda: project, say=print)
    assert progress.is_ready()
    Job.objects.create(
        kind="embed", queue="gpu", project=project, state="failed", finished_at=timezone.now(), error_message="No disk."
    )
    with pytest.raises(CommandError, match=r"embed failed: No disk\."):
        progress.is_ready()


def test_progress_is_told_with_counts():
    project = make_project()
    Job.objects.create(
        kind="import", queue="cpu", project=project, state="running", title="Import", progress_done=5, progress_total=9
    )
    lines: list[str] = []
    assert not demo.Progress(lambda: project, lines.append).is_ready()
    assert lines == ["Import: 5 of 9"]
