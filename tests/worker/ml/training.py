"""A training run small enough to be repeated many times, here or in a process of its own that can be killed."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import torch

from tests.worker.killing import Milestones
from tests.worker.ml.photographs import stripes
from worker.ml.recipes import Augmentation, Recipe
from worker.ml.train import Host, Progress, TrainData, Watch, train

TINY = "test_efficientnet"

RECIPE = Recipe(
    backbone=TINY,
    freeze="full",
    epochs=3,
    batch_size=8,
    lr=5e-3,
    backbone_lr=1.0,
    dropout=0.1,
    drop_path=0.1,
    ema_decay=0.9,
    augmentation=Augmentation(rotation=5, brightness=0.1, randaugment_ops=1),
    precision="fp32",
)

# Forked from a server that has imported everything once. The first entry is for the other kill tests in this process.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.worker.preload", "tests.worker.ml.training"])


def striped(train: int = 24, validation: int = 12, classes: int = 3) -> TrainData:
    """Striped pictures, each class equally often."""
    count = train + validation
    labels = np.arange(count) % classes
    pictures = stripes(np.random.default_rng(0), labels)
    names = ("upright", "level", "slanted", "blue upright", "blue level", "blue slanted")[:classes]
    return TrainData(pictures, labels, names, np.arange(train), np.arange(train, count))


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def killed(workdir: Path, weights_folder: Path, *, kill_at: int | None) -> list[str]:
    """Train by RECIPE in a process that is killed at a milestone; return those passed, if none was chosen."""
    trace = workdir.with_suffix(".json")
    child = _processes.Process(target=_child, args=(workdir, weights_folder, kill_at, trace))
    child.start()
    child.join(120)
    assert child.exitcode == (0 if kill_at is None else -signal.SIGKILL)
    return json.loads(trace.read_text()) if kill_at is None else []


def _child(workdir: Path, weights_folder: Path, kill_at: int | None, trace: Path) -> None:
    torch.set_num_threads(1)
    milestones = Milestones(kill_at)
    milestones.watch(os, "replace")

    def report(progress: Progress) -> None:
        milestones.pass_by(f"step {progress.step}")

    host = Host(weights_folder=weights_folder, checkpoint_steps=2)
    train(RECIPE, striped(), workdir, watch=Watch(step=report), host=host)
    trace.write_text(json.dumps(milestones.passed))
