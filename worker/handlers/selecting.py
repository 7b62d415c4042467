"""The next round: the project's strategy ranks the pool, and each pick gets the suggestion that will be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from annotator.images.models import EmbeddingSpace
from annotator.images.selectors import ScoreReader, embeddings, neighbours, score_reader
from annotator.labeling.selectors import RefreshData, round_size
from annotator.labeling.services import RoundPick
from annotator.projects.models import Project
from annotator.projects.selectors import live_classes
from worker.handlers.scoring import SHOWN, Scored
from worker.ml.head import probabilities
from worker.ml.strategies import REGISTRY, Pick, Problem, Probs
from worker.ml.strategies.base import make_reason
from worker.runner import JobFailed


def select(
    project: Project, space: EmbeddingSpace, data: RefreshData, scored: Scored | None
) -> tuple[list[RoundPick], int]:
    """Let the project's strategy rank the next round.

    Returns:
        The picks, best first, and the seed that gives the same ones again.

    Raises:
        JobFailed: nobody knows the project's strategy.
    """
    if project.strategy not in REGISTRY:
        known = ", ".join(REGISTRY)
        raise JobFailed("unknown_strategy", f"There is no strategy {project.strategy}.", f"Choose one of {known}.")
    seed = project.pk * 1_000_003 + project.rounds.count()
    batch = min(round_size(project), len(data.candidates))
    if batch == 0:
        return [], seed
    class_ids = np.fromiter(live_classes(project.pk).values_list("id", flat=True), np.int64)
    control = _control(project, data, scored, batch=batch, seed=seed)
    problem = _problem(project, space, data, scored, class_ids)
    problem = replace(problem, candidates=np.setdiff1d(data.candidates, [pick.position for pick in control]))
    rng = np.random.default_rng(seed)
    chosen = REGISTRY[project.strategy].query(problem, batch=batch - len(control), rng=rng)
    imported = score_reader(project.pk) if scored is None else None
    lacks = project.target_per_class - np.bincount(_columns(data.train_labels, class_ids), minlength=len(class_ids))
    picks = mixed(chosen, control)
    return [_pick(pick.position, _reason(pick.reason, class_ids, lacks), scored, imported) for pick in picks], seed


def _control(project: Project, data: RefreshData, scored: Scored | None, *, batch: int, seed: int) -> list[Pick]:
    """The project's share of the round, drawn from all candidates alike before the strategy takes its own."""
    rng = np.random.default_rng([seed, 1])  # its own, so that the strategy's draws do not depend on the share
    count = int(project.control_share * batch + rng.random())  # a fraction of a picture comes as often as it should
    count = min(count, batch - 1)
    positions = rng.choice(data.candidates, count, replace=False).tolist()
    margins = [None] * count if scored is None else scored.scores.margin[positions].tolist()
    return [Pick(one, make_reason("control", margin=margin)) for one, margin in zip(positions, margins, strict=True)]


def mixed(chosen: Sequence[Pick], control: Sequence[Pick]) -> list[Pick]:
    """Both lists as one, each in its order and spread evenly: whatever part of a round is answered has its share."""
    ranked = [((rank + 0.5) / len(part), pick) for part in (chosen, control) for rank, pick in enumerate(part)]
    return [pick for _, pick in sorted(ranked, key=lambda pair: pair[0])]


def _problem(
    project: Project, space: EmbeddingSpace, data: RefreshData, scored: Scored | None, class_ids: np.ndarray
) -> Problem:
    labelled = np.concatenate([data.train, data.held])
    labels = np.concatenate([_columns(data.train_labels, class_ids), np.full(len(data.held), -1)])
    probs = None
    if scored is not None:
        said = scored.scores
        probs = Probs(said.margin, said.entropy, said.top_class, said.top_prob, partial(probabilities, scored.head))
    return Problem(
        features=embeddings(space),
        candidates=data.candidates,
        labelled=labelled,
        labels=labels,
        coverage=data.pool,
        classes=len(class_ids),
        probs=probs,
        targets=np.full(len(class_ids), project.target_per_class),
        graph=neighbours(space),
    )


def _columns(labels: np.ndarray, class_ids: np.ndarray) -> np.ndarray:
    """Columns of the head for labels, all of live classes."""
    order = np.argsort(class_ids)
    return order[np.searchsorted(class_ids, labels, sorter=order)] if len(labels) else np.empty(0, np.int64)


def _reason(reason: dict[str, Any], class_ids: np.ndarray, lacks: np.ndarray) -> dict[str, Any]:
    """The strategy's reason with the id of the class that it names, in place of its column, and what that lacks."""
    column = reason["column"]
    told = {key: value for key, value in reason.items() if key != "column"}
    told["class"] = None if column is None else int(class_ids[column])
    if reason["code"] == "short" and column is not None:
        told["lacks"] = max(0, int(lacks[column]))
    return told


def _pick(position: int, reason: dict[str, Any], scored: Scored | None, imported: ScoreReader | None) -> RoundPick:
    """Join a pick with the suggestion to show: the new head's, or what an import suggested."""
    if scored is not None:
        return RoundPick(position, reason, "", scored.top(position))
    top = imported.top(position, SHOWN) if imported is not None else []
    return RoundPick(position, reason, imported.name if imported is not None and top else "", top)
