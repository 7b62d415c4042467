"""Who works in a project, and in which role."""

from __future__ import annotations

from django.db import transaction

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError, NotFound
from annotator.projects.models import Membership, Project, Role
from annotator.projects.services.counters import lock, tell


@transaction.atomic
def add_member(*, project: Project, actor: User, username: str, role: Role) -> Membership:
    """Give a person a role in the project.

    Raises:
        DomainError: there is no active account of this name, or the person is a member already.
    """
    lock(project)
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        message = f"There is no user “{username}”."
        raise DomainError(message, errors={"username": [message]})
    if project.memberships.filter(user=user).exists():
        message = f"“{username}” is a member already."
        raise Conflict(message, errors={"username": [message]})
    member = Membership.objects.create(project=project, user=user, role=role)
    tell(project, "member_changed", actor, user=user.pk, role=member.get_role_display())
    return member


def _held_member(project: Project, user_id: int, *, stays_lead: bool) -> Membership:
    """Lock the project and return the membership, unless its last lead would go."""
    lock(project)
    member = project.memberships.select_related("user").filter(user_id=user_id).first()
    if member is None:
        raise NotFound("This person is not a member of the project.")
    others = project.memberships.filter(role=Role.LEAD, user__is_active=True).exclude(pk=member.pk)
    if member.role == Role.LEAD and not stays_lead and not others.exists():
        raise Conflict("This is the project's last lead. Make another member a lead first.", code="last_lead")
    return member


@transaction.atomic
def change_member(*, project: Project, actor: User, user_id: int, role: Role) -> Membership:
    """Change a member's role.

    Raises:
        NotFound: not a member.
        Conflict: the project would have no lead.
    """
    member = _held_member(project, user_id, stays_lead=role == Role.LEAD)
    member.role = role
    member.save(update_fields=["role"])
    tell(project, "member_changed", actor, user=user_id, role=role.label)
    return member


@transaction.atomic
def remove_member(*, project: Project, actor: User, user_id: int) -> None:
    """Take a person out of the project; what they said stays.

    Raises:
        NotFound: not a member.
        Conflict: the project would have no lead.
    """
    _held_member(project, user_id, stays_lead=False).delete()
    tell(project, "member_changed", actor, user=user_id, role=None)
