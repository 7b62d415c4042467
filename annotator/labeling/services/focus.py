"""Pointing the queue at a class, an import or a range of confidence, and letting it go."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from annotator.accounts.models import User
from annotator.common.errors import DomainError, NotFound
from annotator.events.services import record_event
from annotator.labeling.models import Purpose, QueueFocus, Task
from annotator.labeling.services.leasing import release_tasks
from annotator.projects.models import Project, Role
from annotator.projects.selectors import live_classes


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
        user=User.objects.get(pk=user_id) if user_id else None,
        defaults={"label_class_id": class_id, "filter": filters, "created_by": actor},
    )
    if user_id == actor.pk:
        _hand_back(project, actor)
    told = {"user": user_id, "class": class_id, **filters}
    record_event(project_id=project.pk, kind="focus_set", actor=actor, **told)
    return focus


def _hand_back(project: Project, user: User) -> None:
    """Return the pictures that a person holds for later, so that an own focus begins with the next one."""
    held = Task.objects.filter(project=project, leased_to=user, state=Task.State.LEASED, purpose=Purpose.QUEUE)
    waiting = held.filter(page=None, blind=False).values_list("pk", flat=True)
    release_tasks(project=project, user=user, task_ids=waiting)


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
