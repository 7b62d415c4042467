"""Projects whose pictures have derivatives and embeddings, for the search for duplicates."""

from __future__ import annotations

import hashlib
import io
import uuid
from pathlib import Path

import numpy as np
from django.conf import settings
from PIL import Image as Picture

from annotator.common.arrays import publish, write_arrays
from annotator.common.blobs import store_picture
from annotator.images.models import Image
from annotator.images.selectors import active_space
from annotator.images.services import ensure_space, publish_shard
from annotator.projects.models import Project
from tests.factories import make_image
from worker.media.derive import derivatives

DIM = 64


def embedding(picture: Picture.Image) -> np.ndarray:
    """A unit row that is near for pictures that look alike: 8 × 8 grey values."""
    row = np.asarray(picture.convert("L").resize((8, 8), Picture.Resampling.BOX), np.float32).ravel()
    row -= row.mean()
    return (row / max(np.linalg.norm(row), 1e-6)).astype(np.float16)


def add_pictures(project: Project, pictures: list[Picture.Image]) -> list[Image]:
    """Add pictures to the catalogue, with blobs, and embed them."""
    project.refresh_from_db()
    images = []
    for picture in pictures:
        stream = io.BytesIO()
        picture.save(stream, "PNG")
        data = stream.getvalue()
        sha256 = hashlib.sha256(data).hexdigest()
        original = Path(settings.BLOB_DIR).parent / "original.png"
        original.write_bytes(data)
        made = derivatives(picture)
        store_picture(
            original, sha256, {"thumb": made.thumb.data, "model": made.model.data, "preview": made.preview.data}
        )
        images.append(make_image(project, sha256=sha256, width=picture.width, height=picture.height))
    embed(project, np.stack([embedding(picture) for picture in pictures]))
    return images


def embed(project: Project, rows: np.ndarray) -> None:
    """Append rows to the project's embeddings."""
    token = uuid.uuid4().hex
    draft, folder = Path(settings.SCRATCH_DIR) / token, f"{project.pk}/embeddings/{token}"
    sha256 = write_arrays(draft, {"embeddings": rows})
    publish(draft, folder)
    space = active_space(project.pk) or ensure_space(project=project, dim=DIM)
    stop = space.length + len(rows)
    assert publish_shard(space=space, start=space.length, stop=stop, folder=folder, sha256=sha256)


def groups(project: Project) -> dict[int, int]:
    """The group of every picture, by position."""
    return dict(Image.objects.filter(project=project).values_list("position", "group"))
