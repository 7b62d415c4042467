"""What an installation holds, and what may befall it."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, connections

from annotator.common.blobs import store_picture
from annotator.images.models import Image
from annotator.projects.models import Project
from tests.factories import make_image, picture_bytes


def add_picture(project: Project, folder: Path) -> Image:
    """Add a picture with its blobs; `folder` is where it comes from."""
    project.refresh_from_db()
    content = picture_bytes(project.next_position)
    sha256 = hashlib.sha256(content).hexdigest()
    original = folder / f"{sha256}.jpg"
    original.write_bytes(content)
    store_picture(original, sha256, dict.fromkeys(("thumb", "model", "preview"), content[:100]))
    return make_image(project, sha256=sha256)


def catalogue() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}


def files(data: Path) -> dict[str, bytes]:
    """All files of the data directory but the lock."""
    found = {str(path.relative_to(data)): path.read_bytes() for path in data.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name != "up.lock"}


def wipe(data: Path) -> None:
    """Leave what a fresh machine has: an empty database and a key of its own."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connections.close_all()
    if connection.vendor == "sqlite":
        for end in ("", "-wal", "-shm"):
            Path(f"{connection.settings_dict['NAME']}{end}").unlink(missing_ok=True)
    data.rename(data.with_name("lost"))
    data.mkdir()
    (data / "secret.key").write_text("another")


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """Let the kernel refuse to make any file longer than so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
