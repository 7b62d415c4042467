"""`annotator schedule`: list, add and remove what starts a project's training runs by itself."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.common.errors import DomainError
from annotator.modeling.api.schedules import show_schedules
from annotator.modeling.models import Preset, Schedule
from annotator.modeling.selectors import schedules_of
from annotator.modeling.services import create_schedule, remove_schedule
from annotator.projects.models import Project
from worker.management.commands.refresh import find_project
from worker.management.following import person


class Command(BaseCommand):
    """Lists, adds and removes schedules."""

    help = "What starts a project's training runs by itself: the clock, or every so many new or changed labels."

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the actions and their options."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="list | add | remove")
        listing = actions.add_parser("list", help="show schedules, when they are due next, and what came of them")
        adding = actions.add_parser("add", help="add a schedule, which begins now")
        removing = actions.add_parser("remove", help="remove a schedule; its runs stay")
        for action in (listing, adding, removing):
            action.add_argument("project", help="name or number of the project")
            action.add_argument("--json", action="store_true", help="print JSON")
        adding.add_argument("name", help="what the schedule is called")
        when = adding.add_mutually_exclusive_group(required=True)
        when.add_argument("--cron", default="", help="minute hour day-of-month month day-of-week: “30 2 * * *”")
        when.add_argument("--every-labels", type=int, help="after so many new or changed labels")
        adding.add_argument("--timezone", default="UTC", help="of the clock, such as Europe/Berlin (UTC)")
        adding.add_argument("--preset", choices=Preset.values, default=Preset.BALANCED, help="the recipe (balanced)")
        removing.add_argument("schedule", type=int, help="its number in the list")
        for action in (adding, removing):
            action.add_argument("--user", help="in whose name (the project's creator)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do what was asked and print the schedules that it concerns."""
        project = find_project(options["project"])
        try:
            rows = {"list": _list, "add": _add, "remove": _remove}[options["action"]](project, options)
        except DomainError as error:
            raise CommandError(error.message) from error
        shown = show_schedules(project, rows)
        if options["json"]:
            self.stdout.write(json.dumps(shown))
            return
        for row in shown:
            self.stdout.write(_line(row))


def _list(project: Project, _options: dict[str, Any]) -> list[Schedule]:
    return list(schedules_of(project))


def _add(project: Project, options: dict[str, Any]) -> list[Schedule]:
    by_labels = options["every_labels"] is not None
    schedule = create_schedule(
        project=project,
        user=person(options["user"], project),
        name=options["name"],
        kind=Schedule.Kind.LABELS if by_labels else Schedule.Kind.CRON,
        cron=options["cron"],
        timezone=options["timezone"],
        every_labels=options["every_labels"],
        preset=options["preset"],
    )
    return [schedule]


def _remove(project: Project, options: dict[str, Any]) -> list[Schedule]:
    schedule = schedules_of(project).filter(pk=options["schedule"]).first()
    if schedule is None:
        raise CommandError(f"{project.name} has no schedule {options['schedule']}.")
    remove_schedule(schedule=schedule, user=person(options["user"], project))
    return list(schedules_of(project))


def _line(row: dict[str, Any]) -> str:
    """Tell a schedule in one line."""
    by_clock = row["kind"] == Schedule.Kind.CRON
    when = f"{row['cron']} {row['timezone']}" if by_clock else f"every {row['every_labels']} labels"
    following = row["next_due"] or (f"{row['labels_left']} labels left" if row["enabled"] else "switched off")
    last = row["last"]
    came = f"; last {last['created_at']}: {last['outcome']} {last['values'].get('reason', '')}".rstrip() if last else ""
    return f"{row['id']}  {row['name']}: {when}, {row['preset']}; next: {following}{came}"
