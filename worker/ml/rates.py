"""How many images a second each backbone embeds on this machine: measured once, and kept in a folder of files."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from worker.ml.backbones import untrained
from worker.ml.device import describe_device
from worker.ml.engine import measure_rate

SECONDS = 3.0  # that a backbone is timed for
_LIBRARIES = ("torch", "timm", "onnxruntime", "openvino")


@dataclass(frozen=True)
class Rate:
    """What a measurement has found."""

    images_per_second: float
    measured_at: float  # seconds since 1970


def measure(name: str, *, seconds: float = SECONDS) -> float:
    """Images a second of a backbone on this host's device, files and decoding aside.

    How fast it is depends on its layers alone, so it runs with random weights, which nobody else gets to see, and
    those of presets that are not at hand need not be.

    Raises ValueError if timm knows no such model, or it cannot embed.
    """
    return measure_rate(untrained(name), seconds)


def measured(folder: Path) -> dict[str, Rate]:
    """What was measured on this machine with these versions of the libraries, by timm name."""
    found = {}
    for path in sorted(_place(folder).glob("*.json")):
        try:
            found[path.stem] = Rate(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):  # cut short, or of another version: it can be measured again
            continue
    return found


def note(folder: Path, name: str, images_per_second: float) -> Rate:
    """Keep what a measurement has found, in place of an earlier one."""
    rate = Rate(round(images_per_second, 1), time.time())
    place = _place(folder)
    place.mkdir(parents=True, exist_ok=True)
    draft = place / f"{uuid.uuid4().hex}.draft"
    draft.write_text(json.dumps(asdict(rate)))
    os.replace(draft, place / f"{name}.json")
    return rate


def _place(folder: Path) -> Path:
    """Where the rates of this machine are: another device or library has a folder of its own."""
    device = describe_device()
    about = {key: device[key] for key in ("kind", "name", "threads")}
    about |= {library: _version(library) for library in _LIBRARIES}
    return folder / hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""
