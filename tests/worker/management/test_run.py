"""`annotator run` becomes one part of the product, beside the other parts and never under a restore."""

from __future__ import annotations

import fcntl
import os

import pytest
from django.core.management import CommandError, call_command

from worker.management import supervisor
from worker.management.commands import run
from worker.management.supervisor import Supervisor


@pytest.fixture
def became(monkeypatch, settings, data_dir) -> list[tuple[list[str], dict[str, str], int]]:
    """What the process became (command, environment, niceness) instead of doing so."""
    settings.DATA_DIR = data_dir
    settings.STATIC_ROOT = data_dir / "static"
    seen: list[tuple[list[str], dict[str, str], int]] = []
    niceness: list[int] = []
    monkeypatch.setattr(run.os, "nice", niceness.append)
    monkeypatch.setattr(
        run.os, "execvpe", lambda file, command, environment: seen.append((command, environment, niceness[-1]))
    )
    yield seen
    for descriptor in os.listdir("/proc/self/fd"):  # the process lives on, and with it the locks
        path = f"/proc/self/fd/{descriptor}"
        if os.path.lexists(path) and os.readlink(path) == str(data_dir / "up.lock"):
            os.close(int(descriptor))


@pytest.mark.parametrize("queue", ["interactive", "cpu", "gpu"])
def test_a_worker_is_the_one_that_annotator_up_would_start(became, queue):
    call_command("run", queue)

    program = supervisor.worker(queue)
    (command, environment, niceness) = became[0]
    assert (command, niceness) == (program.command, program.niceness)
    assert environment == {**os.environ, **program.environment}


def test_so_are_web_and_beat(became):
    call_command("run", "web", "--host", "0.0.0.0", "--port", "8080", "--workers", "3")
    call_command("run", "beat")

    programs = supervisor.web("0.0.0.0", 8080, 3), supervisor.beat()
    assert [command for command, _, _ in became] == [program.command for program in programs]


def test_parts_run_side_by_side_but_nothing_takes_the_data_directory_from_them(became):
    call_command("run", "cpu")
    call_command("run", "cpu")

    with pytest.raises(CommandError, match="in use by another annotator"):
        Supervisor().take_data_dir()


def test_under_annotator_up_no_part_runs(became, settings):
    lock = os.open(settings.DATA_DIR / "up.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)

    with pytest.raises(CommandError, match="in use by another annotator"):
        call_command("run", "web")
    assert became == []


def test_a_part_that_does_not_exist_is_refused():
    with pytest.raises(CommandError, match="invalid choice: 'train'"):
        call_command("run", "train")
