"""Which pictures a training run sees when: a pure function of the recipe and the labels, so that any step can be
continued from, by any number of decoding processes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from worker.ml.recipes import Recipe

_SHARE_POWER = {"uniform": 1.0, "square_root": 0.5, "balanced": 0.0}


class Draw(NamedTuple):
    """One training picture at its place in the run."""

    epoch: int
    draw: int  # the how-manieth of the epoch
    row: int


@dataclass(frozen=True)
class Plan:
    """The order of a run's training pictures, and its learning rate."""

    recipe: Recipe
    rows: npt.NDArray[np.int64]  # [n] the training rows
    labels: npt.NDArray[np.int64]  # [n] their classes

    @property
    def epoch_steps(self) -> int:
        """Batches an epoch; they differ in size by one at most, so that none is a single picture."""
        return math.ceil(len(self.rows) / self.recipe.batch_size)

    @property
    def steps(self) -> int:
        """Batches of the whole run, if it does not stop early."""
        return self.recipe.epochs * self.epoch_steps

    def batches(self, first_step: int) -> Iterator[list[Draw]]:
        """The batches from `first_step` to the end of the run."""
        for epoch in range(first_step // self.epoch_steps, self.recipe.epochs):
            draws = [Draw(epoch, draw, row) for draw, row in enumerate(self._order(epoch).tolist())]
            parts = np.array_split(np.arange(len(draws)), self.epoch_steps)
            for part in parts[max(first_step - epoch * self.epoch_steps, 0) :]:
                yield draws[part[0] : part[-1] + 1]

    def learning_rate(self, step: int) -> float:
        """The share of the peak rate at a step: a linear warm-up, then half a cosine (Loshchilov & Hutter 2017)."""
        warmup = round(self.recipe.warmup_epochs * self.epoch_steps)
        if step < warmup:
            return (step + 1) / warmup
        done = (step - warmup) / max(self.steps - warmup - 1, 1)
        return self.recipe.final_lr + (1 - self.recipe.final_lr) * (1 + math.cos(math.pi * done)) / 2

    def _order(self, epoch: int) -> npt.NDArray[np.int64]:
        """The rows of an epoch: each once, or, when classes are evened out, drawn with replacement."""
        rng = np.random.default_rng([self.recipe.seed, epoch])
        if self.recipe.sampling == "uniform":
            return rng.permutation(self.rows)
        counts = np.bincount(self.labels)
        # A class of n pictures is drawn with a probability proportional to n^power, a picture of it to n^(power - 1).
        weights = counts[self.labels].astype(float) ** (_SHARE_POWER[self.recipe.sampling] - 1)
        return rng.choice(self.rows, len(self.rows), p=weights / weights.sum())
