"""This worker process as the web sees it: its WorkerNode row, published at the start and kept fresh by a thread."""

from __future__ import annotations

import importlib
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from annotator.jobs import services
from annotator.jobs.models import QUEUE_OF, Queue
from annotator.jobs.selectors import WORKER_BEAT
from worker.handlers import handler_of

logger = logging.getLogger(__name__)


class Node:
    """A worker process; `name` is what it claims jobs under and is listed as."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.queue = ""
        self._stopped = threading.Event()

    def publish(self) -> None:
        """Write this process's row."""
        services.publish_worker(name=self.name, queue=self.queue, pid=os.getpid(), **describe(self.queue))

    def start(self, *, name: str, queue: str) -> None:
        """Publish the row, keep it fresh, and import the queue's handlers before the first ring."""
        self.name, self.queue = name, queue
        with _tolerant():
            self.publish()
        threading.Thread(target=self._keep_fresh, name="worker beat", daemon=True).start()
        for kind, its_queue in QUEUE_OF.items():
            if its_queue == queue:
                handler_of(kind)

    def stop(self) -> None:
        """Remove this process's row."""
        self._stopped.set()
        with _tolerant():
            services.forget_worker(name=self.name)

    def _keep_fresh(self) -> None:
        while not self._stopped.wait(WORKER_BEAT.total_seconds()):
            close_old_connections()
            with _tolerant():
                if not services.see_worker(name=self.name):  # a sweep forgot it, or the database was away before
                    self.publish()
        connection.close()


@contextmanager
def _tolerant() -> Iterator[None]:
    """Let a busy or absent database pass; the next beat tries again."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The database did not take this worker's row (%s); trying again at the next beat", error)


def describe(queue: str) -> dict[str, Any]:
    """Return device, presets and strategies of a worker. Importing torch, it is not for the `cpu` queue."""
    if queue == Queue.CPU:
        return {"device": {"kind": "cpu", "threads": os.cpu_count()}, "presets": [], "strategies": []}
    return {
        "device": importlib.import_module("worker.ml.device").describe_device(),
        "presets": describe_presets(),
        "strategies": [
            {"name": strategy.name, "title": strategy.title, "when": strategy.when}
            for strategy in importlib.import_module("worker.ml.strategies").REGISTRY.values()
        ],
    }


def describe_presets() -> list[dict[str, Any]]:
    """Return the backbones that the product offers: what they are, their weights on this host, how fast they are."""
    backbones = importlib.import_module("worker.ml.backbones")
    at_hand = set(backbones.weights_at_hand(settings.WEIGHTS_DIR))
    rates = importlib.import_module("worker.ml.rates").measured(settings.RATES_DIR)
    return [
        _preset(preset, preset.name in at_hand)
        | {
            "hub": backbones.hub_of(preset.name),
            "license": backbones.license_of(preset.name),
            "images_per_second": rates[preset.name].images_per_second if preset.name in rates else None,
        }
        for preset in backbones.PRESETS.values()
    ]


def _preset(preset: Any, at_hand: bool) -> dict[str, Any]:
    note = ""
    if not at_hand:
        place = "the weights folder" if settings.WEIGHTS_DIR else "a folder that ANNOTATOR_WEIGHTS_DIR names"
        note = f"Put {preset.name}.safetensors into {place}"
        note += "; else it is downloaded on first use." if settings.ALLOW_HUB else ", or set ANNOTATOR_ALLOW_HUB=1."
    return {
        "name": preset.name,
        "family": preset.family,
        "title": preset.title,
        "params_m": preset.params_m,
        "input_px": preset.input_px,
        "dim": preset.dim,
        "hardware": preset.hardware,
        "weights": "at_hand" if at_hand else "download" if settings.ALLOW_HUB else "missing",
        "available": at_hand or settings.ALLOW_HUB,
        "note": note,
    }
