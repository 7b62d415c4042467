"""A trained head and what it says of every picture: made, written to the array store, and made visible."""

from __future__ import annotations

import numpy as np

from annotator.common.arrays import publish, write_arrays
from annotator.images.models import EmbeddingSpace, ScoreSet
from annotator.images.selectors import Embeddings
from annotator.images.services import publish_scores
from annotator.labeling.selectors import RefreshData
from annotator.projects.models import Project
from annotator.projects.selectors import live_classes
from worker.ml.head import Head, Scores, score, train_head
from worker.runner import JobContext

SHOWN = 5  # guesses on the Label page


class Scored:
    """A trained head, what it says of every image, and how it did on the test set."""

    def __init__(self, head: Head, scores: Scores, data: RefreshData) -> None:
        self.head = head
        self.scores = scores
        guesses = head.classes[scores.top_class[data.test, 0]] if len(data.test) else np.empty(0, np.int64)
        self.test_correct = int((guesses == data.test_labels).sum())

    def top(self, position: int) -> list[tuple[int, float]]:
        """Return (class id, confidence) of the best guesses for one image."""
        classes = self.head.classes[self.scores.top_class[position, :SHOWN]]
        return [(int(c), float(p)) for c, p in zip(classes, self.scores.top_prob[position, :SHOWN], strict=True)]


def train_and_score(project: Project, vectors: Embeddings, data: RefreshData) -> Scored | None:
    """Train a head on a space's embeddings and score every picture with it; None without classes or labels."""
    class_ids = list(live_classes(project.pk).values_list("id", flat=True))
    if not len(data.train) or not class_ids:
        return None
    head = train_head(vectors.rows(data.train), data.train_labels, class_ids)
    return Scored(head, score(head, (rows for _, _, rows in vectors.shards())), data)


def write_scores(ctx: JobContext, scored: Scored, folder: str) -> None:
    """Put scores and head into the array store; nothing is visible yet."""
    scores = scored.scores
    draft = ctx.attempt_dir / "scores"
    arrays = {name: getattr(scores, name) for name in ("top_class", "top_prob", "margin", "entropy", "class_sums")}
    write_arrays(draft, arrays)
    scored.head.save(draft / "head.safetensors")
    publish(draft, folder)


def publish_scored(*, space: EmbeddingSpace, data: RefreshData, scored: Scored, folder: str) -> ScoreSet:
    """Make stored scores the project's, inside the caller's transaction."""
    return publish_scores(
        project_id=space.project_id,
        kind=ScoreSet.Kind.HEAD,
        space=space,
        folder=folder,
        length=len(scored.scores.margin),
        classes=[int(c) for c in scored.head.classes],
        labels=len(data.train),
        trained_seq=data.seq,
        test_size=len(data.test),
        test_correct=scored.test_correct,
        metrics={"temperature": scored.head.temperature},
    )
