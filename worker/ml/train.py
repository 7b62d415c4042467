"""Fine-tunes a backbone on labelled pictures: one loop, from which a killed run goes on as if nothing had happened.

Nothing random is remembered. The order of the pictures, their augmentation, dropout and the learning rate are
functions of the recipe and the step, so a checkpoint holds the weights, the optimizer and a few counters.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from worker.ml.augment import Augmenter
from worker.ml.calibrate import fit_temperature
from worker.ml.checkpoint import load_checkpoint, save_checkpoint
from worker.ml.classifier import Frame, OnBatch, Pictures, build_classifier, picture, predict, start_from_head
from worker.ml.clock import Clock
from worker.ml.curves import Curves
from worker.ml.device import Compute, best_compute
from worker.ml.evaluate import Evaluation, evaluate
from worker.ml.learner import Learner
from worker.ml.losses import make_loss
from worker.ml.plan import Draw, Plan
from worker.ml.recipes import InvalidRecipe, Recipe

CHECKPOINT, WEIGHTS = "checkpoint.safetensors", "model.safetensors"
LINES_PER_EPOCH = 10  # points of the training curve
OnAside = Callable[[str, int, int], None]  # is told what passes pictures through without learning: what, done, of all


class TrainingStopped(Exception):
    """The caller asked to stop; a checkpoint was written and the same call goes on from it."""


@dataclass(frozen=True)
class TrainData:
    """Labelled pictures and which of them are learned from."""

    pictures: Pictures
    labels: npt.NDArray[np.int64]  # [n] indexes into `classes`
    classes: tuple[str, ...]
    train: npt.NDArray[np.int64]  # rows
    validation: npt.NDArray[np.int64]  # rows that pick the best epoch and the temperature; may be empty

    def check(self) -> None:
        """Raise ValueError if nothing can be learned from this."""
        if len(self.labels) != len(self.pictures):
            raise ValueError(f"{len(self.pictures)} pictures have {len(self.labels)} labels.")
        if np.intersect1d(self.train, self.validation).size:
            raise ValueError("A picture is both learned from and validated on.")
        if len(self.classes) < 2:
            raise ValueError("Training needs at least two classes.")
        empty = [name for name, count in zip(self.classes, self.counts, strict=True) if count == 0]
        if empty:
            raise ValueError(f"No training picture of: {', '.join(empty)}. Leave these classes out.")

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Training pictures a class [C]."""
        return np.bincount(self.labels[self.train], minlength=len(self.classes))


@dataclass(frozen=True)
class Host:
    """What the machine contributes to a run; none of it changes what a CPU learns."""

    weights_folder: Path | None = None
    allow_hub: bool = False
    device: torch.device | None = None  # the best one
    decoders: int | None = None  # processes that prepare pictures; on a CPU none, which leaves it to the learning
    checkpoint_s: float = 60.0  # seconds between checkpoints
    checkpoint_steps: int | None = None  # and, if given, steps


@dataclass(frozen=True)
class Progress:
    """Where a run is; reported after every step and every validation."""

    step: int
    steps: int
    epoch: int  # from 0
    epochs: int
    loss: float
    lr: float
    images_per_s: float  # learned from, since this attempt began
    eta_s: float  # if it does not stop early


@dataclass(frozen=True)
class TrainResult:
    """A trained classifier and how it came to be."""

    weights: Path  # timm's state dict, fp32 safetensors
    frame: Frame
    temperature: float  # from the validation part; 1 without one
    validation: Evaluation | None  # of the best epoch, over indexes of classes
    best_epoch: int  # from 0
    epochs: int  # begun
    steps: int
    stopped_early: bool
    parts: int  # into how many parts a batch was split to fit the memory
    images_per_s: float


@dataclass
class _State:
    """The counters of a run, as kept in its checkpoint."""

    step: int = 0
    best: list[float] = field(default_factory=list)  # what the best epoch scored
    best_epoch: int = -1
    done: bool = False
    lines: int = 0  # of the curves
    loss_sum: float = 0.0  # over the steps since the last line
    loss_count: int = 0


def _ignore(*_: Any) -> None:
    """For what nobody wants to be told."""


@dataclass(frozen=True)
class Watch:
    """What the caller is told while a run goes on. Whatever one of these raises ends the training."""

    step: Callable[[Progress], None] = _ignore  # after each step
    line: Callable[[dict[str, Any]], None] = _ignore  # a new line of the curves, see `curves.Curves`
    aside: OnAside = _ignore
    should_stop: Callable[[], bool] = lambda: False  # asked after each step


def train(
    recipe: Recipe, data: TrainData, workdir: Path, *, watch: Watch = Watch(), host: Host = Host()
) -> TrainResult:
    """Train by the recipe; call it again with the same recipe, data and workdir to go on after a kill.

    On a CPU the same recipe and data give the same weights, bit for bit, whether or not the run was interrupted,
    and with any number of decoding processes.

    Raises InvalidRecipe, ValueError (data that nothing can be learned from; a workdir of another run),
    PictureUnreadable, WeightsUnavailable, TrainingDiverged, TrainingStopped (after `watch.should_stop` said so), and
    torch.OutOfMemoryError if a single picture is too much.
    """
    recipe.check()
    data.check()
    workdir.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(), torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
        run = _Run(recipe, data, workdir, host, watch)
        state, plan = run.state, run.plan
        with Curves(workdir, keep=state.lines, listener=watch.line) as curves:
            for pixels, targets in run.batches():
                epoch, rate = state.step // plan.epoch_steps, plan.learning_rate(state.step)
                loss = run.learner.learn(pixels, targets, step=state.step, rate=rate)
                state.step += 1
                run.clock.learned(len(targets))
                run.tell_loss(curves, epoch, loss, rate)
                watch.step(run.progress(epoch, loss, rate))
                if state.step % plan.epoch_steps == 0:
                    run.judge(curves, epoch)
                stop = watch.should_stop()
                if stop or state.done or run.clock.checkpoint_due():
                    run.save(curves)
                if state.done:
                    break
                if stop:
                    raise TrainingStopped
        return run.result()


class _Run:
    """What the loop above works on: the learner, the plan, the counters, and where they are kept."""

    def __init__(self, recipe: Recipe, data: TrainData, workdir: Path, host: Host, watch: Watch) -> None:
        self.recipe, self.data, self.workdir, self.host, self.watch = recipe, data, workdir, host, watch
        torch.manual_seed(recipe.seed)  # of the fresh classifier's weights
        model, self.frame = build_classifier(
            recipe.backbone,
            len(data.classes),
            dropout=recipe.dropout,
            drop_path=recipe.drop_path,
            weights_folder=host.weights_folder,
            allow_hub=host.allow_hub,
        )
        compute = training_compute(recipe, host.device)
        if not (workdir / CHECKPOINT).exists():
            told = self._passing("looking at the training pictures", len(data.train))
            labels = data.labels[data.train]
            start_from_head(model, self.frame, data.pictures, data.train, labels, compute=compute, on_batch=told)
        self.learner = Learner(model, self.frame, make_loss(recipe, data.counts), recipe, compute)
        self.plan = Plan(recipe, data.train, data.labels[data.train])
        self.identity = _identity(recipe, data)
        self.state = self._resumed()
        self.parts = self.learner.parts  # the last that was told
        self.clock = Clock(host.checkpoint_s, host.checkpoint_steps)

    def batches(self) -> Iterable[tuple[torch.Tensor, torch.Tensor]]:
        """(pixels uint8 [b, 3, px, px], targets int64 [b]) from the present step on."""
        if self.state.done:
            return ()
        cuda = self.learner.compute.device.type == "cuda"
        return DataLoader(
            _Varied(self.data, Augmenter(self.recipe.augmentation, self.frame), self.recipe.seed),
            batch_sampler=self.plan.batches(self.state.step),
            num_workers=self.host.decoders if self.host.decoders is not None else _spare_cores() if cuda else 0,
            pin_memory=cuda,
        )

    def tell_loss(self, curves: Curves, epoch: int, loss: float, rate: float) -> None:
        """A point of the training curve, a few times an epoch; and if the memory did not suffice, a note."""
        state = self.state
        if self.learner.parts != self.parts:
            self.parts = self.learner.parts
            text = f"A batch does not fit the memory: it is taken in {self.parts} parts."
            curves.tell("note", state.step, epoch, text=text)
        state.loss_sum += loss
        state.loss_count += 1
        if state.step % max(1, self.plan.epoch_steps // LINES_PER_EPOCH) == 0:
            mean, speed = state.loss_sum / state.loss_count, round(self.clock.images_per_s, 1)
            curves.tell("train", state.step, epoch, loss=mean, lr=rate * self.recipe.lr, images_per_s=speed)
            state.loss_sum, state.loss_count = 0.0, 0

    def judge(self, curves: Curves, epoch: int) -> None:
        """Validate an epoch that has ended, keep its weights if they are the best, and see whether to go on."""
        score = [float(epoch)]  # without a validation part the last epoch is the best
        with self.learner.judged() as model:
            if len(self.data.validation):
                with self.clock.paused():
                    logits = self._validation_logits(model)
                evaluation, loss = self._evaluation(logits)
                watched = getattr(evaluation, self.recipe.watch)
                score = [watched, -loss]  # among equals, the surer one
                accuracy, macro_f1 = evaluation.accuracy or 0.0, evaluation.macro_f1 or 0.0
                curves.tell("validation", self.state.step, epoch, accuracy=accuracy, macro_f1=macro_f1, loss=loss)
            if score > self.state.best:
                self.state.best, self.state.best_epoch = score, epoch
                save_checkpoint(self._best(epoch), model.state_dict(), {})
        stale = epoch - self.state.best_epoch
        early = 0 < self.recipe.patience <= stale
        if early and epoch + 1 < self.recipe.epochs:
            curves.tell("note", self.state.step, epoch, text=f"No better epoch in {stale}: training stops early.")
        self.state.done = early or epoch + 1 == self.recipe.epochs

    def save(self, curves: Curves) -> None:
        """Write the checkpoint; best weights that it does not name are of no use any more."""
        self.state.lines = curves.count
        state = {"identity": self.identity, "run": asdict(self.state), "learner": self.learner.counters()}
        save_checkpoint(self.workdir / CHECKPOINT, self.learner.tensors(), state)
        for path in self.workdir.glob(self._best("*").name):
            if path != self._best(self.state.best_epoch):
                path.unlink()

    def progress(self, epoch: int, loss: float, rate: float) -> Progress:
        """What the loop reports after a step."""
        steps = self.plan.steps - self.state.step
        eta = steps * self.clock.step_s + (self.recipe.epochs - epoch) * self.clock.pause_s
        speed, lr = self.clock.images_per_s, rate * self.recipe.lr
        return Progress(self.state.step, self.plan.steps, epoch, self.recipe.epochs, loss, lr, speed, eta)

    def result(self) -> TrainResult:
        """The best epoch's model, calibrated."""
        state, model = self.state, self.learner.model.eval()
        weights = self.workdir / WEIGHTS
        best = load_file(self._best(state.best_epoch))
        save_checkpoint(weights, best, {})
        model.load_state_dict(best)
        temperature, evaluation = 1.0, None
        if len(self.data.validation):
            logits = self._validation_logits(model)
            evaluation, _ = self._evaluation(logits)
            temperature = fit_temperature(logits.astype(np.float64), self.data.labels[self.data.validation])
        return TrainResult(
            weights=weights,
            frame=self.frame,
            temperature=temperature,
            validation=evaluation,
            best_epoch=state.best_epoch,
            epochs=state.step // self.plan.epoch_steps,
            steps=state.step,
            stopped_early=state.step < self.plan.steps,
            parts=self.learner.parts,
            images_per_s=self.clock.images_per_s,
        )

    def _resumed(self) -> _State:
        found = load_checkpoint(self.workdir / CHECKPOINT)
        if found is None:
            return _State()
        tensors, state = found
        if state["identity"] != self.identity:
            raise ValueError(f"{self.workdir} holds a run of another recipe or other data.")
        self.learner.restore(tensors, state["learner"])
        return _State(**state["run"])

    def _validation_logits(self, model: nn.Module) -> npt.NDArray[np.float32]:
        data, compute = self.data, self.learner.compute
        told = self._passing("validating", len(data.validation))
        size = self.recipe.batch_size
        return predict(
            model, self.frame, data.pictures, data.validation, compute=compute, batch_size=size, on_batch=told
        )

    def _passing(self, what: str, total: int) -> OnBatch:
        return lambda done: self.watch.aside(what, done, total)

    def _evaluation(self, logits: npt.NDArray[np.float32]) -> tuple[Evaluation, float]:
        """-> how good, and the mean cross-entropy."""
        labels = self.data.labels[self.data.validation]
        loss = functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels)).item()
        return evaluate(labels, logits.argmax(1), range(len(self.data.classes))), loss

    def _best(self, epoch: int | str) -> Path:
        return self.workdir / f"best-{epoch}.safetensors"


class _Varied(Dataset[tuple[torch.Tensor, int]]):
    """The training pictures as the plan draws them."""

    def __init__(self, data: TrainData, augment: Augmenter, seed: int) -> None:
        self.data, self.augment, self.seed = data, augment, seed

    def __getitem__(self, at: Draw) -> tuple[torch.Tensor, int]:
        image = picture(self.data.pictures, at.row)
        pixels = self.augment(image, seed=self.seed, epoch=at.epoch, draw=at.draw)
        return pixels, int(self.data.labels[at.row])


def training_compute(recipe: Recipe, device: torch.device | None = None) -> Compute:
    """The device and the arithmetic of its forward passes: bf16 where it is native, else fp16 on a GPU, else fp32.

    Raises InvalidRecipe for fp16 without a GPU.
    """
    best = best_compute()
    device = device or best.device
    cuda = device.type == "cuda"
    if recipe.precision == "auto":
        native = best.dtype if device.type == best.device.type else torch.float32
        return Compute(device, torch.bfloat16 if cuda and torch.cuda.is_bf16_supported() else native)
    if recipe.precision == "fp16" and not cuda:
        raise InvalidRecipe({"precision": "fp16 needs a GPU"})
    return Compute(device, {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[recipe.precision])


def can_resume(workdir: Path) -> bool:
    """Whether a run can go on from what lies in a folder: a checkpoint, and the best weights that it names."""
    found = load_checkpoint(workdir / CHECKPOINT)
    if found is None:
        return False
    best = found[1]["run"]["best_epoch"]
    return best < 0 or (workdir / f"best-{best}.safetensors").exists()


def _spare_cores() -> int:
    return max(1, min(8, (os.cpu_count() or 2) - 1))


def _identity(recipe: Recipe, data: TrainData) -> str:
    """A hash of what must not change while a run is interrupted; where the pictures lie may."""
    digest = hashlib.sha256(f"{recipe.to_json()}{data.classes}".encode())
    for array in (data.labels, data.train, data.validation):
        digest.update(np.ascontiguousarray(array, np.int64).tobytes() + b"|")
    return digest.hexdigest()
