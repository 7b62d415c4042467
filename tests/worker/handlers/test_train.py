"""A training run, from the request to a published model: what it freezes, learns, judges, and how it stops."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from django.conf import settings as django_settings

from annotator.common.arrays import array_path, read_array
from annotator.common.blobs import blob_key
from annotator.events.models import Event
from annotator.images.models import Image, Trust
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import request_cancel, retry
from annotator.modeling.models import ModelingSettings, ModelVersion
from annotator.modeling.selectors.runs import attempts, curves_of, log_of
from annotator.snapshots.models import Snapshot
from tests.worker.handlers.trainable import CLASSES, TINY, asked, embedded, finished, ran
from worker import runner
from worker.handlers import train as handler
from worker.handlers.training.evaluation import pass_verdict
from worker.ml.artifacts import load
from worker.runner import JobContext

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project(stripes):
    return stripes


def test_labels_become_a_model_that_is_judged_beside_the_serving_one(project):
    serving = embedded(project)
    run = asked(project, overrides={"epochs": 4})

    version = finished(run)

    assert (run.phase, run.snapshot.name, run.snapshot.rows) == ("done", "Training run 1", 42)
    assert run.recipe["backbone"] == TINY, "the project's own"
    assert run.balance["classes"], "stored with the run"
    assert (version.name, version.champion, version.snapshot) == ("v2", serving.name, run.snapshot)
    assert [row["name"] for row in version.classes] == list(CLASSES)
    blind, test = version.metrics["blind"], version.metrics["test"]
    assert blind["class_ids"] == [row["id"] for row in version.classes]
    assert (blind["evaluation"]["count"], test["evaluation"]["count"]) == (12, 12)
    assert blind["temperature"] == version.temperature
    assert version.gate["overall"]["count"] == 12
    assert version.state == ("rejected" if version.gate["decision"] == "rejected" else "candidate")
    assert version.onnx_difference < 1e-3
    assert run.summary["train"] == 24
    assert (run.summary["validation"], run.summary["test"], run.summary["blind"]) == (6, 12, 12)
    assert 1 <= run.summary["best_epoch"] <= run.summary["epochs"] == 4
    assert run.summary["images_per_s"] > 0
    kinds = list(Event.objects.order_by("seq").values_list("kind", flat=True))
    assert [kind for kind in kinds if kind != "job_finished"] == [
        "run_requested",
        "snapshot_made",
        "balance_reported",
        "model_made",
        "run_finished",
    ]


def test_the_models_folder_is_the_download_and_what_it_said_of_the_test_pictures(project):
    embedded(project)
    run = asked(project)

    version = finished(run)

    folder = array_path(version.folder)
    for file in version.files:
        assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]
        assert (folder / file["name"]).stat().st_size == file["bytes"]
    assert {"model.safetensors", "config.json", "classes.txt", "predict.py", "README.md", "model.onnx"} == {
        file["name"] for file in version.files
    }
    assert load(folder).classes == CLASSES
    arrays = {
        name: read_array(version.folder, name)
        for name in ("position", "label", "predicted", "confidence", "champion_predicted", "blind")
    }
    assert arrays["position"].tolist() == list(range(30, 42))
    assert arrays["blind"].all()
    truth = dict(Image.objects.values_list("position", "label_id"))
    assert arrays["label"].tolist() == [truth[position] for position in arrays["position"].tolist()]
    right = int((arrays["predicted"] == arrays["label"]).sum())
    assert right == version.metrics["blind"]["evaluation"]["correct"]
    theirs = int((arrays["champion_predicted"] == arrays["label"]).sum())
    paired = version.gate["overall"]
    assert paired["wins"] - paired["losses"] == right - theirs
    assert ((arrays["confidence"] > 0.3) & (arrays["confidence"] <= 1)).all()
    assert "Snapshot: Training run 1" in (folder / "README.md").read_text()


def test_curves_and_log_are_kept_and_checkpoints_are_not(project):
    run = asked(project)

    finished(run)

    curves = curves_of(run)
    assert [point["epoch"] for point in curves["validation"]] == [1, 2]
    assert [point["step"] for point in curves["train"]] == [1, 2, 3, 4, 5, 6]
    assert any("24 to learn from, 6 to validate, 12 to test, 12 of them blind" in line for line in log_of(run))
    assert any("Epoch 2 validated" in line for line in log_of(run))
    (folder,) = attempts(run)
    assert {path.name for path in folder.iterdir()} == {"metrics.jsonl", "log.txt", "tensorboard"}


def test_a_snapshot_that_is_given_is_trained_on_as_it_is(project):
    first = finished(asked(project))
    snapshot = first.snapshot

    run = asked(project, snapshot=snapshot)
    again = finished(run)

    assert (again.snapshot, Snapshot.objects.count()) == (snapshot, 1)
    assert digest(again) == digest(first), "the same recipe on the same pictures is the same model"
    assert again.name == "v3"


def digest(version: ModelVersion) -> str:
    return hashlib.sha256((array_path(version.folder) / "model.safetensors").read_bytes()).hexdigest()


class TestWhatIsLeftOut:
    def test_pictures_that_are_gone_or_broken_are_left_out_and_counted(self, project):
        embedded(project)
        learned, tested = Image.objects.get(position=0), Image.objects.get(position=41)
        for image, content in ((learned, None), (tested, b"no picture")):
            path = django_settings.BLOB_DIR / blob_key(image.sha256, "model")
            path.unlink() if content is None else path.write_bytes(content)
        run = asked(project)

        version = finished(run)

        assert run.summary["left_out"]["unreadable"] == 2
        assert (run.summary["train"], run.summary["test"]) == (23, 11)
        assert any("2 pictures that cannot be read" in line for line in log_of(run))
        assert 41 not in read_array(version.folder, "position")

    def test_a_class_without_training_pictures_counts_as_wrong_for_both(self, project):
        embedded(project)
        slanted = project.classes.get(name="slanted")
        Image.objects.filter(label=slanted, reserve=False).update(label=None, trust=Trust.NONE)
        run = asked(project)

        version = finished(run)

        assert [row["name"] for row in version.classes] == ["upright", "level"]
        assert run.summary["left_out"]["classes_without_training"] == {"slanted": 4}
        blind = version.metrics["blind"]
        assert blind["class_ids"][-1] == slanted.pk
        assert blind["evaluation"]["confusion"][2][2] == 0
        assert sum(blind["evaluation"]["confusion"][2]) == 4
        lost = read_array(version.folder, "label") == slanted.pk
        assert not (read_array(version.folder, "predicted") == slanted.pk).any()
        assert not (read_array(version.folder, "champion_predicted")[lost] == slanted.pk).any()
        assert version.gate["overall"]["count"] == 12
        assert "slanted" not in (array_path(version.folder) / "classes.txt").read_text()

    def test_what_the_serving_model_has_not_embedded_is_not_compared(self, project):
        embedded(project, np.random.default_rng(0).normal(size=(36, 8)))
        run = asked(project)

        version = finished(run)

        assert run.summary["left_out"]["not_compared"] == 6
        assert (version.gate["overall"]["count"], version.metrics["blind"]["evaluation"]["count"]) == (6, 12)
        assert (read_array(version.folder, "champion_predicted")[6:] == -1).all()

    def test_without_a_serving_model_there_is_nothing_to_compare_with(self, project):
        version = finished(asked(project))

        assert (version.gate, version.champion, version.state) == ({}, "", "candidate")
        assert version.metrics["blind"]["evaluation"]["count"] == 12


class TestTheGate:
    """With rules that a few answers can fulfil."""

    @pytest.fixture(autouse=True)
    def lenient(self, project):
        ModelingSettings.objects.create(project=project, gate_margin=0.9, gate_class_drop=0.9)

    @pytest.mark.parametrize(("promotion", "asked_for"), [("automatic", 1), ("manual", 0)])
    def test_a_model_that_passes_is_promoted_when_the_project_says_so(self, project, promotion, asked_for):
        truth = np.array(Image.objects.order_by("position").values_list("label_id", flat=True))
        truth[30:] += 1  # the champion takes every test picture for one of another class
        embedded(project, np.eye(8)[truth % 8] + 1e-3)
        ModelingSettings.objects.update(promotion=promotion)

        version = finished(asked(project))

        assert (version.gate["decision"], version.state) == ("promoted", "candidate")
        assert Job.objects.filter(kind=JobKind.PROMOTE, params={"version": version.pk}).count() == asked_for

    def test_a_worse_model_is_rejected_with_its_reason(self, project):
        truth = np.array(Image.objects.order_by("position").values_list("label_id", flat=True))
        embedded(project, np.eye(8)[truth % 8] + 1e-3)  # the champion is always right
        ModelingSettings.objects.update(promotion="automatic", gate_margin=0.01)
        run = asked(project, overrides={"lr": 1e-6, "loss": "cross_entropy", "epochs": 2, "backbone_lr": 0.0})

        version = finished(run)

        assert (version.gate["decision"], version.state) == ("rejected", "rejected")
        assert any("challenger is worse" in line for line in log_of(run))
        assert not Job.objects.filter(kind=JobKind.PROMOTE).exists()

    def test_it_is_compared_with_the_model_in_use_as_that_was_trained(self, project, monkeypatch):
        """The champion's head learns from the same labels; what the model in use learned before does not change."""
        space = embedded(project).space
        before = finished(asked(project))
        ModelVersion.objects.filter(space=space).update(space=None, state=ModelVersion.State.RETIRED)
        ModelVersion.objects.filter(pk=before.pk).update(space=space, state=ModelVersion.State.SERVING)
        truth = read_array(before.folder, "label")
        told = []

        def spoilt(logits, material, champion, **rules):
            told.append(champion.as_trained)
            return pass_verdict(logits, material, replace(champion, as_trained=truth), **rules)

        monkeypatch.setattr(handler, "pass_verdict", spoilt)
        overrides = {"lr": 1e-6, "loss": "cross_entropy", "backbone_lr": 0.0}
        version = finished(asked(project, snapshot=before.snapshot, overrides=overrides))

        assert told[0].tolist() == read_array(before.folder, "predicted").tolist()
        assert version.gate["reasons"][0]["code"] == "labels_worse"
        assert (version.gate["decision"], version.state) == ("rejected", "rejected")


class TestStopping:
    @pytest.fixture
    def after_steps(self, monkeypatch):
        """Do something at the third step that is reported."""

        def arrange(act):
            progress = JobContext.progress

            def watched(ctx, done, total, unit="", message=""):
                if done == 3 and "loss" in message:
                    act()
                    ctx._next_report = 0.0
                progress(ctx, done, total, unit, message)

            monkeypatch.setattr(JobContext, "progress", watched)

        yield arrange
        runner.stopping.clear()

    def test_a_worker_that_stops_leaves_a_checkpoint_from_which_the_next_goes_on(self, project, after_steps):
        undisturbed = digest(finished(asked(project)))
        after_steps(runner.stopping.set)
        run = asked(project, snapshot=Snapshot.objects.get())

        job = ran(run)
        assert (job.state, run.phase) == (Job.State.QUEUED, "train")
        assert "checkpoint.safetensors" in {path.name for path in attempts(run)[0].iterdir()}
        runner.stopping.clear()
        after_steps(lambda: None)
        version = finished(run)

        assert digest(version) == undisturbed
        assert [point["step"] for point in curves_of(run)["train"]] == [1, 2, 3, 4, 5, 6]
        assert [path.name for path in attempts(run)] == ["attempt-2"]
        assert any("attempt 1," in line for line in log_of(run))
        assert any("attempt 2," in line for line in log_of(run))

    def test_a_cancelled_run_can_be_tried_again(self, project, after_steps):
        run = asked(project)
        after_steps(lambda: request_cancel(job=Job.objects.get(pk=run.job_id)))

        job = ran(run)
        assert (job.state, ModelVersion.objects.count()) == (Job.State.CANCELLED, 0)

        after_steps(lambda: None)
        retry(job=job)
        assert finished(run).name == "v2"
        assert Snapshot.objects.count() == 1, "what was frozen stays frozen"

    def test_an_attempt_that_was_given_up_publishes_nothing(self, project, after_steps):
        run = asked(project)
        after_steps(lambda: Job.objects.filter(pk=run.job_id).update(attempt=7))

        job = ran(run)

        assert (job.state, job.attempt, run.phase) == (Job.State.RUNNING, 7, "train")
        assert not ModelVersion.objects.exists()
        assert not Event.objects.filter(kind="run_failed").exists()


def test_the_reserve_is_judged_on_and_never_learned_from(project, monkeypatch):
    seen = []
    real = handler.train
    monkeypatch.setattr(
        handler, "train", lambda recipe, data, *a, **k: seen.append(data) or real(recipe, data, *a, **k)
    )
    run = asked(project)

    finished(run)

    (data,) = seen
    reserve = set(Image.objects.filter(reserve=True).values_list("sha256", flat=True))
    used = [data.pictures[row].parent.name for row in (*data.train, *data.validation)]
    assert len(reserve) == 12
    assert not reserve & set(used)
