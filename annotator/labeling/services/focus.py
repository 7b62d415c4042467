"""Pointing the queue: a lead's focus, and the tasks that people get from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction

from annotator.accounts.models import User
from annotator.common.errors import DomainError, NotFound
from annotator.events.services import record_event
from annotator.images.models import Image
from annotator.images.selectors import columns, score_reader
from annotator.labeling.focus_selectors import answered, focused, focuses_for
from annotator.labeling.models import Purpose, QueueFocus, Task
from annotator.labeling.selectors import pool
from annotator.projects.models import Project, Role
from annotator.projects.selectors import live_classes

CODE = "focus"  # the reason's code of a picture that a focus chose
SHOWN = 5  # guesses that a task carries
CHUNK = 64  # pictures whose rows are read at once


@transaction.atomic
def set_focus(
    *, project: Project, actor: User, user_id: int | None, class_id: int | None, filters: dict[str, Any]
) -> QueueFocus:
    """Point the queue of one person (None: of everybody) at a class, an import, a range of confidence; or all of them.

    Raises:
        DomainError: it is about nothing, or names what the project does not have; `errors` names the field.
    """
    Project.objects.select_for_update().get(pk=project.pk)
    _check(project, actor.pk, user_id, class_id, filters)
    focus, _ = QueueFocus.objects.update_or_create(
        project=project,
        user_id=user_id,
        defaults={"label_class_id": class_id, "filter": filters, "created_by": actor},
    )
    told = {"user": user_id, "class": class_id, **filters}
    record_event(project_id=project.pk, kind="focus_set", actor=actor, **told)
    return focus


def _check(project: Project, actor_id: int, user_id: int | None, class_id: int | None, filters: dict[str, Any]) -> None:
    field, message = "", ""
    low, high = filters.get("min_confidence", 0.0), filters.get("max_confidence", 1.0)
    members = project.memberships.filter(role__gte=Role.ANNOTATOR)
    if class_id is None and not filters:
        field, message = "class", "Choose a class, an import or a range of confidence to point the queue at."
    elif class_id is not None and not live_classes(project.pk).filter(pk=class_id).exists():
        field, message = "class", "The project has no such class, or it is archived."
    elif "batch" in filters and not project.imports.filter(pk=filters["batch"]).exists():
        field, message = "batch", "The project has no such import."
    elif low > high:
        field, message = "min_confidence", "The lower end of the confidence is above its upper end."
    elif user_id not in (None, actor_id) and not members.filter(user=user_id).exists():
        field, message = "user", "This person is no member of the project who labels."
    if message:
        raise DomainError(message, errors={field: [message]})


@transaction.atomic
def clear_focus(*, project: Project, actor: User, user_id: int | None) -> None:
    """Let the queue of one person (None: of everybody) go back to its own order.

    Raises:
        NotFound: it was not pointed at anything.
    """
    Project.objects.select_for_update().get(pk=project.pk)
    gone, _ = QueueFocus.objects.filter(project=project, user=user_id).delete()
    if not gone:
        raise NotFound("The queue is not pointed at anything there.")
    record_event(project_id=project.pk, kind="focus_cleared", actor=actor, user=user_id)


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
