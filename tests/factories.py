"""Small builders that tests share: people, projects, classes, pictures."""

from __future__ import annotations

import hashlib
import io
import itertools
from typing import Any

import numpy as np
from PIL import Image as Picture

from annotator.accounts.models import User
from annotator.images.models import Image, Trust
from annotator.projects.models import LabelClass, Membership, Project, Role

_numbers = itertools.count(1)


def make_user(username: str | None = None, *, admin: bool = False, password: str = "correct horse") -> User:
    """Create a person who can sign in with `password`."""
    name = username or f"person{next(_numbers)}"
    make = User.objects.create_superuser if admin else User.objects.create_user
    return make(username=name, password=password)


def make_project(*, lead: User | None = None, classes: tuple[str, ...] = ("cat", "dog"), **fields: Any) -> Project:
    """Create a project with its lead and classes (hotkeys are the first letters)."""
    lead = lead or make_user()
    project = Project.objects.create(name=fields.pop("name", f"project {next(_numbers)}"), created_by=lead, **fields)
    Membership.objects.create(project=project, user=lead, role=Role.LEAD)
    for index, name in enumerate(classes):
        LabelClass.objects.create(project=project, index=index, name=name, color=index % 12)
    return project


def add_member(project: Project, role: Role, user: User | None = None) -> User:
    """Give a (new) person a role in the project."""
    user = user or make_user()
    Membership.objects.create(project=project, user=user, role=role)
    return user


def make_image(project: Project, **fields: Any) -> Image:
    """Create a catalogue row at the next position, without any blob behind it."""
    position = Project.objects.values_list("next_position", flat=True).get(pk=project.pk)
    Project.objects.filter(pk=project.pk).update(next_position=position + 1, change_seq=project.change_seq + 1)
    project.refresh_from_db()
    values: dict[str, Any] = {
        "position": position,
        "sha256": hashlib.sha256(f"{project.pk}/{position}".encode()).hexdigest(),
        "width": 64,
        "height": 48,
        "format": "JPEG",
        "bytes": 1000,
        "group": position,
        "lot": position,
        "trust": Trust.NONE,
        "change_seq": project.change_seq,
    }
    return Image.objects.create(project=project, **(values | fields))


def picture_bytes(seed: int = 0, *, size: tuple[int, int] = (64, 48), encoding: str = "JPEG") -> bytes:
    """Return an encoded picture whose content depends on `seed`."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    picture = Picture.fromarray(coarse).resize(size, Picture.Resampling.BICUBIC)
    stream = io.BytesIO()
    picture.save(stream, format=encoding, quality=90)
    return stream.getvalue()
