"""`annotator export`: write a snapshot to a file on this machine."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.common.arrays import array_path
from annotator.projects.models import Project
from annotator.snapshots.models import Export, Snapshot
from annotator.snapshots.services import remove_export, request_export
from worker.management.commands.refresh import find_project
from worker.management.following import follow, must_have_succeeded, person


class Command(BaseCommand):
    """Ask a worker for an export, and put it where it is wanted."""

    help = (
        "Write a snapshot to a file: pictures in class folders (image_folder, hugging_face), labels alone (csv, jsonl, "
        "parquet), or labels with embeddings and predictions (arrays). Where the file holds others it is a tar when "
        "its name ends in .tar, else a zip. The product must be running on this machine."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("project", help="name or number of the project")
        parser.add_argument("--snapshot", type=int, help="number of the snapshot (the newest)")
        parser.add_argument("--format", choices=Export.Format.values, default=Export.Format.IMAGE_FOLDER.value)
        parser.add_argument("--pictures", choices=Export.Pictures.values, default=Export.Pictures.ORIGINAL.value)
        parser.add_argument("--output", type=Path, required=True, help="the file to write; it must not be there yet")
        parser.add_argument("--user", help="in whose name (the project's creator)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Start the job, wait for it, and copy its file to the output; the server keeps no copy of its own."""
        project, output = find_project(options["project"]), _checked(options["output"])
        job = request_export(
            snapshot=_snapshot(project, options["snapshot"]),
            user=person(options["user"], project),
            format=options["format"],
            archive=Export.Archive.TAR if output.suffix == ".tar" else Export.Archive.ZIP,
            pictures=options["pictures"],
        )
        follow(job, self.stderr, "export")
        must_have_succeeded(job, "export")
        export = Export.objects.get(pk=job.result["export"])
        _copy(array_path(export.folder) / export.filename, output)
        remove_export(export=export)
        shown = {"output": str(output), "snapshot": export.snapshot_id, "bytes": export.bytes, "sha256": export.sha256}
        text = f"{output}: {export.bytes} bytes, SHA-256 {export.sha256}."
        self.stdout.write(json.dumps({"job": job.pk, "state": job.state} | shown) if options["json"] else text)


def _snapshot(project: Project, number: int | None) -> Snapshot:
    """Return the project's snapshot of that number, or its newest. Raises CommandError."""
    snapshots = Snapshot.objects.filter(project=project).order_by("-number")
    if number is not None:
        snapshots = snapshots.filter(number=number)
    elif not snapshots.exists():
        raise CommandError(f"{project.name} has no snapshot yet: make one with `annotator snapshot`.")
    snapshot = snapshots.first()
    if snapshot is None:
        raise CommandError(f"{project.name} has no snapshot {number}.")
    return snapshot


def _checked(output: Path) -> Path:
    """Return the absolute path of a file that can be written. Raises CommandError."""
    if output.exists():
        raise CommandError(f"There is already something at {output}.")
    if not output.absolute().parent.is_dir():
        raise CommandError(f"There is no folder {output.absolute().parent}.")
    if not os.access(output.absolute().parent, os.W_OK):
        raise CommandError(f"{output.absolute().parent} cannot be written.")
    return output.absolute()


def _copy(source: Path, target: Path) -> None:
    """Copy a file; it appears under its name only when it is whole. Raises CommandError."""
    draft = target.with_name(f"{target.name}.part")
    try:
        shutil.copyfile(source, draft)
        os.replace(draft, target)
    except OSError as error:
        raise CommandError(f"{target} could not be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
