"""The folder of one attempt at a training run: what it takes over from the attempt before, its log, its left-outs."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.utils import timezone

from annotator.common.arrays import array_path, publish
from annotator.modeling.models import TrainingRun
from annotator.modeling.selectors.runs import LOG, METRICS, attempts, folder_of
from worker.ml.checkpoint import write_file
from worker.ml.train import CHECKPOINT, can_resume
from worker.runner import JobContext, JobFailed

UNREADABLE = "unreadable.json"


class Workdir:
    """A folder of the array store that one attempt alone writes to."""

    def __init__(self, ctx: JobContext, run: TrainingRun) -> None:
        """Make the folder, with the checkpoint, curves and log of the newest attempt before, which are then removed.

        It appears as a whole, so that a later attempt finds all of it, or the former one.
        """
        folder = folder_of(run, ctx.attempt)
        self.path = array_path(folder)
        earlier = [path for path in attempts(run) if path != self.path]
        draft = ctx.attempt_dir / "workdir"
        draft.mkdir(parents=True)
        if earlier:
            _take_over(earlier[0], draft)
        publish(draft, folder)
        for path in earlier:
            shutil.rmtree(path, ignore_errors=True)

    def log(self, text: str) -> None:
        """Append lines to the log, with the time in UTC."""
        _append(self.path, text)

    def unreadable(self) -> npt.NDArray[np.int64] | None:
        """Return the positions [k] that the run leaves out as unreadable; None before anybody tried."""
        path = self.path / UNREADABLE
        return np.array(json.loads(path.read_text()), np.int64) if path.exists() else None

    def keep_unreadable(self, positions: npt.NDArray[np.int64]) -> None:
        """Have every later attempt leave out the same pictures: it must go on with the same data."""
        write_file(self.path / UNREADABLE, json.dumps(positions.tolist()).encode())


def log_failure(run: TrainingRun, failure: JobFailed) -> None:
    """Say in the newest log how the run ended, if there is a log and room for it."""
    for folder in attempts(run)[:1]:
        with suppress(OSError):
            _append(folder, f"Failed: {failure.message} {failure.hint}".strip())


def _append(folder: Path, text: str) -> None:
    with (folder / LOG).open("a", encoding="utf-8") as file:
        file.writelines(f"{timezone.now():%Y-%m-%d %H:%M:%S}  {line}\n" for line in text.splitlines())


def _take_over(earlier: Path, draft: Path) -> None:
    """Copy what a run goes on from.

    Weights are linked, since they are only ever replaced. An attempt that was given up, but still lives, may replace
    them meanwhile: without the very weights that the checkpoint names it is of no use.
    """
    for path in (earlier / CHECKPOINT, *earlier.glob("best-*.safetensors")):
        with suppress(FileNotFoundError):
            os.link(path, draft / path.name)
    for name in (METRICS, LOG, UNREADABLE):
        with suppress(FileNotFoundError):
            shutil.copyfile(earlier / name, draft / name)
    if not can_resume(draft):
        (draft / CHECKPOINT).unlink(missing_ok=True)
