"""What a training run tells while it learns: JSON lines for the product, event files for TensorBoard."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from worker.ml.checkpoint import write_file

METRICS = "metrics.jsonl"
EVENTS = "tensorboard"
Listener = Callable[[dict[str, Any]], None]


class Curves:
    """Appends lines to `metrics.jsonl` and the numbers in them to an event file beside it.

    A line has `kind` ("train", "validation" or "note"), `step` and `epoch`, and the values told.
    """

    def __init__(self, folder: Path, *, keep: int = 0, listener: Listener | None = None) -> None:
        """Go on after the first `keep` lines; what a killed attempt wrote after them is forgotten.

        `listener` is told each new line, too.
        """
        path = folder / METRICS
        lines = read_curves(folder)[:keep]
        write_file(path, "".join(f"{json.dumps(line)}\n" for line in lines).encode())
        self.count = len(lines)
        self._listener = listener
        self._file = path.open("a", buffering=1)
        shutil.rmtree(folder / EVENTS, ignore_errors=True)
        self._events = SummaryWriter(str(folder / EVENTS), flush_secs=10)
        for line in lines:
            self._draw(line)

    def __enter__(self) -> Curves:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._events.close()

    def tell(self, kind: str, step: int, epoch: int, **values: float | str) -> None:
        """Append one line."""
        line = {"kind": kind, "step": step, "epoch": epoch, **values}
        self._file.write(f"{json.dumps(line)}\n")
        self.count += 1
        self._draw(line)
        if self._listener is not None:
            self._listener(line)

    def _draw(self, line: dict[str, Any]) -> None:
        for name, value in line.items():
            if name in ("kind", "step", "epoch"):
                continue
            if isinstance(value, str):
                self._events.add_text(f"{line['kind']}/{name}", value, line["step"])
            else:
                self._events.add_scalar(f"{line['kind']}/{name}", value, line["step"])


def read_curves(folder: Path) -> list[dict[str, Any]]:
    """The whole lines of a run so far; a line that is being written is left for the next time."""
    path = folder / METRICS
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
