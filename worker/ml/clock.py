"""How fast an attempt at a training run learns, and when its next checkpoint is due."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """How fast this attempt learns, validation aside, and when the next checkpoint is due."""

    def __init__(self, checkpoint_s: float, checkpoint_steps: int | None) -> None:
        self.checkpoint_s, self.checkpoint_steps = checkpoint_s, checkpoint_steps
        self.steps = self.images = 0
        self.pause_s = self.paused_s = 0.0  # the last pause, all pauses
        self.began = self.last_checkpoint = time.monotonic()

    def learned(self, images: int) -> None:
        """Count a step."""
        self.steps += 1
        self.images += images

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Time that is not spent learning."""
        began = time.monotonic()
        yield
        self.pause_s = time.monotonic() - began
        self.paused_s += self.pause_s

    @property
    def step_s(self) -> float:
        """Mean seconds a step."""
        return (time.monotonic() - self.began - self.paused_s) / max(self.steps, 1)

    @property
    def images_per_s(self) -> float:
        """Training pictures a second."""
        return self.images / max(time.monotonic() - self.began - self.paused_s, 1e-9)

    def checkpoint_due(self) -> bool:
        """Whether one of the two intervals has passed; if so, both begin anew."""
        now = time.monotonic()
        by_steps = self.checkpoint_steps is not None and self.steps % self.checkpoint_steps == 0
        if not by_steps and now - self.last_checkpoint < self.checkpoint_s:
            return False
        self.last_checkpoint = now
        return True
