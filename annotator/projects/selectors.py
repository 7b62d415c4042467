"""Reads of projects: access, roles and classes."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet

from annotator.accounts.models import User
from annotator.common.errors import Forbidden, NotFound
from annotator.projects.models import LabelClass, Membership, Project, Role


def role_of(user: User | AnonymousUser, project: Project) -> Role | None:
    """Return the person's role in the project; a site admin acts as lead; None for everybody else."""
    if not user.is_authenticated:
        return None
    if user.is_superuser:
        return Role.LEAD
    role = Membership.objects.filter(project=project, user=user).values_list("role", flat=True).first()
    return None if role is None else Role(role)


def get_project(user: User | AnonymousUser, project_id: int, *, role: Role = Role.VIEWER) -> Project:
    """Return the project if the person's role reaches `role`.

    Raises:
        NotFound: no such project, or not a member (the same answer, so that ids tell nothing).
        Forbidden: a member whose role is too low.
    """
    project = Project.objects.visible_to(user).filter(pk=project_id).first()
    held = None if project is None else role_of(user, project)
    if project is None or held is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    if held < role:
        raise Forbidden(f"This needs the role {role.label}; yours here is {held.label}. Ask a lead of the project.")
    return project


def live_classes(project_id: int) -> QuerySet[LabelClass]:
    """Return the project's classes that are not archived, in order of creation."""
    return LabelClass.objects.filter(project_id=project_id, archived_at=None).order_by("index")


def label_classes(project_id: int) -> QuerySet[LabelClass]:
    """Return the live classes that can be labels: without groups, the classes that have live classes in them."""
    children = LabelClass.objects.filter(parent=OuterRef("pk"), archived_at=None)
    return live_classes(project_id).filter(~Exists(children))


def group_ids(project_id: int) -> set[int]:
    """Return the ids of the classes that have live classes in them: they are never labels."""
    parents = live_classes(project_id).values_list("parent", flat=True)
    return {parent for parent in parents if parent is not None}


def class_names(project_id: int) -> dict[int, str]:
    """Return the name of each of the project's classes by its id, archived ones included."""
    return dict(LabelClass.objects.filter(project_id=project_id).values_list("id", "name"))
