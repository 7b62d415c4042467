"""Creating projects, changing their settings, archiving and restoring them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError, check_model
from annotator.projects.models import DEFAULT_BACKBONE, Membership, Project, Role
from annotator.projects.services.classes import clean_names, insert_classes
from annotator.projects.services.counters import lock, tell

_BACKBONE = re.compile(r"[A-Za-z0-9_.-]{1,200}")


def check_backbone(name: str) -> None:
    """Refuse what cannot be the name of a timm model.

    Raises:
        DomainError: a name has letters, digits, and the signs _ . - alone.
    """
    if not _BACKBONE.fullmatch(name):
        message = "A backbone is the name of a timm model, such as resnet50 or convnext_tiny.dinov3_lvd1689m."
        raise DomainError(message, code="bad_backbone", errors={"backbone": [message]})


def create_project(*, user: User, name: str, classes: Iterable[dict[str, Any]] = (), **settings: Any) -> Project:
    """Create a project with its first classes (`{"name", "description"?}`); its creator becomes its lead.

    Raises:
        DomainError: a setting is out of range, or class names are empty, too long or repeated.
    """
    drafts = list(classes)
    names = clean_names([draft["name"] for draft in drafts], taken=(), field="classes")
    check_backbone(settings.get("backbone", DEFAULT_BACKBONE))
    project = Project(created_by=user, name=name, **settings)
    check_model(project)
    with transaction.atomic():
        project.save()
        Membership.objects.create(project=project, user=user, role=Role.LEAD)
        insert_classes(project, names, drafts)
    return project


@transaction.atomic
def update_project(*, project: Project, actor: User, **changes: Any) -> Project:
    """Change settings, or archive and restore with `archived`.

    Raises:
        Conflict: another backbone for pictures that are already here.
        DomainError: a setting is out of range.
    """
    if "backbone" in changes:
        check_backbone(changes["backbone"])
    lock(project)
    project.refresh_from_db()
    if project.next_position and changes.get("backbone", project.backbone) != project.backbone:
        message = (
            "Pictures were imported already, and would have to be embedded anew. Change the backbone in the settings' "
            f"matrix, or with POST /api/projects/{project.pk}/backbone."
        )
        raise Conflict(message, errors={"backbone": [message]})
    archived = changes.pop("archived", None)
    if archived is not None:
        changes["archived_at"] = (project.archived_at or timezone.now()) if archived else None
    for field, value in changes.items():
        setattr(project, field, value)
    check_model(project)
    if changes:
        project.save(update_fields=list(changes))
        tell(project, "project_changed", actor, fields=sorted(changes))
    return project
