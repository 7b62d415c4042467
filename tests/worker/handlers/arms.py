"""A project whose pictures were labelled in two arms: drawn at random, and chosen by a strategy."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction

from annotator.images.models import Trust
from annotator.labeling.services import Item, RoundPick, lease_tasks, publish_round, submit_annotations
from annotator.projects.models import Project
from tests.factories import make_image, make_project
from tests.worker.handlers.test_head_refresh import embed

POOL, BLIND = 96, 40


def two_armed(folder: Path, *, control: int = 24, chosen: int = 48, blind: int = BLIND, **fields: Any) -> Project:
    """Make a project of POOL pictures of two kinds and as many labels in each arm, with `blind` answers of 40."""
    project = make_project(control_share=0.3, blind_every=10_000, **fields)
    kinds = np.arange(POOL + BLIND) % 2
    classes = list(project.classes.order_by("index"))
    for position, kind in enumerate(kinds):
        known = POOL <= position < POOL + blind
        answer = {"label": classes[kind], "trust": Trust.HUMAN} if known else {}
        make_image(project, reserve=position >= POOL, **answer)
    embed(project, folder, kinds)
    codes = ["control"] * control + ["typical"] * chosen
    order = np.random.default_rng(0).permutation(len(codes)).tolist()
    picks = [RoundPick(position, {"code": codes[arm]}) for position, arm in enumerate(order)]
    answer_round(project, picks)
    return project


def answer_round(project: Project, picks: list[RoundPick], strategy: str = "typiclust") -> None:
    """Publish a round and label all of it rightly, in its order."""
    classes = list(project.classes.order_by("index"))
    with transaction.atomic():
        publish_round(project=project, strategy=strategy, seed=0, picks=picks, score_set=None)
    tasks = lease_tasks(project=project, user=project.created_by, count=len(picks))
    items = [
        Item(uuid.uuid5(uuid.NAMESPACE_OID, str(task.pk)), task=task.pk, labels=[classes[task.image.position % 2].pk])
        for task in tasks
    ]
    submit_annotations(project=project, user=project.created_by, items=items)
