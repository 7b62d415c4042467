"""Builders for what an import brings: decoded files, batches, stored scores."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import transaction

from annotator.common.arrays import publish, write_arrays
from annotator.images.models import ImportBatch, ScoreSet
from annotator.images.services import Arrival, publish_scores
from annotator.projects.models import Project


def arrival(path: str, content: str | None = None, *, label: str = "", split: str = "") -> Arrival:
    """Return a decoded file; `content` stands for its bytes."""
    sha256 = hashlib.sha256((content or path).encode()).hexdigest()
    return Arrival(path, split, label, sha256, width=64, height=48, format="JPEG", bytes=1000)


def open_batch(project: Project, labels: str = "trusted") -> ImportBatch:
    """Open an import without any files."""
    return ImportBatch.objects.create(project=project, name="photos", labels=labels, created_by=project.created_by)


def store_scores(project: Project, top: list[list[tuple[str, float]]], *, kind: str = "head", **fields) -> ScoreSet:
    """Store and publish scores: for each position its best classes by name, best first; an empty list is silence."""
    classes = list(project.classes.order_by("index"))
    column = {row.name: number for number, row in enumerate(classes)}
    width = max((len(guesses) for guesses in top), default=1) or 1
    top_class = np.full((len(top), width), -1, np.int16)
    top_prob = np.zeros((len(top), width), np.float16)
    for position, guesses in enumerate(top):
        for rank, (name, probability) in enumerate(guesses):
            top_class[position, rank], top_prob[position, rank] = column[name], probability
    token = uuid.uuid4().hex
    draft, folder = Path(settings.SCRATCH_DIR) / token, f"{project.pk}/scores/{token}"
    write_arrays(draft, {"top_class": top_class, "top_prob": top_prob})
    publish(draft, folder)
    with transaction.atomic():
        return publish_scores(
            project_id=project.pk,
            kind=kind,
            folder=folder,
            length=len(top),
            classes=[row.pk for row in classes],
            **({"space": None} | fields),
        )
