"""The tasks that people get from a lead's focus: found before the lease's transaction, handed out inside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from annotator.accounts.models import User
from annotator.images.models import Image
from annotator.images.selectors import columns, score_reader
from annotator.labeling.models import Purpose, QueueFocus, Task
from annotator.labeling.selectors import pool
from annotator.labeling.selectors.focus import answered, focused, focuses_for
from annotator.projects.models import Project

CODE = "focus"  # the reason's code of a picture that a focus chose
SHOWN = 5  # guesses that a task carries
CHUNK = 64  # pictures whose rows are read at once


class FocusQueue:
    """What a person's focuses put before them: found before the lease's transaction, handed out inside it."""

    def __init__(self, project: Project, user: User) -> None:
        self._project = project
        self._ranked = [(focus, focused(focus)) for focus in focuses_for(project, user)]
        self._tasks: Iterator[Task] | None = None

    def next(self, now: datetime) -> Task | None:
        """Return a new, free task of the next picture that nobody holds or has answered; None when there is none left.

        Call inside the transaction that holds the project's and the queue's rows.
        """
        if self._tasks is None:
            self._tasks = self._made(now)
        return next(self._tasks, None)

    def _made(self, now: datetime) -> Iterator[Task]:
        for focus, positions in self._ranked:
            for start in range(0, len(positions), CHUNK):
                for image in self._free(positions[start : start + CHUNK], now):
                    yield self._task(focus, image)

    def _free(self, positions: np.ndarray, now: datetime) -> list[Image]:
        """Those of a chunk that are still in the pool and may be handed out, in its order."""
        ids = columns(self._project.pk).image_id[positions].tolist()
        in_hand = Task.objects.filter(image__in=ids, state=Task.State.LEASED, lease_expires_at__gte=now)
        taken = answered(ids) | set(in_hand.values_list("image_id", flat=True))
        rows = pool(self._project).in_bulk([image_id for image_id in ids if image_id not in taken])
        return [rows[image_id] for image_id in ids if image_id in rows]

    def _task(self, focus: QueueFocus, image: Image) -> Task:
        """Make a task outside every round: its answer says nothing about the strategy that chose the round's."""
        waiting = Task.objects.filter(image=image, purpose=Purpose.QUEUE)
        waiting.filter(state__in=(Task.State.OPEN, Task.State.LEASED)).update(state=Task.State.WITHDRAWN)
        reader = score_reader(self._project.pk)
        top = reader.top(image.position, SHOWN) if reader else []
        return Task.objects.create(
            project=self._project,
            image=image,
            suggestion_model=reader.name_at(image.position) if reader else "",
            suggestion_class_id=top[0][0] if top else None,
            suggestion_confidence=top[0][1] if top else None,
            suggestion_top=[list(pair) for pair in top],
            reason={"code": CODE, "class": focus.label_class_id},
        )
