"""Every write to projects, members and classes."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError, NotFound, check_model
from annotator.projects.models import DEFAULT_BACKBONE, RESERVED_HOTKEYS, LabelClass, Membership, Project, Role

PALETTE = 12
_BACKBONE = re.compile(r"[A-Za-z0-9_.-]{1,200}")
MAX_NAME = 200


def next_change(*, project_id: int, count: int = 1) -> int:
    """Reserve `count` numbers of the project's change counter; return the last of them.

    Call inside a transaction: the row stays locked until commit, so the order of numbers is the order of commits.
    """
    assert connection.in_atomic_block, "a change number belongs to the transaction that makes the change"
    Project.objects.filter(pk=project_id).update(change_seq=F("change_seq") + count)
    return Project.objects.values_list("change_seq", flat=True).get(pk=project_id)


def next_positions(*, project_id: int, count: int) -> int:
    """Reserve `count` image positions inside the insert's transaction; return the first of them."""
    assert connection.in_atomic_block, "a position belongs to the transaction that inserts the image"
    Project.objects.filter(pk=project_id).update(next_position=F("next_position") + count)
    return Project.objects.values_list("next_position", flat=True).get(pk=project_id) - count


def _tell(project: Project, kind: str, actor: User | None, **data: Any) -> None:
    """Append an event through the project's own relation: the events app sits above this one."""
    project.events.create(seq=next_change(project_id=project.pk), kind=kind, actor=actor, data=data)


def _lock(project: Project) -> None:
    """Hold the project's row until commit, so that what is checked next stays true."""
    Project.objects.select_for_update().get(pk=project.pk)


# Projects


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
        _insert_classes(project, names, descriptions=[draft.get("description", "") for draft in drafts])
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
    _lock(project)
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
        _tell(project, "project_changed", actor, fields=sorted(changes))
    return project


# Classes


def clean_name(name: str) -> str:
    """Return a class name as it is stored: composed Unicode, single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def clean_names(names: Iterable[str], *, taken: Collection[str], field: str) -> list[str]:
    """Clean class names that a person typed or pasted.

    Raises:
        DomainError: with every problem under `errors[field]`.
    """
    cleaned, problems, seen = [], [], set(taken)
    for line, name in enumerate(map(clean_name, names), start=1):
        if not name:
            problems.append(f"Name {line} is empty.")
        elif len(name) > MAX_NAME:
            problems.append(f"Name {line} is longer than {MAX_NAME} characters: “{name[:30]}…”.")
        elif name in seen:
            problems.append(f"“{name}” " + ("exists already." if name in taken else "is there twice."))
        seen.add(name)
        cleaned.append(name)
    if problems:
        raise DomainError(problems[0], errors={field: problems})
    return cleaned


def free_hotkey(name: str, taken: Collection[str]) -> str:
    """Return the first letter of the name that is neither taken nor reserved for a command, or an empty string."""
    usable = set(string.ascii_lowercase) - RESERVED_HOTKEYS - set(taken)
    return next((letter for letter in name.lower() if letter in usable), "")


def _hotkeys(project: Project) -> set[str]:
    return set(project.classes.filter(archived_at=None).exclude(hotkey="").values_list("hotkey", flat=True))


def _insert_classes(
    project: Project, names: list[str], *, descriptions: list[str] | None = None, hotkey: str | None = None
) -> list[LabelClass]:
    """Insert clean, new names; the caller holds the project's row."""
    newest = project.classes.order_by("-index").values_list("index", flat=True).first()
    start, taken = (0 if newest is None else newest + 1), _hotkeys(project)
    rows = []
    for offset, name in enumerate(names):
        key = free_hotkey(name, taken) if hotkey is None else hotkey
        taken.add(key)
        description = descriptions[offset] if descriptions else ""
        index = start + offset
        row = LabelClass(project=project, index=index, name=name, color=index % PALETTE, hotkey=key)
        row.description = description
        rows.append(row)
    return LabelClass.objects.bulk_create(rows)


@transaction.atomic
def add_classes(*, project: Project, names: Iterable[str], actor: User | None) -> list[LabelClass]:
    """Make sure that these classes exist; return one class for each given name, in the same order.

    Repeated and existing names are found again (an archived class comes back), so an import may call this twice.

    Raises:
        DomainError: a name is empty or too long.
    """
    wanted = [clean_name(name) for name in names]
    clean_names(dict.fromkeys(wanted), taken=(), field="names")
    _lock(project)
    found = {row.name: row for row in project.classes.filter(name__in=set(wanted))}
    for row in found.values():
        if row.archived_at is not None:
            _restore(project, row)
    new = [name for name in dict.fromkeys(wanted) if name not in found]
    found |= {row.name: row for row in _insert_classes(project, new)}
    if new:
        _tell(project, "classes_changed", actor, added=len(new))
    return [found[name] for name in wanted]


@transaction.atomic
def create_classes(*, project: Project, names: Iterable[str], actor: User) -> list[LabelClass]:
    """Add classes that a person typed or pasted.

    Raises:
        DomainError: a name is empty, too long, repeated or taken; all problems are in `errors["names"]`.
    """
    _lock(project)
    taken = set(project.classes.values_list("name", flat=True))
    rows = _insert_classes(project, clean_names(names, taken=taken, field="names"))
    if rows:
        _tell(project, "classes_changed", actor, added=len(rows))
    return rows


@transaction.atomic
def create_class(
    *, project: Project, actor: User, name: str, description: str = "", hotkey: str | None = None
) -> list[LabelClass]:
    """Add one class (a list of one); without a `hotkey` it gets the first free letter of its name.

    Raises:
        DomainError: the name or the hotkey cannot be used.
    """
    _lock(project)
    taken = set(project.classes.values_list("name", flat=True))
    names = clean_names([name], taken=taken, field="name")
    if hotkey is not None:
        hotkey = _usable_hotkey(project, hotkey)
    rows = _insert_classes(project, names, descriptions=[description], hotkey=hotkey)
    _tell(project, "classes_changed", actor, added=1)
    return rows


def _usable_hotkey(project: Project, hotkey: str, *, own: LabelClass | None = None) -> str:
    """Return the key in lower case if this class may have it."""
    key = hotkey.lower()
    if not key:
        return ""
    problem = ""
    if len(key) != 1 or key not in string.ascii_lowercase:
        problem = "A hotkey is one letter from a to z."
    elif key in RESERVED_HOTKEYS:
        problem = f"“{key}” is a command of the Label page ({', '.join(sorted(RESERVED_HOTKEYS))} are reserved)."
    else:
        holder = project.classes.filter(archived_at=None, hotkey=key).first()
        if holder is not None and holder != own:
            problem = f"“{key}” is the hotkey of “{holder.name}”."
    if problem:
        raise DomainError(problem, errors={"hotkey": [problem]})
    return key


def _restore(project: Project, row: LabelClass) -> None:
    """Bring an archived class back; its hotkey may have gone to another class meanwhile."""
    taken = _hotkeys(project)
    if row.hotkey in taken:
        row.hotkey = free_hotkey(row.name, taken)
    row.archived_at = None
    row.save(update_fields=["archived_at", "hotkey"])


@transaction.atomic
def update_class(*, project: Project, class_id: int, actor: User, **changes: Any) -> LabelClass:
    """Change name, description, hotkey or color, or archive and restore with `archived`.

    Raises:
        NotFound: the project has no such class.
        DomainError: the name or the hotkey cannot be used.
    """
    _lock(project)
    row = project.classes.filter(pk=class_id).first()
    if row is None:
        raise NotFound("The project has no such class.")
    archived = changes.pop("archived", None)
    if archived is False and row.archived_at is not None:
        _restore(project, row)
    if "name" in changes:
        taken = set(project.classes.exclude(pk=row.pk).values_list("name", flat=True))
        row.name = clean_names([changes["name"]], taken=taken, field="name")[0]
    if "hotkey" in changes:
        row.hotkey = _usable_hotkey(project, changes["hotkey"], own=row)
    row.description = changes.get("description", row.description)
    row.color = changes.get("color", row.color)
    if archived and row.archived_at is None:
        row.archived_at = timezone.now()
    row.save()
    _tell(project, "classes_changed", actor, changed=row.pk)
    return row


# Members


@transaction.atomic
def add_member(*, project: Project, actor: User, username: str, role: Role) -> Membership:
    """Give a person a role in the project.

    Raises:
        DomainError: there is no active account of this name, or the person is a member already.
    """
    _lock(project)
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        message = f"There is no user “{username}”."
        raise DomainError(message, errors={"username": [message]})
    if project.memberships.filter(user=user).exists():
        message = f"“{username}” is a member already."
        raise Conflict(message, errors={"username": [message]})
    member = Membership.objects.create(project=project, user=user, role=role)
    _tell(project, "member_changed", actor, user=user.pk, role=member.get_role_display())
    return member


def _held_member(project: Project, user_id: int, *, stays_lead: bool) -> Membership:
    """Lock the project and return the membership, unless its last lead would go."""
    _lock(project)
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
    _tell(project, "member_changed", actor, user=user_id, role=role.label)
    return member


@transaction.atomic
def remove_member(*, project: Project, actor: User, user_id: int) -> None:
    """Take a person out of the project; what they said stays.

    Raises:
        NotFound: not a member.
        Conflict: the project would have no lead.
    """
    _held_member(project, user_id, stays_lead=False).delete()
    _tell(project, "member_changed", actor, user=user_id, role=None)
