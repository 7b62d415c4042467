"""Runs the real runner in a process of its own and kills it, with SIGKILL, at a milestone of its way.

Milestones are the moments before and after everything that a later attempt could find half done: files renamed and
replaced, transactions committed, arrays saved, progress reported.
"""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from django.conf import settings
from django.core.management import call_command
from django.core.signals import setting_changed
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from annotator.jobs import services
from annotator.jobs.models import Job
from worker import runner
from worker.runner import JobContext, run_job

WATCHED: tuple[tuple[Any, str], ...] = (
    (os, "rename"),
    (os, "replace"),
    (np, "save"),
    (BaseDatabaseWrapper, "commit"),
    (JobContext, "progress"),
)
FOLDERS = ("BLOB_DIR", "ARRAY_DIR", "INBOX_DIR", "SCRATCH_DIR")

# Children are forked from a server that has imported everything once, so that each costs a fraction of a second.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.worker.preload"])


@dataclass(frozen=True)
class Place:
    """The test's own database and folders."""

    database: str
    folders: dict[str, str]

    @classmethod
    def here(cls) -> Place:
        """Those of the test that is running."""
        name = str(connections["default"].settings_dict["NAME"])
        return cls(name, {folder: str(getattr(settings, folder)) for folder in FOLDERS})

    def enter(self) -> None:
        """Work in them from now on."""
        connections["default"].settings_dict["NAME"] = self.database
        use_folders({name: Path(folder) for name, folder in self.folders.items()})


def use_folders(folders: Mapping[str, Path]) -> None:
    """Keep pictures, arrays, uploads and drafts in these folders from now on, until the test ends."""
    for name, folder in folders.items():
        setattr(settings, name, folder)
    local = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folders["BLOB_DIR"])},
    }
    settings.STORAGES = settings.STORAGES | {"default": local}
    setting_changed.send(sender=None, setting="STORAGES", value=settings.STORAGES, enter=True)


class Milestones:
    """Counts the milestones of the main thread, and kills the process at one of them."""

    def __init__(self, kill_at: int | None) -> None:
        self.kill_at = kill_at
        self.passed: list[str] = []

    def pass_by(self, name: str) -> None:
        """Note a milestone; at the chosen one there is no return."""
        if threading.current_thread() is not threading.main_thread():
            return
        self.passed.append(name)
        if len(self.passed) - 1 == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: Any, name: str) -> None:
        """Make a function pass a milestone before and after each call."""
        original = getattr(owner, name)

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            self.pass_by(f"before {name}")
            result = original(*args, **kwargs)
            self.pass_by(f"after {name}")
            return result

        setattr(owner, name, watched)


def _child(place: Place, job_id: int, prepare: Callable[[], None], kill_at: int | None, trace: str) -> None:
    os.setsid()  # whatever it leaves behind is found by its session
    place.enter()
    services.ring = lambda job: None  # type: ignore[assignment]
    prepare()
    milestones = Milestones(kill_at)
    for owner, name in WATCHED:
        milestones.watch(owner, name)
    run_job(job_id, worker=f"child {os.getpid()}")
    Path(trace).write_text(json.dumps(milestones.passed))


def run(job_id: int, folder: Path, *, prepare: Callable[[], None], kill_at: int | None = None) -> list[str]:
    """Run a job in a child process; return the milestones it passed, an empty list if it was killed at `kill_at`.

    Args:
        job_id: the job.
        folder: for the child's notes.
        prepare: called in the child first; a function of a module, so that it can be sent there.
        kill_at: the milestone to be killed at.
    """
    trace = folder / "milestones.json"
    trace.unlink(missing_ok=True)
    connections.close_all()
    child = _processes.Process(target=_child, args=(Place.here(), job_id, prepare, kill_at, str(trace)))
    child.start()
    child.join(120)
    assert not child.is_alive(), "the child hangs"
    expected = 0 if kill_at is None else -signal.SIGKILL
    assert child.exitcode == expected, f"the child ended with {child.exitcode}, not {expected}"
    assert child.pid is not None
    _await_no_survivor(child.pid)
    return json.loads(trace.read_text()) if kill_at is None else []


def _await_no_survivor(session: int) -> None:
    """Wait until nothing is left of the child's session: decoders end with the worker that they decode for."""
    deadline = time.monotonic() + 20
    while left := [process for process in psutil.process_iter() if _session_of(process) == session]:
        assert time.monotonic() < deadline, f"orphans: {left}"
        time.sleep(0.05)


def _session_of(process: psutil.Process) -> int | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else os.getsid(process.pid)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None


class Trial:
    """Runs one scenario undisturbed, then killed at milestones, each time from the same empty start.

    Args:
        scenario: makes what is there before the job runs, and the job.
        folder: for the database's files and the children's notes.
        prepare: what a child does first.
        everything: what is there after the job has run, to be compared.
    """

    def __init__(
        self,
        scenario: Callable[[], Job],
        folder: Path,
        *,
        prepare: Callable[[], None],
        everything: Callable[[], dict[str, Any]],
    ) -> None:
        self.scenario = scenario
        self.folder = folder
        self.prepare = prepare
        self.everything = everything
        self.number = 0
        job_id = self.start()
        self.milestones = run(job_id, folder, prepare=prepare)
        self.expected = everything()
        assert Job.objects.get(pk=job_id).state == Job.State.SUCCEEDED

    def start(self) -> int:
        """Empty database and folders, and make the scenario anew: even its keys come out the same."""
        call_command("flush", verbosity=0, interactive=False, reset_sequences=True)
        self.number += 1
        folders = {name: self.folder / str(self.number) / name.lower() for name in FOLDERS}
        for folder in folders.values():
            folder.mkdir(parents=True)
        use_folders(folders)
        return self.scenario().pk

    def kill_at(self, milestone: int) -> None:
        """Kill a run at a milestone, let the sweep find it, run it to its end, and compare."""
        job_id = self.start()
        run(job_id, self.folder, prepare=self.prepare, kill_at=milestone)
        Job.objects.filter(pk=job_id, state="running").update(heartbeat_at=timezone.now() - timedelta(hours=1))
        services.sweep()
        runner.remove_leftovers()
        run(job_id, self.folder, prepare=self.prepare)
        found = self.everything()
        where = f"killed at milestone {milestone} of {len(self.milestones)}, {self.milestones[milestone]}"
        for part, value in self.expected.items():
            assert found[part] == value, f"{part} differs, {where}"


def points(milestones: list[str], count: int, seed: int) -> list[int]:
    """Choose milestones: one between a rename and the commit that makes it visible, the others by lot."""
    draw = random.Random(seed)
    renames = [n for n, name in enumerate(milestones) if name in {"after rename", "after replace"}]
    return [draw.choice(renames), *draw.sample(range(len(milestones)), min(count - 1, len(milestones)))]
