"""Runs a backbone as fast as this machine can without changing what it says, and says how."""

from __future__ import annotations

import logging
import math
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from worker.ml.backbones import Backbone
from worker.ml.device import cpu_name
from worker.ml.engine import choice as choosing
from worker.ml.engine.backends import TORCH, Backend, Features, Pixels, build, out_of_memory, threads
from worker.ml.engine.choice import Choice

logger = logging.getLogger(__name__)

WORTH_MEASURING = 64  # pictures; with fewer torch is done before the alternatives are measured


class Engine:
    """A backbone and the fastest faithful way to run it, found at the first large set of pictures.

    `cache` is a folder where what was found is kept, so that every process of this machine computes the same bytes;
    without one the engine keeps it to itself. `compiled` lets torch.compile work on a GPU.
    """

    def __init__(self, backbone: Backbone, *, cache: Path | None = None, compiled: bool = False) -> None:
        self.backbone = backbone
        self._scratch = None if cache else tempfile.TemporaryDirectory(prefix="engine-")
        self.cache = cache or Path(self._scratch.name if self._scratch else "")
        self.compiled = compiled and backbone.compute.device.type == "cuda"
        self._choice: Choice | None = None
        self._backend: Backend | None = None
        self._final = False  # nothing better will be found
        self._limit: int | None = None  # pictures at a time, after memory did not suffice for more

    @property
    def name(self) -> str:
        """timm's name of the backbone."""
        return self.backbone.name

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return self.backbone.dim

    @property
    def short_side(self) -> int:
        """Pixels of a picture's short side of which the centre crop has the model's input size."""
        return math.ceil(self.backbone.input_px / self.backbone.crop_pct)

    @property
    def batch(self) -> int:
        """Pictures a batch."""
        return self._ready()[0].batch

    @property
    def lanes(self) -> int:
        """How many threads should call `run` at once."""
        return self._ready()[1].lanes

    def settled(self) -> bool:
        """Whether it is known how to run the backbone, so that `prepare` needs no pictures."""
        if not self._final:
            found = choosing.known(self.backbone, self.cache, compiled=self.compiled)
            if found is not None:
                self._use(found)
        return self._final

    def prepare(self, pixels: Pixels | None = None) -> None:
        """Decide how to run, unless that is settled: by measuring on some of the first pictures, uint8 [n, px, px, 3];
        without any, with torch for the time being.
        """
        if self.settled():
            return
        if self.backbone.compute.dtype != torch.float32:
            self._use(choosing.unmeasured(self.backbone, "the backbone was loaded in this precision"))
        elif pixels is not None:
            self.cache.mkdir(parents=True, exist_ok=True)
            self._use(choosing.find(self.backbone, pixels, self.cache, compiled=self.compiled))
        elif self._choice is None:
            self._use(choosing.unmeasured(self.backbone, "too few pictures to measure other ways"), final=False)

    def run(self, pixels: Pixels) -> Features:
        """Unit features fp32 [n, dim] of uint8 [n, px, px, 3].

        What does not fit the memory is halved, again and again. Raises the library's error if one picture does not fit.
        """
        backend = self._ready()[1]
        size = min(len(pixels), self._limit or len(pixels))
        parts, at = [], 0
        while at < len(pixels):
            try:
                parts.append(backend.run(pixels[at : at + size]))
            except Exception as error:
                if size == 1 or not out_of_memory(error):
                    raise
                size = self._limit = size // 2
                logger.warning("Not enough memory for %d pictures at a time; going on with %d", 2 * size, size)
                backend.release()
                continue
            at += size
        return np.concatenate(parts) if len(parts) != 1 else parts[0]

    def release(self) -> None:
        """Give back the memory that only running needs."""
        if self._backend is not None:
            self._backend.release()

    def describe(self) -> dict[str, Any]:
        """Plain JSON: device, processor, threads, lanes, and the Choice's fields under their names."""
        chosen, backend = self._ready()
        device = self.backbone.compute.device
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
        fields = asdict(chosen) | {"batch": min(chosen.batch, self._limit or chosen.batch)}
        return {
            "device": device.type,
            "processor": name,
            "threads": threads(),
            "lanes": backend.lanes,
            "compiled": self.compiled,
            "title": chosen.name,
            **fields,
        }

    def forward_rate(self, pixels: Pixels, seconds: float = 1.0) -> float:
        """Pictures a second of the forward pass alone on [batch, px, px, 3], all lanes busy for about `seconds`."""
        return choosing.forward_rate(self._ready()[1], pixels, seconds)

    def _ready(self) -> tuple[Choice, Backend]:
        if self._choice is None or self._backend is None:
            self.prepare()
        assert self._choice is not None
        assert self._backend is not None
        return self._choice, self._backend

    def _use(self, choice: Choice, *, final: bool = True) -> None:
        """Make the backend; one that fails here, although it worked before, gives way to torch."""
        try:
            backend = self._built(choice)
        except Exception as error:
            if choice.backend == TORCH:
                raise
            logger.warning("%s failed (%s); torch goes on", choice.name, error)
            choice = choosing.unmeasured(self.backbone, f"{choice.name} failed: {error}"[:200])
            backend = self._built(choice)
        self._choice, self._backend, self._final = choice, backend, final
        if final:
            logger.info("%s runs on %s", self.name, self.describe())

    def _built(self, choice: Choice) -> Backend:
        self.cache.mkdir(parents=True, exist_ok=True)
        path = choosing.onnx_file(self.backbone, self.cache)
        return build(self.backbone, choice.backend, choice.precision, path, compiled=self.compiled)


def measure_rate(backbone: Backbone, seconds: float = 1.0) -> float:
    """Pictures a second that this machine computes with the backbone, decoding left out: random pixels, the way that
    the engine chooses, all lanes busy for about `seconds`.
    """
    px = backbone.input_px
    pixels = np.random.default_rng(0).integers(0, 256, (choosing.SAMPLE, px, px, 3), np.uint8)
    engine = Engine(backbone)
    engine.prepare(pixels)
    return engine.forward_rate(pixels[: engine.batch], seconds)
