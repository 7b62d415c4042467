"""`annotator import`: hand a folder or zip on this machine to the importer, and follow it."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.common.errors import DomainError
from annotator.images.models import ImportBatch
from annotator.images.services import create_batch, start_batch
from annotator.jobs.models import Job
from worker.management.commands.refresh import find_project
from worker.management.following import follow, must_have_succeeded, person

COUNTS = ("found", "imported", "duplicates", "rejected", "labelled", "conflicts")


class Command(BaseCommand):
    """Start an import of files that the workers can read, and show how far it is."""

    help = (
        "Import the pictures of a folder or zip. Class folders (class/file, split/class/file) can be taken as trusted "
        "labels or as suggestions; classes that the project lacks are made. The product must be running."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("project", help="name or number of the project")
        parser.add_argument("path", type=Path, help="a folder or a .zip file; it is read in place")
        parser.add_argument(
            "--labels", choices=ImportBatch.Labels.values, default="ignore", help="what class folders are (ignore)"
        )
        parser.add_argument("--name", default="", help="what the import is called (the name of the folder)")
        parser.add_argument("--user", help="in whose name (the project's creator)")
        wait = argparse.BooleanOptionalAction
        parser.add_argument("--wait", action=wait, default=True, help="follow the import to its end (the default)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Start the import; print what became of the files."""
        project = find_project(options["project"])
        path = _checked(options["path"])
        user = person(options["user"], project)
        name = options["name"] or path.name
        batch = create_batch(project=project, user=user, labels=options["labels"], name=name, source_path=str(path))
        try:
            job = start_batch(batch=batch, user=user)
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["wait"]:
            follow(job, self.stderr, "import")
        batch.refresh_from_db()
        counts = {count: getattr(batch, count) for count in COUNTS}
        if options["json"]:
            shown = {"import": batch.pk, "job": job.pk, "state": job.state, "counts": counts, "notices": batch.notices}
            self.stdout.write(json.dumps(shown))
        elif job.state in Job.ACTIVE:
            self.stdout.write(f"Import {batch.pk} is queued as job {job.pk}.")
        else:
            self._tell(batch, counts)
        must_have_succeeded(job, "import")

    def _tell(self, batch: ImportBatch, counts: dict[str, int]) -> None:
        parts = [f"{value} {name}" for name, value in counts.items() if value or name in ("imported", "rejected")]
        self.stdout.write(f"Import {batch.pk} “{batch.name}”: {', '.join(parts)}.")
        for notice in batch.notices:
            self.stdout.write(f"  {notice}")


def _checked(path: Path) -> Path:
    """Return the absolute path of something that can be imported. Raises CommandError."""
    if not path.exists():
        raise CommandError(f"There is no folder or zip {path}.")
    if path.is_file() and path.suffix.lower() != ".zip":
        raise CommandError(f"{path} is neither a folder nor a .zip file.")
    if not os.access(path, os.R_OK):
        raise CommandError(f"{path} cannot be read.")
    if path.is_dir() and not any(files for _, _, files in os.walk(path)):
        raise CommandError(f"{path} holds no files.")
    return path.resolve()
