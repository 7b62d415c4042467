"""`annotator run`: one part of the product in this process, for containers and other supervisors."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from annotator.celery import QUEUES
from worker.management.children import Program
from worker.management.supervisor import beat, lock_data_dir, web, worker

PARTS = ("web", *QUEUES, "beat")


class Command(BaseCommand):
    """Becomes the program that `annotator up` would start."""

    help = (
        "Run one part of the product: web, a worker, or beat. Each is there once or more often, but beat once. "
        "The database must be up to date (`annotator migrate`), and REDIS_URL must name a broker."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("part", choices=PARTS)
        parser.add_argument("--host", default="127.0.0.1", help="address that web listens on (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port of web (8000)")
        parser.add_argument("--workers", type=int, default=2, help="web processes (default: 2)")

    def handle(self, *_: Any, **options: Any) -> None:
        """Share the data directory with the other parts, so that nothing is restored under them; then become it."""
        data_dir = Path(settings.DATA_DIR)
        os.set_inheritable(lock_data_dir(data_dir, shared=True), True)
        _become(_program(**options))


def _program(*, part: str, host: str, port: int, workers: int, **_: Any) -> Program:
    programs: dict[str, Callable[[], Program]] = {
        "web": lambda: web(host, port, max(1, workers)),
        "beat": beat,
    }
    return programs[part]() if part in programs else worker(part)


def _become(program: Program) -> None:
    os.nice(program.niceness)
    os.execvpe(program.command[0], list(program.command), {**os.environ, **program.environment})  # noqa: S606
