"""Projects with several labels a picture: heads, suggestions, their score on the blind set, rounds, and the arms."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
import pytest
from django.db import transaction

from annotator.common.arrays import array_path, publish, write_arrays
from annotator.images.models import ScoreSet
from annotator.images.services import ensure_space, publish_shard
from annotator.jobs.models import Job
from annotator.labeling.models import SelectionGain, Task
from annotator.labeling.selectors import arm_sizes
from annotator.labeling.services import (
    Item,
    RoundPick,
    lease_tasks,
    publish_round,
    request_measurement,
    submit_annotations,
)
from annotator.projects.models import Project
from tests.factories import make_image, make_project
from tests.worker.handlers.test_head_refresh import refresh
from worker.ml.head import Head
from worker.ml.strategies import REGISTRY
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = ("coat", "hat", "bag")
DIM = 16
POOL, BLIND = 120, 40


def wardrobe(folder: Path, **fields) -> tuple[Project, np.ndarray]:
    """A project of 160 embedded pictures, 40 of them in the reserve, and what is in each: bool [160, 3]."""
    project = make_project(classes=NAMES, label_mode="multi", blind_every=10_000, **fields)
    rng = np.random.default_rng(0)
    truth = rng.random((POOL + BLIND, len(NAMES))) < 0.4
    vectors = truth @ np.eye(len(NAMES), DIM) + 0.5 * np.eye(DIM)[5] + rng.normal(0, 0.08, (len(truth), DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for position in range(len(truth)):
        make_image(project, reserve=position >= POOL)
    sha256 = write_arrays(folder / "draft", {"embeddings": vectors.astype(np.float16)})
    publish(folder / "draft", f"{project.pk}/embeddings/test")
    space = ensure_space(project=project, dim=DIM)
    stored = f"{project.pk}/embeddings/test"
    assert publish_shard(space=space, start=0, stop=len(truth), folder=stored, sha256=sha256)
    return project, truth


def answer(project: Project, truth: np.ndarray, tasks: list[Task]) -> None:
    """Say of each task's picture what is in it."""
    ids = np.array(project.classes.order_by("index").values_list("id", flat=True))
    labels = [ids[truth[task.image.position]].tolist() for task in tasks]
    items = [Item(uuid.uuid4(), task=task.pk, labels=said) for task, said in zip(tasks, labels, strict=True)]
    results = submit_annotations(project=project, user=project.created_by, items=items)
    assert {result.status for result in results} == {"created"}


def answer_round(project: Project, truth: np.ndarray, codes: list[str]) -> None:
    """Put as many pictures as there are codes before the lead, and answer them."""
    picks = [RoundPick(position, {"code": code}) for position, code in enumerate(codes)]
    with transaction.atomic():
        publish_round(project=project, strategy="auto", seed=0, picks=picks, score_set=None)
    answer(project, truth, lease_tasks(project=project, user=project.created_by, count=len(picks)))


def answer_reserve(project: Project, truth: np.ndarray) -> None:
    """Answer the whole reserve blind."""
    for image in project.images.filter(reserve=True).order_by("position"):
        fields = {"purpose": "test", "blind": True, "state": "leased", "leased_to": project.created_by}
        answer(project, truth, [Task.objects.create(project=project, image=image, **fields)])


def test_a_refresh_learns_each_class_for_itself_and_suggests_sets(tmp_path):
    project, truth = wardrobe(tmp_path)
    answer_round(project, truth, ["typical"] * 48)
    answer_reserve(project, truth)

    result = refresh(project)

    score_set = ScoreSet.objects.get(project=project, active=True)
    assert Head.load(array_path(score_set.folder) / "head.safetensors").multi_label
    assert (result["labels"], result["test_size"]) == (48, BLIND)
    assert result["accuracy"] > 0.8, "whole sets that are right"
    assert score_set.metrics["micro_f1"] > 0.9
    order = {pk: index for index, pk in enumerate(project.classes.order_by("index").values_list("id", flat=True))}
    waiting = list(Task.objects.filter(project=project, round__isnull=False, state="open").select_related("image"))
    assert waiting
    right = [
        {order[label] for label, confidence in task.suggestion_top if confidence >= 0.5}
        == set(np.flatnonzero(truth[task.image.position]))
        for task in waiting
    ]
    assert np.mean(right) > 0.6
    sums = [sum(confidence for _, confidence in task.suggestion_top) for task in waiting]
    assert max(sums) > 1.1, "confidences are independent"


def test_the_first_refresh_asks_for_typical_pictures(tmp_path):
    project, _ = wardrobe(tmp_path)
    assert refresh(project)["head"] == ""
    assert Task.objects.filter(project=project, reason__code="typical").count() == project.round_size


def test_a_doubt_is_about_one_class(tmp_path):
    project, truth = wardrobe(tmp_path, strategy="margin")
    answer_round(project, truth, ["typical"] * 24)

    refresh(project)

    task = Task.objects.filter(project=project, state="open").order_by("rank").first()
    assert task.reason["code"] == "doubtful"
    nearest = min(task.suggestion_top, key=lambda guess: abs(guess[1] - 0.5))
    assert task.reason["class"] == nearest[0]


@pytest.mark.parametrize("strategy", sorted(REGISTRY))
def test_every_strategy_picks_a_round_of_different_pictures(tmp_path, strategy):
    project, truth = wardrobe(tmp_path, strategy=strategy, round_size=16)
    answer_round(project, truth, ["typical"] * 24)

    refresh(project)

    positions = list(Task.objects.filter(project=project, state="open").values_list("image__position", flat=True))
    assert len(set(positions)) == len(positions) == max(16, 2 * 20)
    assert min(positions) >= 24


def test_both_arms_are_judged_by_whole_sets(tmp_path):
    project, truth = wardrobe(tmp_path, control_share=0.3)
    answer_round(project, truth, ["control", "typical"] * 24)
    answer_reserve(project, truth)
    sizes = arm_sizes(project)
    assert (sizes.control, sizes.chosen, sizes.blind) == (24, 24, BLIND)

    job = request_measurement(project=project)
    run_job(job.pk)
    job.refresh_from_db()

    assert job.state == Job.State.SUCCEEDED, job.error_message
    gain = SelectionGain.objects.get(project=project).result
    assert [point["n"] for point in gain["control"]] == [8, 16, 24]
    assert gain["control"][-1]["accuracy"] > max(0.6, gain["control"][0]["accuracy"])
