"""The class-balance report that a run stores before it trains."""

from __future__ import annotations

import json

import numpy as np
import pytest

from annotator.images.models import Trust
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import claim, enqueue, request_cancel
from annotator.modeling.balance import plan
from annotator.modeling.models import TrainingRun
from tests.annotator.modeling.balanced import Pictures, freeze, make_run
from tests.factories import make_project
from worker.handlers.balance_report import build_balance
from worker.ml.losses import class_weights
from worker.ml.plan import Plan
from worker.ml.recipes import Recipe
from worker.runner import Cancelled, JobContext

pytestmark = pytest.mark.django_db(transaction=True)


def context(run: TrainingRun) -> JobContext:
    """What the handler of a claimed training job has in its hands."""
    job = enqueue(kind=JobKind.TRAIN, project=run.project, params={"run": run.pk})
    claimed = claim(job_id=job.pk, worker="here")
    assert claimed is not None
    return JobContext(claimed)


def test_a_run_is_told_what_it_has_of_each_class_and_what_it_will_do_about_it():
    project = make_project(target_per_class=40)
    pictures = Pictures(project)
    pictures.add(30, "cat")
    pictures.add(10, "dog")
    pictures.add(2, "dog", trust=Trust.CERTIFIED)
    for name in ("cat", "dog"):
        pictures.add(20, name, guess=(name, 0.9), reserve=True)
    pictures.add(100, guess=("dog", 0.9))
    pictures.publish_head()
    run = make_run(
        project,
        freeze(
            project,
            ("cat", 25, "train"),
            ("cat", 5, "validation"),
            ("dog", 10, "train"),
            ("cat", 20, "blind"),
            ("dog", 20, "blind"),
        ),
    )

    report = build_balance(context(run), run)

    assert json.loads(json.dumps(report)) == report
    cat, dog = report["classes"]
    assert (cat["trusted"], cat["certified"], cat["labelled"], cat["gap"], cat["reach"]) == (50, 0, 30, 0, "met")
    assert (dog["trusted"], dog["certified"], dog["labelled"], dog["gap"], dog["reach"]) == (32, 2, 10, 8, "yes")
    assert [(row["train"], row["validation"], row["test"], row["blind"]) for row in (cat, dog)] == [
        (25, 5, 20, 20),
        (10, 0, 20, 20),
    ]
    assert (cat["predicted_raw"], dog["predicted_raw"]) == (0, 100)
    assert dog["low"] <= dog["predicted"] <= dog["high"] == 100
    assert (cat["sampled"], dog["sampled"]) == ("over", "under")
    assert report["run"] == {"id": run.pk, "number": 1, "preset": "balanced"}
    assert (report["plan"]["loss"], report["plan"]["sampling"]) == ("balanced_softmax", "uniform")
    assert "dog with 10 is not given up for cat with 25" in " ".join(report["plan"]["sentences"])
    assert (report["previous"], report["summary_previous"], cat["previous"]) == (None, None, None)


def test_the_previous_runs_numbers_stand_beside_its_own():
    project = make_project()
    pictures = Pictures(project)
    pictures.add(4, "cat")
    pictures.add(2, "dog")
    first = make_run(project, freeze(project, ("cat", 4, "train"), ("dog", 2, "train")), report=True)
    make_run(project)  # failed before its report
    pictures.add(5, "dog")
    run = make_run(project, freeze(project, ("cat", 4, "train"), ("dog", 7, "train")))

    report = build_balance(context(run), run)

    dog = report["classes"][1]
    assert (dog["trusted"], dog["previous_trusted"], dog["previous"]["train"]) == (7, 2, 2)
    assert report["previous"]["run"]["id"] == first.pk
    assert report["summary_previous"] == first.balance["summary"]
    assert [(point["run"]["number"], point["trusted"]) for point in report["trend"]] == [(1, 6), (3, 11)]
    assert [point["classes"][str(dog["id"])] for point in report["trend"]] == [2, 7]


def test_settings_that_the_run_changes_are_in_its_plan():
    project = make_project()
    Pictures(project).add(1, "cat")
    overrides = {"loss": "class_balanced", "sampling": "balanced", "augmentation": {"crop_scale": 1.0}}
    run = make_run(project, freeze(project, ("cat", 30, "train"), ("dog", 10, "train")), overrides=overrides)

    report = build_balance(context(run), run)

    cat, dog = report["classes"]
    assert dog["weight"] > cat["weight"]
    assert (cat["seen"], dog["seen"]) == (pytest.approx(20 / 30, abs=1e-3), pytest.approx(2.0))
    assert report["plan"]["loss"] == "class_balanced"


def test_a_cancelled_run_makes_no_report():
    project = make_project()
    run = make_run(project, freeze(project, ("cat", 3, "train")))
    ctx = context(run)
    request_cancel(job=Job.objects.get(pk=ctx.job.pk))

    with pytest.raises(Cancelled):
        build_balance(ctx, run)


def test_weights_and_draws_are_those_that_the_run_trains_with():
    train = np.array([120, 30, 6])
    recipe = Recipe(loss="class_balanced", sampling="square_root")

    promised = plan(json.loads(recipe.to_json()), train, ["cat", "dog", "emu"])

    assert promised["weights"] == pytest.approx(class_weights(train, recipe.class_balanced_beta), abs=1e-3)
    labels = np.repeat(np.arange(3), train)
    drawn = Plan(recipe, rows=np.arange(len(labels)), labels=labels)
    rows = [draw.row for batch in drawn.batches(0) for draw in batch]
    seen = np.bincount(labels[rows], minlength=3) / recipe.epochs / train
    assert promised["seen"] == pytest.approx(seen, rel=0.2)
