"""`annotator refresh`: train a new head on the labels so far, re-score the pool and pick the next round."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.jobs.models import Job
from annotator.labeling.services import request_refresh
from annotator.projects.models import Project


class Command(BaseCommand):
    """Ask for a head refresh, and wait for it unless told otherwise."""

    help = "Train a new head on the labels so far, re-score the pool and pick the next round. A worker must be running."

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("project", help="name or number of the project")
        parser.add_argument("--no-wait", action="store_true", help="only ask; do not wait for the result")
        parser.add_argument("--timeout", type=float, default=600, help="seconds to wait at most (600)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Enqueue the job and print how it ended."""
        job = request_refresh(project=find_project(options["project"]))
        if not options["no_wait"]:
            job = wait_for(job, options["timeout"])
        if job.state == Job.State.FAILED:
            raise CommandError(f"The refresh failed: {job.error_message}")
        shown = {"job": job.pk, "state": job.state, "result": job.result}
        self.stdout.write(json.dumps(shown) if options["json"] else f"Refresh (job {job.pk}) {job.state}.")


def find_project(name_or_id: str) -> Project:
    """Return the project of that name or number. Raises CommandError."""
    there = Project.objects.filter(deleted_at=None)
    project = there.filter(name=name_or_id).order_by("id").first()
    if project is None and name_or_id.isdecimal():
        project = there.filter(pk=int(name_or_id)).first()
    if project is None:
        raise CommandError(f"There is no project {name_or_id!r}.")
    return project


def wait_for(job: Job, seconds: float) -> Job:
    """Wait until the job has ended. Raises CommandError when it takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while job.state in Job.ACTIVE:
        if time.monotonic() > deadline:
            raise CommandError(f"The refresh has not ended after {seconds:.0f} seconds: is a worker running?")
        time.sleep(0.1)
        job.refresh_from_db()
    return job
