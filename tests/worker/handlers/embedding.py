"""Pictures to be embedded: rows of the catalogue with their blobs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from annotator.common.blobs import store_picture
from annotator.images.models import Image
from annotator.projects.models import Project
from tests.factories import make_image, picture_bytes


def add_pictures(project: Project, folder: Path, count: int) -> list[Image]:
    """Add catalogue rows with their blobs."""
    images = []
    for _ in range(count):
        project.refresh_from_db()
        data = picture_bytes(project.next_position)
        sha256 = hashlib.sha256(data).hexdigest()
        original = folder / sha256
        original.write_bytes(data)
        store_picture(original, sha256, dict.fromkeys(("thumb", "model", "preview"), data))
        images.append(make_image(project, sha256=sha256))
    return images
