"""A trained head and what it says of every picture: made, written to the array store, and made visible."""

from __future__ import annotations

import numpy as np

from annotator.common.arrays import array_path, publish, write_arrays
from annotator.images.models import EmbeddingSpace, ScoreSet
from annotator.images.selectors import embeddings
from annotator.images.services import publish_scores
from annotator.labeling.selectors import RefreshData
from worker.ml.head import Head, Scores, probabilities, restore_prior, score, train_head, train_multilabel_head
from worker.ml.label_sets import chosen, exact_matches, micro_f1, said
from worker.runner import JobContext

SHOWN = 5  # guesses on the Label page
PRIOR_ROWS = 4096  # pictures of the pool, spread over it, from which the classes' shares are guessed


class Scored:
    """A trained head, what it says of every image, and how it did on the test set.

    `test_correct` counts test pictures of which it names the label, or the whole set of labels; `metrics` tells more.
    """

    def __init__(self, head: Head, scores: Scores, *, test_correct: int, metrics: dict[str, float]) -> None:
        self.head = head
        self.scores = scores
        self.test_correct = test_correct
        self.metrics = metrics

    def top(self, position: int) -> list[tuple[int, float]]:
        """Return (class id, confidence) of the best guesses for one image."""
        classes = self.head.classes[self.scores.top_class[position, :SHOWN]]
        return [(int(c), float(p)) for c, p in zip(classes, self.scores.top_prob[position, :SHOWN], strict=True)]


def train_and_score(space: EmbeddingSpace, data: RefreshData) -> Scored | None:
    """Train a head on a space's embeddings and score every picture with it; None without classes or labels.

    The fit goes on from the space's last head. What is suggested follows the pool's class shares, not those of the
    pictures that a strategy chose to be labelled.
    """
    if not len(data.train) or not len(data.classes):
        return None
    vectors = embeddings(space)
    spread = np.linspace(0, len(data.pool) - 1, min(PRIOR_ROWS, len(data.pool))).astype(np.int64)
    head, counts = _trained(vectors.rows(data.train), data, _last_head(space))
    head = restore_prior(head, vectors.rows(data.pool[spread]), counts)
    scores = score(head, (rows for _, _, rows in vectors.shards()))
    metrics = {"temperature": head.temperature}
    if data.test_targets is None:
        guesses = head.classes[scores.top_class[data.test, 0]] if len(data.test) else np.empty(0, np.int64)
        return Scored(head, scores, test_correct=int((guesses == data.test_labels).sum()), metrics=metrics)
    sets = chosen(probabilities(head, vectors.rows(data.test)))
    if len(data.test):
        metrics["micro_f1"] = micro_f1(sets, data.test_targets)
    return Scored(head, scores, test_correct=int(exact_matches(sets, data.test_targets).sum()), metrics=metrics)


def _trained(features: np.ndarray, data: RefreshData, before: Head | None) -> tuple[Head, np.ndarray]:
    """Train the head that the project's labels call for; also how often each class was given (and denied)."""
    class_ids = data.classes.tolist()
    if data.train_targets is None:
        counts = np.array([(data.train_labels == class_id).sum() for class_id in class_ids])
        return train_head(features, data.train_labels, class_ids, warm_start=before), counts
    head = train_multilabel_head(features, data.train_targets, class_ids, warm_start=before)
    return head, said(data.train_targets)


def _last_head(space: EmbeddingSpace) -> Head | None:
    """Return the newest head on these embeddings whose file is there."""
    heads = ScoreSet.objects.filter(space=space, kind=ScoreSet.Kind.HEAD).exclude(folder="").order_by("-pk")
    for folder in heads.values_list("folder", flat=True)[:2]:
        path = array_path(folder) / "head.safetensors"
        if path.exists():
            return Head.load(path)
    return None


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
        metrics=scored.metrics,
    )
