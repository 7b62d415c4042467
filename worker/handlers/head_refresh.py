"""Head refresh: train a linear head on cached embeddings, score every image, pick the next round. Seconds, on a CPU."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from django.db import transaction

from annotator.common.arrays import publish, remove, write_arrays
from annotator.events.services import record_event
from annotator.images.models import EmbeddingSpace, ScoreSet
from annotator.images.selectors import Embeddings, ScoreReader, active_space, embeddings, score_reader
from annotator.images.services import collect_garbage, publish_scores
from annotator.labeling.selectors import RefreshData, refresh_data, round_size
from annotator.labeling.services import RoundPick, publish_round
from annotator.projects.models import Project
from annotator.projects.selectors import live_classes
from worker.ml.head import Head, Scores, score, train_head
from worker.ml.strategies import REGISTRY
from worker.ml.strategies.base import Probs
from worker.runner import JobContext, JobFailed

STEPS = 4
SHOWN = 5  # guesses on the Label page
BOUND = 10_000  # pictures that a strategy sees at most, of the candidates and of the coverage each


def handle(ctx: JobContext) -> dict[str, Any]:
    """Refresh the project's head and its queue; without labels only the queue (typical and diverse pictures first)."""
    project = ctx.project
    space = active_space(project.pk)
    if space is None or space.length == 0:
        return {"skipped": "nothing is embedded yet"}
    vectors = embeddings(space)
    data = refresh_data(project, space.length)
    ctx.progress(0, STEPS, "steps", "training the head")
    scored = train_and_score(project, vectors, data)
    ctx.progress(2, STEPS, "steps", "choosing the next pictures")
    picks, seed = _select(project, vectors, data, scored)
    ctx.progress(3, STEPS, "steps", "saving")
    folder = f"{project.pk}/scores/job-{ctx.job.pk}-{ctx.attempt}"
    if scored is not None:
        write_scores(ctx, scored, folder)
    result = _publish(ctx, space=space, data=data, scored=scored, folder=folder, picks=picks, seed=seed)
    if "skipped" in result:
        remove([folder])
    collect_garbage(project.pk)
    return result


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


def _select(
    project: Project, vectors: Embeddings, data: RefreshData, scored: Scored | None
) -> tuple[list[RoundPick], int]:
    """Let the project's strategy rank the next round, on a bounded sample of a large pool."""
    if project.strategy not in REGISTRY:
        known = ", ".join(REGISTRY)
        raise JobFailed("unknown_strategy", f"There is no strategy {project.strategy}.", f"Choose one of {known}.")
    seed = project.pk * 1_000_003 + project.rounds.count()
    rng = np.random.default_rng(seed)
    batch = min(round_size(project), len(data.candidates))
    if batch == 0:
        return [], seed
    candidates, coverage = _sample(data.candidates, rng), _sample(data.pool, rng)
    labelled = np.union1d(data.train, data.held)
    seen = np.unique(np.concatenate([candidates, coverage, labelled]))
    probs = None if scored is None else Probs(scored.scores.margin[seen].astype(np.float32))
    chosen = REGISTRY[project.strategy].query(
        features=vectors.rows(seen),
        candidates=np.searchsorted(seen, candidates),
        labelled=np.searchsorted(seen, labelled),
        coverage=np.searchsorted(seen, coverage),
        probs=probs,
        batch=batch,
        rng=rng,
    )
    imported = score_reader(project.pk) if scored is None else None
    return [_pick(int(seen[pick.position]), pick.reason, scored, imported) for pick in chosen], seed


def _sample(positions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return positions if len(positions) <= BOUND else np.sort(rng.choice(positions, BOUND, replace=False))


def _pick(position: int, reason: dict[str, Any], scored: Scored | None, imported: ScoreReader | None) -> RoundPick:
    """Join a pick with the suggestion to show: the new head's, or what an import suggested."""
    if scored is not None:
        return RoundPick(position, reason, "", scored.top(position))
    top = imported.top(position, SHOWN) if imported is not None else []
    return RoundPick(position, reason, imported.name if imported is not None and top else "", top)


def write_scores(ctx: JobContext, scored: Scored, folder: str) -> None:
    """Put scores and head into the array store; nothing is visible yet."""
    scores = scored.scores
    draft = ctx.attempt_dir / "scores"
    arrays = {name: getattr(scores, name) for name in ("top_class", "top_prob", "margin", "entropy", "class_sums")}
    write_arrays(draft, arrays)
    scored.head.save(draft / "head.safetensors")
    publish(draft, folder)


def _publish(
    ctx: JobContext,
    *,
    space: EmbeddingSpace,
    data: RefreshData,
    scored: Scored | None,
    folder: str,
    picks: list[RoundPick],
    seed: int,
) -> dict[str, Any]:
    """Make scores and round visible and end the job in one short transaction, so that no attempt repeats another."""
    project = ctx.project
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        if active_space(project.pk) != space:
            # Another model was promoted meanwhile, which has asked for a refresh of its own.
            result: dict[str, Any] = {"skipped": "another model serves by now"}
            ctx.succeed(result)
            return result
        score_set = None if scored is None else publish_scored(space=space, data=data, scored=scored, folder=folder)
        if score_set is not None:
            picks = [replace(pick, model=score_set.name) for pick in picks]
        round_ = publish_round(project=project, strategy=project.strategy, seed=seed, picks=picks, score_set=score_set)
        accuracy = scored.test_correct / len(data.test) if scored is not None and len(data.test) else None
        name = score_set.name if score_set else ""
        record_event(project_id=project.pk, kind="refreshed", head=name, accuracy=accuracy, round=round_.number)
        result = {
            "head": name,
            "labels": len(data.train),
            "test_size": len(data.test),
            "accuracy": accuracy,
            "round": round_.number,
            "picked": round_.size,
        }
        ctx.succeed(result)
    return result


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
