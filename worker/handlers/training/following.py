"""Turns what a training run tells of itself into the job's progress, the run's log, and a wish to stop in order."""

from __future__ import annotations

import math
from typing import Any

from annotator.modeling.models import TrainingRun
from worker.handlers.training.data import Material
from worker.handlers.training.evaluation import Verdict
from worker.handlers.training.workdir import Workdir
from worker.ml.classifier import OnBatch
from worker.ml.device import describe_device
from worker.ml.evaluate import Assessment
from worker.ml.recipes import Recipe
from worker.ml.train import Progress
from worker.runner import Cancelled, Interrupted, JobContext

UNIT = "batches"  # of the training, and of the test pictures at its end


class Follower:
    """Reports one attempt. The bar counts batches, so that its pace says how long the training still takes."""

    def __init__(self, ctx: JobContext, workdir: Workdir, recipe: Recipe) -> None:
        self.ctx, self.workdir, self.recipe = ctx, workdir, recipe
        self.stopped_by: Cancelled | Interrupted | None = None  # asked to stop; the training leaves a checkpoint first
        self.done, self.steps, self.total = 0, 0, 1

    def begin(self, run: TrainingRun, material: Material) -> None:
        """Say what the attempt works with."""
        data, recipe, size = material.train, self.recipe, self.recipe.batch_size
        self.steps = recipe.epochs * math.ceil(len(data.train) / size)
        self.total = self.steps + max(1, math.ceil(len(material.test) / size))
        self.workdir.log(
            f"Run {run.number}, attempt {self.ctx.attempt}, on {describe_device()['name']}.\n"
            f"Preset {run.preset}: {recipe.backbone}, {recipe.freeze} learns, {recipe.epochs} epochs of batches of "
            f"{size}, loss {recipe.loss}, sampling {recipe.sampling}, rate {recipe.lr:g}, seed {recipe.seed}.\n"
            f"{len(data.classes)} classes; pictures: {len(data.train)} to learn from, {len(data.validation)} to "
            f"validate, {len(material.test)} to test, {int(material.blind[material.test].sum())} of them blind."
        )
        for sentence in _left_out(material.left_out):
            self.workdir.log(sentence)

    def step(self, progress: Progress) -> None:
        """A batch was learned from."""
        self.done = progress.step
        left = _duration(progress.eta_s)
        message = f"epoch {progress.epoch + 1} of {progress.epochs}, loss {progress.loss:.3f}, "
        message += f"{progress.images_per_s:.0f} images/s, {left} left"
        try:
            self.ctx.progress(self.done, self.total, UNIT, message)
        except (Cancelled, Interrupted) as reason:
            self.stopped_by = reason

    def line(self, line: dict[str, Any]) -> None:
        """The curves have a new line."""
        where = f"Epoch {line['epoch'] + 1}"
        if line["kind"] == "train":
            where += f", batch {line['step']} of {self.steps}"
            self.workdir.log(f"{where}: loss {line['loss']:.4f}, {line['images_per_s']:.0f} images/s")
        elif line["kind"] == "validation":
            self.workdir.log(
                f"{where} validated: accuracy {line['accuracy']:.1%}, macro-F1 {line['macro_f1']:.1%}, "
                f"loss {line['loss']:.4f}"
            )
        else:
            self.workdir.log(line["text"])

    def aside(self, what: str, done: int, total: int) -> None:
        """Pictures are looked at without being learned from. After a wish to stop the epoch is still validated."""
        if self.stopped_by is None:
            self.ctx.progress(self.done, self.total, UNIT, f"{what}: {done} of {total} pictures")

    def judging(self, total: int) -> OnBatch:
        """Return what is to be told the number of test pictures judged so far."""

        def judged(done: int) -> None:
            batches = (self.total - self.steps) * done // total
            self.ctx.progress(self.steps + batches, self.total, UNIT, f"judging: {done} of {total} test pictures")

        return judged

    def told(self, verdict: Verdict) -> None:
        """Say how good the model is, and what follows from it."""
        for name, part in (("Blind", verdict.blind), ("All", verdict.test)):
            if part is not None:
                self.workdir.log(f"{name} test pictures: {_measured(part)}.")
        if verdict.gate is None:
            self.workdir.log("Nothing is embedded yet, so there is no model to compare this one with.")
            return
        self.workdir.log(f"The gate: {verdict.gate.decision.replace('_', ' ')}.")
        for reason in verdict.gate.reasons:
            self.workdir.log(reason.message)


def _measured(part: Assessment) -> str:
    found = part.evaluation
    return (
        f"accuracy {found.accuracy or 0:.1%} of {found.count} (95 % interval {found.low:.1%} to {found.high:.1%}), "
        f"macro-F1 {found.macro_f1 or 0:.1%}"
    )


def _left_out(left_out: dict[str, Any]) -> list[str]:
    sentences = []
    if left_out["unreadable"]:
        sentences.append(f"Left out: {left_out['unreadable']} pictures that cannot be read.")
    for name, count in left_out["classes_without_training"].items():
        sentences.append(f"Class {name} has no training picture: the model cannot know its {count} other pictures.")
    return sentences


def _duration(seconds: float) -> str:
    """Return a time in two words."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
