"""A head version with chosen suggestions, for tests that read them."""

from __future__ import annotations

import numpy as np
from django.conf import settings

from annotator.common.arrays import publish, write_arrays
from annotator.images.models import EmbeddingSpace, ScoreSet
from annotator.images.services import publish_scores
from annotator.projects.models import LabelClass, Project


def publish_head(
    project: Project,
    guesses: list[LabelClass | None],
    *,
    test: tuple[int, int] = (0, 0),
    confidences: list[float] | None = None,
) -> ScoreSet:
    """Publish a head that says `guesses[position]` of each picture; `test` is (correct, size) of its blind test."""
    space, _ = EmbeddingSpace.objects.get_or_create(
        project=project, state=EmbeddingSpace.State.ACTIVE, backbone=project.backbone
    )
    classes = list(project.classes.values_list("pk", flat=True))
    columns = [-1 if guess is None else classes.index(guess.pk) for guess in guesses]
    folder = f"scores/{project.pk}-{space.heads + 1}"
    n = len(guesses)
    write_arrays(
        settings.SCRATCH_DIR / folder,
        {
            "top_class": np.array(columns, np.int16).reshape(n, 1),
            "top_prob": np.array(confidences or [0.9] * n, np.float16).reshape(n, 1),
            "margin": np.full(n, 0.8, np.float16),
            "entropy": np.full(n, 0.3, np.float16),
        },
    )
    publish(settings.SCRATCH_DIR / folder, folder)
    correct, size = test
    return publish_scores(
        project_id=project.pk,
        kind=ScoreSet.Kind.HEAD,
        space=space,
        folder=folder,
        length=n,
        classes=classes,
        labels=len(classes) * 5,
        test_size=size,
        test_correct=correct,
    )
