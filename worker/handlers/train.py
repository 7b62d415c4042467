"""Train: freeze the labels, report their balance, fine-tune a backbone, judge the model, publish it.

Each phase is stored on the run once, and the training itself leaves checkpoints, so that whatever kills an attempt,
the next one goes on from where it was.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from annotator.common.arrays import array_path
from annotator.modeling.models import ModelingSettings, TrainingRun
from annotator.modeling.recipes import recipe_of
from annotator.modeling.selectors import serving_model, settings_of
from annotator.modeling.selectors.runs import METRICS, read_lines, thinned_lines
from annotator.modeling.services import collect_models, publish_version, request_promotion
from annotator.modeling.services.runs import collect_runs, fail_run, finish_run, lock_run, note_balance, note_phase
from annotator.snapshots.models import Snapshot
from annotator.snapshots.services import collect_garbage, publish_snapshot
from worker.handlers.balance_report import build_balance
from worker.handlers.snapshot import freeze
from worker.handlers.training.data import Material, read_material
from worker.handlers.training.evaluation import Verdict, ask_champion, logits_of_test, pass_verdict
from worker.handlers.training.failures import explained
from worker.handlers.training.following import Follower
from worker.handlers.training.publication import files_of, store_model
from worker.handlers.training.workdir import Workdir, log_failure
from worker.ml.artifacts import Classifier
from worker.ml.device import describe_device
from worker.ml.recipes import Recipe
from worker.ml.train import Host, TrainingStopped, TrainResult, Watch, train, training_compute
from worker.runner import AttemptLost, Cancelled, Interrupted, JobContext

# What ends an attempt, but not the run.
_PASSING = (AttemptLost, Cancelled, Interrupted, OperationalError, InterfaceError)
Phase = TrainingRun.Phase


def handle(ctx: JobContext) -> dict[str, Any]:
    """Bring a run from where it is to a published model; a failure is told and ends the job with it."""
    run = TrainingRun.objects.select_related("snapshot").get(pk=ctx.params["run"])
    try:
        return _Attempt(ctx, run).go()
    except _PASSING:
        raise
    except Exception as error:
        failure = explained(error)
        log_failure(run, failure)
        fail_run(run, job=ctx.job, code=failure.code, message=failure.message, hint=failure.hint)
        raise failure from error


class _Attempt:
    """One attempt at a run, phase after phase; what an earlier one has stored is not done again."""

    def __init__(self, ctx: JobContext, run: TrainingRun) -> None:
        self.ctx, self.run, self.began = ctx, run, time.monotonic()
        if not run.recipe:
            note_phase(run, run.phase, recipe=recipe_of(run.preset, {"backbone": ctx.project.backbone} | run.overrides))
        self.recipe = Recipe.from_values(run.recipe)
        self.compute = training_compute(self.recipe)

    def go(self) -> dict[str, Any]:
        """Return the job's result once the model is published."""
        snapshot = self.run.snapshot or self._freeze()
        if not self.run.balance:
            note_balance(self.run, build_balance(self.ctx, self.run))
        workdir = Workdir(self.ctx, self.run)
        follower = Follower(self.ctx, workdir, self.recipe)
        material = read_material(snapshot, workdir, follower.aside)
        follower.begin(self.run, material)
        result = self._train(material, workdir, follower)
        note_phase(self.run, Phase.EVALUATE)
        verdict = self._judge(result, material, follower)
        follower.told(verdict)
        done = self._publish(result, material, verdict, read_lines(workdir.path / METRICS))
        for collect in (collect_garbage, collect_runs, collect_models):
            collect(self.ctx.project.pk)
        return done

    def _freeze(self) -> Snapshot:
        """Freeze the labels as they are now."""

        def report(done: int, total: int, what: str) -> None:
            self.ctx.progress(0, 1, "batches", f"{what or 'freezing the labels'}: {done} of {total} pictures")

        stored = freeze(self.ctx, self.run.snapshot_settings, report)
        with transaction.atomic():
            held = lock_run(self.run)
            if held.snapshot is None:  # else by an attempt that was given up, and lives
                name = f"Training run {self.run.number}"
                held.snapshot = publish_snapshot(
                    job=self.ctx.job, name=name, settings=self.run.snapshot_settings, **vars(stored)
                )
                note_phase(held, Phase.BALANCE, snapshot=held.snapshot)
        self.run.refresh_from_db()
        assert held.snapshot is not None
        return held.snapshot

    def _train(self, material: Material, workdir: Workdir, follower: Follower) -> TrainResult:
        watch = Watch(
            step=follower.step, line=follower.line, aside=follower.aside, should_stop=lambda: bool(follower.stopped_by)
        )
        host = Host(weights_folder=settings.WEIGHTS_DIR, allow_hub=settings.ALLOW_HUB)
        try:
            return train(self.recipe, material.train, workdir.path, watch=watch, host=host)
        except TrainingStopped:
            assert follower.stopped_by is not None
            raise follower.stopped_by from None

    def _judge(self, result: TrainResult, material: Material, follower: Follower) -> Verdict:
        logits = logits_of_test(
            self.recipe, result, material, compute=self.compute, on_batch=follower.judging(len(material.test))
        )
        self.ctx.check()
        on_batch = follower.judging(len(material.test))
        champion = ask_champion(serving_model(self.ctx.project), material, compute=self.compute, on_batch=on_batch)
        rules = settings_of(self.ctx.project)
        return pass_verdict(logits, material, champion, temperature=result.temperature, settings=rules)

    def _publish(
        self, result: TrainResult, material: Material, verdict: Verdict, lines: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Store the model; then make it visible, end run and job, and ask for what the gate allows, all at once."""
        classes = material.train.classes
        classifier = Classifier(self.recipe.backbone, result.frame, classes, result.temperature, result.weights)
        folder, exported = store_model(self.ctx, self.run, classifier, material, verdict)
        files = files_of(array_path(folder), exported)
        metrics, gate = verdict.metrics(material, result.validation), verdict.gate
        summary = self._summary(result, material, verdict, lines)
        with transaction.atomic():
            version = publish_version(
                run=self.run,
                backbone=self.recipe.backbone,
                folder=folder,
                classes=[{"id": key, "name": name} for key, name in zip(material.class_ids, classes, strict=True)],
                temperature=result.temperature,
                metrics=metrics,
                gate=gate.to_json() if gate else {},
                champion=verdict.champion.name if verdict.champion else "",
                files=files,
                onnx_difference=exported.onnx_difference,
            )
            finish_run(self.run, curves=thinned_lines(lines), summary=summary, model=version.name)
            automatic = settings_of(self.ctx.project).promotion == ModelingSettings.Promotion.AUTOMATIC
            if automatic and gate is not None and gate.decision == "promoted":
                request_promotion(version=version, user=None)
            done = {"run": self.run.number, "model": version.name, "state": str(version.state)}
            self.ctx.succeed(done)
        return done

    def _summary(
        self, result: TrainResult, material: Material, verdict: Verdict, lines: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """What a run's page tells beside its curves."""
        speeds = [line["images_per_s"] for line in lines if line.get("images_per_s")]
        return {
            "device": describe_device()["name"],
            "precision": str(self.compute.dtype).removeprefix("torch."),
            "images_per_s": speeds[-1] if speeds else None,
            "best_epoch": result.best_epoch + 1,
            "epochs": result.epochs,
            "steps": result.steps,
            "stopped_early": result.stopped_early,
            "parts": result.parts,
            "train": len(material.train.train),
            "validation": len(material.train.validation),
            "test": len(material.test),
            "blind": int(material.blind[material.test].sum()),
            "left_out": material.left_out | {"not_compared": verdict.not_embedded},
            "seconds": round(time.monotonic() - self.began, 1),
        }
