"""Programs that are kept alive: started, started again with growing pauses, stopped with all that they started."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from worker.management import children, launch
from worker.management.children import Child, Program, stop

SLEEPER = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('set', flush=True); time.sleep(600)"
)


def python(code: str, **fields) -> Program:
    return Program("sleeper", [sys.executable, "-c", code], **fields)


@pytest.fixture
def started():
    """Start programs, and kill at the end what still runs."""
    all_started: list[Child] = []

    def start(program: Program, said: list[str] | None = None) -> Child:
        child = Child(program, (said if said is not None else []).append)
        child.start()
        all_started.append(child)
        return child

    yield start
    for child in all_started:
        child.kill()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_a_program_runs_until_it_is_stopped(started):
    child = started(python(SLEEPER))
    assert child.is_running()
    pid = child.pid
    stop([child], seconds=10)
    assert not child.is_running()
    assert not psutil.pid_exists(pid)


def test_a_program_has_the_environment_and_the_priority_given(started, tmp_path):
    out = tmp_path / "out"
    code = f"import os; open({str(out)!r}, 'w').write(os.environ['COLOUR'] + str(os.nice(0)))"
    child = started(python(code, niceness=7, environment={"COLOUR": "red"}))
    assert child.wait(time.monotonic() + 30)
    assert out.read_text() == f"red{os.nice(0) + 7}"


@pytest.mark.parametrize("kernel", ["weighs sessions", "does not"])
def test_its_session_yields_too_where_the_kernel_weighs_sessions(kernel, tmp_path, monkeypatch):
    group = tmp_path / "autogroup" if kernel == "weighs sessions" else tmp_path / "nowhere" / "autogroup"
    monkeypatch.setattr(launch, "AUTOGROUP", group)
    monkeypatch.setattr(launch.os, "nice", lambda _: 7)
    launch.yield_to_others(7)
    assert group.read_text() == "7" if kernel == "weighs sessions" else not group.exists()


def test_a_program_that_ends_is_started_again_after_pauses_that_grow(started, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(children.time, "monotonic", lambda: clock[0])
    said: list[str] = []
    child = started(python("raise SystemExit(3)"), said)
    for pause in (1, 2, 4, 8, 16, 30, 30):
        child._process.wait()
        child.watch()
        assert said.pop() == f"sleeper stopped (exit code 3); starting it again in {pause} s."
        clock[0] += pause - 0.1
        child.watch()
        assert child.pid is None
        clock[0] += 0.2
        child.watch()
        assert child._process is not None
    assert child.failures == 7


def test_one_that_ran_well_for_long_is_started_again_soon(started, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(children.time, "monotonic", lambda: clock[0])
    said: list[str] = []
    child = started(python(SLEEPER), said)
    child.failures = 5
    clock[0] += children.SETTLED + 1
    os.kill(child.pid, signal.SIGKILL)
    child._process.wait()
    child.watch()
    assert said == ["sleeper stopped (killed by SIGKILL); starting it again in 1 s."]


def test_one_that_ignores_the_request_to_stop_is_killed_with_what_it_started(started):
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]); {STUBBORN}"
    child = started(python(code))
    wait_for(lambda: psutil.Process(child.pid).children())
    (grandchild,) = psutil.Process(child.pid).children()
    stop([child], seconds=0.5)
    assert not child.is_running()
    wait_for(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def test_a_child_dies_with_its_parent_however_that_ends(tmp_path):
    pid_file = tmp_path / "pid"
    code = (
        "import sys, time, django; django.setup()\n"
        "from worker.management.children import Child, Program\n"
        f"child = Child(Program('sleeper', [sys.executable, '-c', {SLEEPER!r}]), print)\n"
        f"child.start(); open({str(pid_file)!r}, 'w').write(str(child.pid)); time.sleep(600)\n"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "annotator.settings"}
    parent = Child(python(code, environment=environment), print)
    parent.start()
    wait_for(lambda: pid_file.exists() and pid_file.read_text())
    child = psutil.Process(int(pid_file.read_text()))
    wait_for(lambda: child.cmdline()[1:] == ["-c", SLEEPER])
    os.kill(parent.pid, signal.SIGKILL)
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    parent.kill()
