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
    control = _control(project, data, scored, batch=batch, seed=seed)
    problem = _problem(project, space, data, scored)
    problem = replace(problem, candidates=np.setdiff1d(data.candidates, [pick.position for pick in control]))
    rng = np.random.default_rng(seed)
    chosen = REGISTRY[project.strategy].query(problem, batch=batch - len(control), rng=rng)
    imported = score_reader(project.pk) if scored is None else None
    lacks = project.target_per_class - np.bincount(_known(data)[1], minlength=len(data.classes))
    picks = [_pick(pick, data.classes, lacks, scored, imported) for pick in mixed(chosen, control)]
    return picks, seed


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


def _problem(project: Project, space: EmbeddingSpace, data: RefreshData, scored: Scored | None) -> Problem:
    known, columns = _known(data)
    untold = np.setdiff1d(data.train, known)  # said to be none of the classes
    rest = np.concatenate([untold, data.held])
    probs = None
    if scored is not None:
        said = scored.scores
        of_features = partial(probabilities, scored.head)
        several = scored.head.multi_label
        probs = Probs(said.margin, said.entropy, said.top_class, said.top_prob, of_features, multi_label=several)
    return Problem(
        features=embeddings(space),
        candidates=data.candidates,
        labelled=np.concatenate([known, rest]),
        labels=np.concatenate([columns, np.full(len(rest), -1)]),
        coverage=data.pool,
        classes=len(data.classes),
        probs=probs,
        targets=np.full(len(data.classes), project.target_per_class),
        graph=neighbours(space),
    )


def _known(data: RefreshData) -> tuple[np.ndarray, np.ndarray]:
    """Positions of labelled pictures with their columns of the head; once for each label where there are several."""
    if data.train_targets is None:
        order = np.argsort(data.classes)
        columns = (
            order[np.searchsorted(data.classes, data.train_labels, sorter=order)] if len(data.train) else order[:0]
        )
        return data.train, columns
    rows, columns = np.nonzero(data.train_targets == 1)
    return data.train[rows], columns


def _reason(reason: dict[str, Any], class_ids: np.ndarray, lacks: np.ndarray) -> dict[str, Any]:
    """The strategy's reason with the id of the class that it names, in place of its column, and what that lacks."""
    column = reason["column"]
    told = {key: value for key, value in reason.items() if key != "column"}
    told["class"] = None if column is None else int(class_ids[column])
    if reason["code"] == "short" and column is not None:
        told["lacks"] = max(0, int(lacks[column]))
    return told


def _pick(
    pick: Pick, class_ids: np.ndarray, lacks: np.ndarray, scored: Scored | None, imported: ScoreReader | None
) -> RoundPick:
    """Join a pick with the suggestion to show: the new head's, or what an import suggested."""
    reason = _reason(pick.reason, class_ids, lacks)
    if scored is not None:
        top = scored.top(pick.position)
        if scored.head.multi_label and reason["code"] in ("torn", "unsure"):
            # Classes do not compete here: the doubt is about one of them.
            doubtful = min(top, key=lambda guess: abs(guess[1] - 0.5))[0]
            reason |= {"code": "doubtful", "class": doubtful}
        return RoundPick(pick.position, reason, "", top)
    top = imported.top(pick.position, SHOWN) if imported is not None else []
    return RoundPick(pick.position, reason, imported.name if imported is not None and top else "", top)
