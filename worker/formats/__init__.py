"""One reader and writer per dataset format, found by name in the REGISTRY."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from worker.formats.folder import Entry, scan

Reader = Callable[[Path], Iterator[Entry]]

REGISTRY: dict[str, Reader] = {"folder": scan}
