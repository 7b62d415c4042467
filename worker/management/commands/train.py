"""`annotator train`: train a model on a project's labels, follow it, and say how good it is and what the gate said."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.common.errors import DomainError
from annotator.modeling.models import Firing, ModelVersion, Preset, TrainingRun
from annotator.modeling.recipes import SETTINGS, nested, preset_sentence
from annotator.modeling.selectors import accuracy_of
from annotator.modeling.services import request_training
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot
from worker.management.commands.refresh import find_project
from worker.management.following import follow, must_have_succeeded, person

PRESETS = " ".join(f"{name}: {preset_sentence(name)}" for name in Preset.values)


class Command(BaseCommand):
    """Ask a worker for a training run, and show what came of it."""

    help = (
        "Freeze a project's labels (or take a snapshot), train a model on them, and compare it with the serving one on "
        f"the blind test pictures. The product must be running. {PRESETS}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("project", help="name or number of the project")
        parser.add_argument("--preset", choices=Preset.values, default=Preset.BALANCED, help="the recipe (balanced)")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            dest="changes",
            help=f"a setting that differs from the preset, any number of times: {', '.join(SETTINGS)}",
        )
        parser.add_argument("--snapshot", type=int, help="number of the snapshot to train on (otherwise one is made)")
        parser.add_argument("--user", help="in whose name (the project's creator)")
        wait = argparse.BooleanOptionalAction
        parser.add_argument("--wait", action=wait, default=True, help="follow it to its end (the default)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Start the run; print the model."""
        project = find_project(options["project"])
        try:
            firing = request_training(
                project=project,
                user=person(options["user"], project),
                preset=options["preset"],
                overrides=_overrides(options["changes"]),
                snapshot=_snapshot(project, options["snapshot"]),
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        run = firing.run
        assert run is not None
        assert run.job is not None
        if firing.outcome == Firing.Outcome.JOINED:
            self.stderr.write(f"Run {run.number} waits already; it trains on the labels that there are when it begins.")
        if options["wait"]:
            follow(run.job, self.stderr, "training run")
        must_have_succeeded(run.job, "training run")
        self._tell(run, as_json=options["json"])

    def _tell(self, run: TrainingRun, *, as_json: bool) -> None:
        run.refresh_from_db()
        assert run.job is not None
        version = ModelVersion.objects.filter(run=run).first()
        if as_json:
            told = {"run": run.number, "job": run.job.pk, "state": run.job.state, "summary": run.summary}
            self.stdout.write(json.dumps(told | {"model": _model(version) if version else None}))
        elif version is None:
            self.stdout.write(f"Run {run.number} is queued as job {run.job.pk}.")
        else:
            self._tell_model(run, version)

    def _tell_model(self, run: TrainingRun, version: ModelVersion) -> None:
        summary = run.summary
        self.stdout.write(
            f"{version.name}, a {version.state}, by run {run.number}: {summary['train']} pictures to learn from, best "
            f"epoch {summary['best_epoch']} of {summary['epochs']}, {summary['seconds']:.0f} seconds."
        )
        for part in ("blind", "test"):
            found = accuracy_of(version.metrics, part)
            if found["test_size"]:
                self.stdout.write(
                    f"  {part}: accuracy {found['accuracy']:.3f} ({found['low']:.3f}–{found['high']:.3f}) of "
                    f"{found['test_size']}, macro-F1 {found['macro_f1']:.3f}"
                )
        for reason in version.gate.get("reasons", []):
            self.stdout.write(f"  {reason['message']}")


def _overrides(pairs: list[str]) -> dict[str, Any]:
    """Read `--set` options: JSON values, or bare words. Raises CommandError."""
    flat: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or name not in SETTINGS:
            raise CommandError(f"--set takes one of {', '.join(SETTINGS)}, an equals sign and a value; not {pair!r}.")
        try:
            flat[name] = json.loads(text)
        except json.JSONDecodeError:
            flat[name] = text
    return nested(flat)


def _snapshot(project: Project, number: int | None) -> Snapshot | None:
    if number is None:
        return None
    snapshot = Snapshot.objects.filter(project=project, number=number).first()
    if snapshot is None:
        raise CommandError(f"{project.name} has no snapshot {number}.")
    return snapshot


def _model(version: ModelVersion) -> dict[str, Any]:
    measured = {part: accuracy_of(version.metrics, part) for part in ("blind", "test")}
    return {"id": version.pk, "name": version.name, "state": version.state, "gate": version.gate} | measured
