"""`annotator verify-sim`: play a labeler who confirms whole pages, to see what that is worth on known data."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from worker.management.client import ApiError
from worker.management.commands.label_sim import connect, share
from worker.management.simulation import Plan, Simulation
from worker.management.truth import read_truth
from worker.management.verifying import Verifying, VerifyPlan

LEAST, MOST = 12, 120
FACTS = (
    ("pages", "pages"),
    ("labels", "labels on them"),
    ("correct", "of them correct"),
    ("correct_per_decision", "correct labels a decision"),
    ("suggestion_error", "suggestions that were wrong"),
    ("label_error", "labels that are wrong"),
    ("expected_error", "miss rate × wrong suggestions"),
    ("planted", "planted pictures"),
    ("planted_missed", "of them missed"),
)
EFFORT = (("decisions", "decisions"), ("looks", "looks"), ("minutes", "minutes, modelled"))


def page_size(text: str) -> int:
    """Read how many pictures a page shows."""
    size = int(text)
    if not LEAST <= size <= MOST:
        raise argparse.ArgumentTypeError(f"give a size from {LEAST} to {MOST}")
    return size


class Command(BaseCommand):
    """Simulate a labeler on the Verify page of a project whose true labels are known."""

    help = (
        "Label some pictures one by one, verify the confident share of the pool in pages, and print labels, errors and "
        "effort against labelling the same pictures one by one. Minutes come from the keystroke-level model, with a "
        "quarter of a second for a glance at each picture of a page."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("project", help="name or number of the project; you must be its lead")
        parser.add_argument("--truth", type=Path, required=True, help="class folders, or a CSV with path,label")
        parser.add_argument("--labels", type=int, default=160, help="labels to give one by one first; may be 0")
        parser.add_argument("--share", type=share, default=0.5, help="share of the pool to verify, the likeliest first")
        parser.add_argument("--size", type=page_size, default=60, help="pictures a page")
        parser.add_argument("--adaptive", action="store_true", help="let measured errors choose the pages instead")
        parser.add_argument("--miss", type=share, default=0.0, help="share of the wrong pictures that go unseen")
        parser.add_argument("--seed", type=int, default=0, help="for what is left to chance")
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the product runs")
        parser.add_argument("--user", help="sign in as this lead")
        parser.add_argument("--password", help="or ANNOTATOR_PASSWORD in the environment")
        parser.add_argument("--token", help="an API token instead, or ANNOTATOR_TOKEN in the environment")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the simulation and print its result."""
        try:
            result = self._simulate(options)
        except (ApiError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(result) if options["json"] else as_text(result))

    def _simulate(self, options: dict[str, Any]) -> dict[str, Any]:
        truth = read_truth(options["truth"])
        client = connect(options["url"], options["user"], options["password"], options["token"])
        project = client.find_project(options["project"])
        project = client.patch(f"/api/projects/{project['id']}", {"verify_adaptive": options["adaptive"]})
        checkpoints = (options["labels"],) if options["labels"] > 0 else ()
        labelled = Simulation(client, project, truth, Plan(checkpoints=checkpoints, holdout=0.0, seed=options["seed"]))
        labelled.run()
        size = None if options["adaptive"] else options["size"]
        plan = VerifyPlan(share=options["share"], size=size, miss=options["miss"], seed=options["seed"])
        return Verifying(labelled, plan, report=self.stderr.write).run()


def as_text(result: dict[str, Any]) -> str:
    """Lay the result out as lines of a name and a number, and effort against labelling one by one."""
    size = "adaptive pages" if result["adaptive"] else f"pages of {max(result['sizes'], default=0)}"
    lines = [f"{result['project']}: {size}, {result['miss']:.0%} of the mistakes overlooked"]
    lines += [f"{title:>32}  {result[name]}" for name, title in FACTS]
    lines += [f"{'':>32}  {'Verify':>10}{'Label':>10}"]
    verify, single = result["verify"], result["label_mode"]
    lines += [f"{title:>32}  {verify[name]:>10}{single[name]:>10}" for name, title in EFFORT]
    return "\n".join(lines)
