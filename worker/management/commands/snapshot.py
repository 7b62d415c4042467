"""`annotator snapshot`: freeze a project's labels with their splits, and say what was frozen."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.common.errors import DomainError
from annotator.images.models import Trust
from annotator.snapshots.models import Snapshot, Split
from annotator.snapshots.services import DEFAULT_SHARES, IMPORTED, request_snapshot
from worker.management.commands.refresh import find_project
from worker.management.following import follow, must_have_succeeded, person

TRUST = {label: value for value, label in Trust.choices if value > Trust.NONE}
DEFAULT = ",".join(f"{share:g}" for share in DEFAULT_SHARES.values())


class Command(BaseCommand):
    """Ask a worker for a snapshot, and show its balance."""

    help = (
        "Freeze the labels of a project, with splits in which duplicates stay together and the blind test pictures are "
        "test. The same labels have the same hash. The product must be running."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("project", help="name or number of the project")
        parser.add_argument("--name", default="", help="what the snapshot is called (its date)")
        parser.add_argument("--min-trust", choices=list(TRUST), default="imported", help="least trust (imported)")
        parser.add_argument("--include-certified", action="store_true", help="also labels accepted by certification")
        parser.add_argument("--min-per-class", type=int, help="leave out classes with fewer pictures")
        parser.add_argument("--max-per-class", type=int, help="cut larger classes, besides reserve and hold-outs")
        parser.add_argument(
            "--splits", default=DEFAULT, help=f"shares of train, validation and test ({DEFAULT}), or: {IMPORTED}"
        )
        parser.add_argument("--user", help="in whose name (the project's creator)")
        wait = argparse.BooleanOptionalAction
        parser.add_argument("--wait", action=wait, default=True, help="follow it to its end (the default)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Start the job; print what it froze."""
        project = find_project(options["project"])
        for name in ("min_per_class", "max_per_class"):
            if options[name] is not None and options[name] < 1:
                raise CommandError(f"--{name.replace('_', '-')} must be at least 1.")
        try:
            job = request_snapshot(
                project=project,
                user=person(options["user"], project),
                name=options["name"],
                min_trust=TRUST[options["min_trust"]],
                include_certified=options["include_certified"],
                min_per_class=options["min_per_class"],
                max_per_class=options["max_per_class"],
                splits=_splits(options["splits"]),
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["wait"]:
            follow(job, self.stderr, "snapshot")
        must_have_succeeded(job, "snapshot")
        snapshot = Snapshot.objects.filter(pk=job.result.get("snapshot")).first()
        if options["json"]:
            self.stdout.write(json.dumps({"job": job.pk, "state": job.state} | (_told(snapshot) if snapshot else {})))
        elif snapshot is None:
            self.stdout.write(f"The snapshot is queued as job {job.pk}.")
        else:
            self._tell(snapshot)

    def _tell(self, snapshot: Snapshot) -> None:
        self.stdout.write(f"Snapshot {snapshot.number} “{snapshot.name}”: {snapshot.rows} pictures, {snapshot.hash}.")
        for row in snapshot.classes:
            parts = ", ".join(f"{row[split]} {split}" for split in Split.values)
            self.stdout.write(f"  {row['name']}: {parts}")
        similar = snapshot.report["look_alikes"]
        if similar and similar["pairs"]:
            self.stdout.write(f"  {similar['pairs']} pairs of a training and a test picture look alike.")


def _splits(text: str) -> dict[str, float] | str:
    """Read `--splits`. Raises CommandError."""
    if text == IMPORTED:
        return IMPORTED
    try:
        return dict(zip(Split.values, map(float, text.split(",")), strict=True))
    except ValueError:
        raise CommandError(f"--splits takes three shares such as {DEFAULT}, or the word {IMPORTED}.") from None


def _told(snapshot: Snapshot) -> dict[str, Any]:
    names = ("number", "name", "hash", "rows", "classes", "settings", "report")
    return {"snapshot": snapshot.pk} | {name: getattr(snapshot, name) for name in names}
