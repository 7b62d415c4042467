"""`annotator label-sim`: play a labeler over the HTTP API, to see what a strategy is worth on known data."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from worker.management.client import ApiError, Client
from worker.management.simulation import Plan, Simulation
from worker.management.truth import read_truth

COLUMNS = (
    ("labels", "labels"),
    ("decisions", "decisions"),
    ("looks", "looks"),
    ("head", "head"),
    ("holdout_accuracy", "hold-out acc."),
    ("holdout_macro_f1", "macro-F1"),
    ("all_accuracy", "all images"),
    ("labelling_seconds", "labelling s"),
    ("waiting_seconds", "waiting s"),
)


def checkpoints(text: str) -> tuple[int, ...]:
    """Read ascending positive whole numbers separated by commas."""
    numbers = tuple(int(word) for word in text.split(","))
    if numbers[0] < 1 or list(numbers) != sorted(set(numbers)):
        raise argparse.ArgumentTypeError("give ascending numbers above 0, such as 40,80,160")
    return numbers


def share(text: str) -> float:
    """Read a number from 0 up to, but without, 1."""
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError("give a share from 0 up to 1, such as 0.25")
    return value


class Command(BaseCommand):
    """Simulate a labeler on a project whose true labels are known."""

    help = "Play a labeler over the HTTP API with known labels, and print what the model learned at each checkpoint."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("project", help="name or number of the project; you must be its lead")
        parser.add_argument("--truth", type=Path, required=True, help="class folders, or a CSV with path,label")
        parser.add_argument(
            "--checkpoints", type=checkpoints, default="40,80,160,320", help="label counts to measure at"
        )
        parser.add_argument("--holdout", type=share, default=0.25, help="share of the images to measure on")
        parser.add_argument("--noise", type=share, default=0.0, help="chance of a wrong answer")
        parser.add_argument("--strategy", help="set the project's strategy first")
        parser.add_argument("--seed", type=int, default=0, help="for the hold-out and the noise")
        parser.add_argument(
            "--async", dest="wait", action="store_false", help="neither refresh nor wait at checkpoints"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the product runs")
        parser.add_argument("--user", help="sign in as this lead")
        parser.add_argument("--password", help="or ANNOTATOR_PASSWORD in the environment")
        parser.add_argument("--token", help="an API token instead, or ANNOTATOR_TOKEN in the environment")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the simulation and print its result."""
        try:
            truth = read_truth(options["truth"])
            client = connect(options["url"], options["user"], options["password"], options["token"])
            project = client.find_project(options["project"])
            plan = Plan(**{name: options[name] for name in Plan.__dataclass_fields__})
            result = Simulation(client, project, truth, plan, report=self.stderr.write).run()
        except (ApiError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(result) if options["json"] else as_table(result))


def connect(url: str, user: str | None, password: str | None, token: str | None) -> Client:
    """Return a client that is signed in with a password or carries a token. Raises ApiError."""
    client = Client(url)
    token = token or os.environ.get("ANNOTATOR_TOKEN")
    password = password or os.environ.get("ANNOTATOR_PASSWORD")
    if user and password:
        client.login(user, password)
    elif token:
        client.use_token(token)
    else:
        raise ApiError("Say who you are: --user with --password, or --token.")
    return client


def as_table(result: dict[str, Any]) -> str:
    """Lay the checkpoints out as lines of columns, with a heading."""
    heading = (
        f"{result['project']}: {result['images']} images, {result['holdout']} held out, "
        f"strategy {result['strategy']}, seed {result['seed']}"
    )
    lines = [[title for _, title in COLUMNS]]
    lines += [[cell(row[name]) for name, _ in COLUMNS] for row in result["rows"]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = ["  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join([heading, *table])


def cell(value: Any) -> str:
    """Return a number as people read it, or a dash."""
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
