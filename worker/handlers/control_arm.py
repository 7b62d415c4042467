"""Compare what people labelled of the strategy's picks with what they labelled of random ones."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from django.db import transaction

from annotator.images.selectors import active_space, embeddings
from annotator.labeling.selectors import ENOUGH_BLIND, ENOUGH_LABELS, refresh_data, selection_arms
from annotator.labeling.services import record_gain
from annotator.projects.models import Project
from worker.ml.gain import MOST, Labelled, measure_gain
from worker.runner import JobContext

POOL_ROWS = 1024  # pictures without a label, spread over the pool, from which heads guess the classes' shares


def handle(ctx: JobContext) -> dict[str, Any]:
    """Train heads on more and more labels of either arm, judge them on the blind answers, and keep the curves."""
    project = ctx.project
    space = active_space(project.pk)
    data = refresh_data(project, space.length if space else 0)
    arms = selection_arms(project, data)
    few = min(len(arms.control), len(arms.chosen)) < ENOUGH_LABELS or len(data.test) < ENOUGH_BLIND
    if space is None or few:
        return {"skipped": "too few labels or blind answers, of pictures that are embedded, to compare anything"}
    vectors = embeddings(space)
    spread = np.linspace(0, len(data.pool) - 1, min(POOL_ROWS, len(data.pool))).astype(np.int64)
    # Where a picture may have several labels, a head is right about it when it has the whole set right.
    labels = data.train_labels if data.train_targets is None else data.train_targets
    truth = data.test_labels if data.test_targets is None else data.test_targets

    def part(arm: np.ndarray) -> Labelled:
        return Labelled(vectors.rows(data.train[arm[:MOST]]), labels[arm[:MOST]])

    gain = measure_gain(
        part(arms.control),
        part(arms.chosen),
        Labelled(vectors.rows(data.test), truth),
        vectors.rows(data.pool[spread]),
        data.classes.tolist(),
        rng=np.random.default_rng(project.pk),
        report=lambda done, total: ctx.progress(done, total, "heads", "training heads on either arm"),
    )
    counts = {"control": len(arms.control), "chosen": len(arms.chosen), "test_size": len(data.test)}
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        result = asdict(gain) | {"strategies": arms.strategies, "space": space.model_name}
        record_gain(project=project, arms=arms, test_size=len(data.test), result=result)
        ctx.succeed(counts)
    return counts
