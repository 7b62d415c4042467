"""`annotator up`: the whole product on this host, until it is stopped."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand

from worker.management.supervisor import Supervisor


class Command(BaseCommand):
    """Starts broker, workers, beat and web, and prints the address when all is ready."""

    help = "Run the whole product on this host: broker, workers and web, until Ctrl-C or SIGTERM."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port of the web page; 0 picks a free one (8000)")
        parser.add_argument("--workers", type=int, default=2, help="web processes (default: 2)")
        parser.add_argument("--no-input", action="store_true", help="migrate a database in use without asking")

    def handle(self, *_: Any, **options: Any) -> None:
        """Run until stopped."""
        supervisor = Supervisor(
            host=options["host"], port=options["port"], web_processes=max(1, options["workers"]), say=self._say
        )
        asks = sys.stdin.isatty() and not options["no_input"]
        supervisor.open(may_migrate=self._may_migrate if asks else None)
        supervisor.run()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _may_migrate(self, pending: int) -> bool:
        answer = input(f"The database is of an earlier version ({pending} migrations). Bring it up to date now? [Y/n] ")
        return answer.strip().lower() in {"", "y", "yes"}
