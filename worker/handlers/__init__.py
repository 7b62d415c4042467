"""What runs each kind of job: load, compute, save. Named by module, so that a worker imports only its own."""

import importlib
from collections.abc import Callable
from typing import Any

from annotator.jobs.models import JobKind

HANDLERS: dict[JobKind, str] = {
    JobKind.IMPORT: "worker.handlers.import_images",
    JobKind.EMBED: "worker.handlers.embed",
    JobKind.HEAD_REFRESH: "worker.handlers.head_refresh",
    JobKind.SNAPSHOT: "worker.handlers.snapshot",
    JobKind.EXPORT: "worker.handlers.export",
    JobKind.FIND_DUPLICATES: "worker.handlers.find_duplicates",
    JobKind.RETRACT: "worker.handlers.retract",
    JobKind.TRAIN: "worker.handlers.train",
    JobKind.PROMOTE: "worker.handlers.promote",
    JobKind.PREDICT: "worker.handlers.predict",
    JobKind.CHECK_TRIGGERS: "worker.handlers.check_triggers",
    JobKind.DELIVER_WEBHOOKS: "worker.handlers.deliver_webhooks",
    JobKind.COLLECT_GARBAGE: "worker.handlers.collect_garbage",
    JobKind.DELETE_PROJECT: "worker.handlers.delete_project",
    JobKind.CONTROL_ARM: "worker.handlers.control_arm",
    JobKind.MEASURE: "worker.handlers.measure",
    JobKind.NEIGHBOURS: "worker.handlers.neighbours",
}


def handler_of(kind: str) -> Callable[[Any], dict[str, Any]]:
    """Import and return the handler of a kind: `handle(ctx: JobContext) -> result`."""
    return importlib.import_module(HANDLERS[JobKind(kind)]).handle
