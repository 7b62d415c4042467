"""The classes of a project: names, hotkeys and guides, and the two levels that they can have."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError, NotFound
from annotator.projects.models import RESERVED_HOTKEYS, LabelClass, Project
from annotator.projects.services.counters import lock, tell

PALETTE = 12
MAX_NAME = 200
MAX_ALIASES = 20


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


def clean_aliases(aliases: Iterable[str]) -> list[str]:
    """Return a class's other names as they are stored, each once.

    Raises:
        DomainError: one is too long, or there are too many; empty ones are left out.
    """
    cleaned = list(dict.fromkeys(alias for alias in map(clean_name, aliases) if alias))
    problem = ""
    if len(cleaned) > MAX_ALIASES:
        problem = f"A class has {MAX_ALIASES} other names at most."
    elif long := [alias for alias in cleaned if len(alias) > MAX_NAME]:
        problem = f"“{long[0][:30]}…” is longer than {MAX_NAME} characters."
    if problem:
        raise DomainError(problem, errors={"aliases": [problem]})
    return cleaned


def free_hotkey(name: str, taken: Collection[str]) -> str:
    """Return the first letter of the name that is neither taken nor reserved for a command, or an empty string."""
    usable = set(string.ascii_lowercase) - RESERVED_HOTKEYS - set(taken)
    return next((letter for letter in name.lower() if letter in usable), "")


def _hotkeys(project: Project, parent_id: int | None) -> set[str]:
    """The keys of brothers and sisters: the first press opens a group, the second names a class in it."""
    rows = project.classes.filter(archived_at=None, parent=parent_id).exclude(hotkey="")
    return set(rows.values_list("hotkey", flat=True))


def insert_classes(project: Project, names: list[str], drafts: Iterable[dict[str, Any]] = ()) -> list[LabelClass]:
    """Insert clean, new names; the caller holds the project's row.

    Args:
        project: that they belong to.
        names: of the classes.
        drafts: their other fields, class by class; without a `hotkey` a class gets the first free letter of its name.
    """
    newest = project.classes.order_by("-index").values_list("index", flat=True).first()
    start = 0 if newest is None else newest + 1
    fields = list(drafts) or [{} for _ in names]
    parents = {draft.get("parent_id") for draft in fields}
    taken = {parent: _hotkeys(project, parent) for parent in parents}
    rows = []
    for index, (name, draft) in enumerate(zip(names, fields, strict=True), start=start):
        keys = taken[draft.get("parent_id")]
        key = draft.get("hotkey", free_hotkey(name, keys))
        keys.add(key)
        rows.append(
            LabelClass(project=project, index=index, color=index % PALETTE, **draft | {"name": name, "hotkey": key})
        )
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
    lock(project)
    found = {row.name: row for row in project.classes.filter(name__in=set(wanted))}
    for row in found.values():
        if row.archived_at is not None:
            _restore(project, row)
    new = [name for name in dict.fromkeys(wanted) if name not in found]
    found |= {row.name: row for row in insert_classes(project, new)}
    if new:
        tell(project, "classes_changed", actor, added=len(new))
    return [found[name] for name in wanted]


@transaction.atomic
def create_classes(*, project: Project, names: Iterable[str], actor: User) -> list[LabelClass]:
    """Add classes that a person typed or pasted.

    Raises:
        DomainError: a name is empty, too long, repeated or taken; all problems are in `errors["names"]`.
    """
    lock(project)
    taken = set(project.classes.values_list("name", flat=True))
    rows = insert_classes(project, clean_names(names, taken=taken, field="names"))
    if rows:
        tell(project, "classes_changed", actor, added=len(rows))
    return rows


@transaction.atomic
def create_class(*, project: Project, actor: User, name: str, **fields: Any) -> list[LabelClass]:
    """Add one class (a list of one); without a `hotkey` it gets the first free letter of its name.

    Args:
        project: that it belongs to.
        actor: who adds it.
        name: that no other class of the project has.
        fields: description, instructions, aliases, hotkey, and `parent`, the id of the group that it is in.

    Raises:
        DomainError: the name, the hotkey or the group cannot be used.
    """
    lock(project)
    taken = set(project.classes.values_list("name", flat=True))
    names = clean_names([name], taken=taken, field="name")
    parent_id = fields.pop("parent", None)
    if parent_id is not None:
        _check_group(project, parent_id)
    if "hotkey" in fields:
        fields["hotkey"] = _usable_hotkey(project, fields["hotkey"], parent_id)
    fields["aliases"] = clean_aliases(fields.get("aliases", ()))
    rows = insert_classes(project, names, [fields | {"parent_id": parent_id}])
    tell(project, "classes_changed", actor, added=1)
    return rows


def _usable_hotkey(project: Project, hotkey: str, parent_id: int | None, *, own: LabelClass | None = None) -> str:
    """Return the key in lower case if a class in this group (None: at the top) may have it."""
    key = hotkey.lower()
    if not key:
        return ""
    problem = ""
    if len(key) != 1 or key not in string.ascii_lowercase:
        problem = "A hotkey is one letter from a to z."
    elif key in RESERVED_HOTKEYS:
        problem = f"“{key}” is a command of the Label page ({', '.join(sorted(RESERVED_HOTKEYS))} are reserved)."
    else:
        holder = project.classes.filter(archived_at=None, parent=parent_id, hotkey=key).first()
        if holder is not None and holder != own:
            problem = f"“{key}” is the hotkey of “{holder.name}”."
    if problem:
        raise DomainError(problem, errors={"hotkey": [problem]})
    return key


def _check_group(project: Project, class_id: int) -> None:
    """Raise a DomainError unless this class may have classes in it."""
    group = project.classes.filter(pk=class_id, archived_at=None).first()
    problem = ""
    if group is None:
        problem = "The project has no such class, or it is archived."
    elif group.parent_id is not None:
        problem = f"“{group.name}” is in a group itself; there are two levels at most."
    elif _is_label(project, group):
        problem = (
            f"Pictures are labelled “{group.name}”, and a group is never a label. Give them another label first, or "
            "make a new class to be the group."
        )
    if problem:
        raise DomainError(problem, errors={"parent": [problem]})


def _is_label(project: Project, row: LabelClass) -> bool:
    """Whether any picture has this class as a label."""
    return row.image_labels.filter(present=True).exists() or project.images.filter(label=row).exists()


def _move(project: Project, row: LabelClass, parent_id: int | None) -> None:
    """Put a class into a group, or (None) out of it; a hotkey that is taken there gives way to a free one."""
    if parent_id == row.parent_id:
        return
    if parent_id is not None:
        if row.pk == parent_id or row.children.exists():
            problem = f"“{row.name}” has classes in it; there are two levels at most. Take them out first."
            if row.pk == parent_id:
                problem = "A class cannot be in itself."
            raise DomainError(problem, errors={"parent": [problem]})
        _check_group(project, parent_id)
    _settle(project, row, parent_id)


def _settle(project: Project, row: LabelClass, parent_id: int | None) -> None:
    """Give a class its place, and another hotkey if a brother or sister there has its own."""
    row.parent_id = parent_id
    taken = _hotkeys(project, parent_id)
    if row.hotkey in taken:
        row.hotkey = free_hotkey(row.name, taken)


def _restore(project: Project, row: LabelClass) -> None:
    """Bring an archived class back, to the top where its group has gone or has become a label meanwhile."""
    group = row.parent
    lost = group is not None and (group.archived_at is not None or _is_label(project, group))
    _settle(project, row, None if lost else row.parent_id)
    row.archived_at = None
    row.save(update_fields=["archived_at", "hotkey", "parent"])


def _archive(row: LabelClass) -> None:
    if row.children.filter(archived_at=None).exists():
        raise Conflict(f"“{row.name}” has classes in it. Take them out, or archive them first.")
    row.archived_at = timezone.now()


@transaction.atomic
def update_class(*, project: Project, class_id: int, actor: User, **changes: Any) -> LabelClass:
    """Change a class's name, words, hotkey, color or group (`parent`, an id or None); archive or restore (`archived`).

    Raises:
        NotFound: the project has no such class.
        Conflict: a group is not archived while classes are in it.
        DomainError: the name, the hotkey, the aliases or the group cannot be used.
    """
    lock(project)
    row = project.classes.filter(pk=class_id).first()
    if row is None:
        raise NotFound("The project has no such class.")
    archived = changes.pop("archived", None)
    if archived is False and row.archived_at is not None:
        _restore(project, row)
    _change(project, row, changes)
    if archived and row.archived_at is None:
        _archive(row)
    row.save()
    tell(project, "classes_changed", actor, changed=row.pk)
    return row


def _change(project: Project, row: LabelClass, changes: dict[str, Any]) -> None:
    if "name" in changes:
        taken = set(project.classes.exclude(pk=row.pk).values_list("name", flat=True))
        row.name = clean_names([changes["name"]], taken=taken, field="name")[0]
    if "aliases" in changes:
        row.aliases = clean_aliases(changes["aliases"])
    if "parent" in changes:
        _move(project, row, changes["parent"])
    if "hotkey" in changes:
        row.hotkey = _usable_hotkey(project, changes["hotkey"], row.parent_id, own=row)
    for field in ("description", "instructions", "color"):
        setattr(row, field, changes.get(field, getattr(row, field)))
