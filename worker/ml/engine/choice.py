"""Finds out, once per machine and model, which way to run a backbone is fastest and as good as torch in fp32."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import psutil
import torch
from torch import nn

from worker.ml.backbones import Backbone
from worker.ml.device import cpu_name
from worker.ml.engine.backends import (
    TORCH,
    Backend,
    Features,
    Pixels,
    Prepared,
    TorchBackend,
    build,
    candidates,
    threads,
)

logger = logging.getLogger(__name__)

VERSION = 1  # of what is measured and how; a new one measures anew
MIN_COSINE = 0.99
MIN_AGREEMENT = 0.9
TIE = 0.01  # two pictures whose similarity to a third differs by less are equally near to it
EXACT_WINS = 1.15  # what is not exact must be this much faster
SAMPLE = 16  # pictures that a backend is judged on
MEASURE_SECONDS = 0.25  # per backend
PATIENCE = 3.0  # seconds after which no further backend is tried
KEPT_FILES = 4  # exported models in the cache folder
_MEMORY_SHARE = 0.125  # of the host's memory, for the activations of all lanes on a CPU
_GPU_SHARE = 0.5  # of the memory that is free on the GPU
_LIBRARIES = ("torch", "timm", "onnxruntime", "openvino")


@dataclass(frozen=True)
class Choice:
    """A backend and what is known about it; JSON values."""

    backend: str
    precision: str
    batch: int
    images_per_second: float | None = None  # of the forward pass alone, when it was measured
    mean_cosine: float = 1.0  # with the features of torch in fp32, on a few of the first pictures
    agreement: float = 1.0  # share of those pictures whose nearest one stays the same
    others: Mapping[str, str] = field(default_factory=dict)  # of each other way: its rate, or why it was not used
    why: str = ""

    @property
    def name(self) -> str:
        """ "ONNX Runtime fp32" and the like."""
        return f"{self.backend} {self.precision}"


Builder = Callable[[str, str], Backend]


def unmeasured(backbone: Backbone, why: str) -> Choice:
    """torch in the precision that the backbone was loaded in: right, if not fast."""
    precision = {torch.bfloat16: "bf16", torch.float16: "fp16"}.get(backbone.compute.dtype, "fp32")
    batch = fitting(TorchBackend(backbone, precision), activation_bytes(backbone))
    return Choice(TORCH, precision, batch, why=why)


def known(backbone: Backbone, cache: Path, *, compiled: bool = False) -> Choice | None:
    """What was found on this machine for this model before; None if nothing was, or it cannot be read."""
    try:
        return Choice(**json.loads((cache / f"{key(backbone, compiled)}.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def key(backbone: Backbone, compiled: bool = False) -> str:
    """A name for this model on this machine with these libraries."""
    device = backbone.compute.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
    parts = (
        *(VERSION, backbone.name, backbone.fingerprint, backbone.input_px, backbone.mean, backbone.std),
        *(str(backbone.compute.dtype), name, threads(), compiled, *map(_version, _LIBRARIES)),
    )
    return f"{backbone.name}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"


def onnx_file(backbone: Backbone, cache: Path) -> Path:
    """Where the cache keeps the exported model, whatever the machine has measured."""
    parts = (VERSION, backbone.fingerprint, backbone.input_px, backbone.mean, backbone.std, _version("torch"))
    return cache / f"{backbone.name}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}.onnx"


def find(backbone: Backbone, pixels: Pixels, cache: Path, *, compiled: bool = False) -> Choice:
    """Measure on up to SAMPLE real pictures, and remember; of two processes that measure at once the first one counts.

    pixels uint8 [n, px, px, 3].
    """
    path = onnx_file(backbone, cache)

    def builder(backend: str, precision: str) -> Backend:
        return build(backbone, backend, precision, path, compiled=compiled)

    found = measure(candidates(backbone), builder, pixels[:SAMPLE], activation_bytes(backbone))
    if found.backend == TORCH:
        path.unlink(missing_ok=True)
    _forget_old(cache)
    return _remember(found, cache / f"{key(backbone, compiled)}.json")


def measure(ways: list[tuple[str, str]], builder: Builder, pixels: Pixels, picture_bytes: int) -> Choice:
    """Try each way; the first is the reference, and what remains if nothing else is good enough.

    pixels uint8 [n, px, px, 3]; `picture_bytes` is what the activations of one picture take. Raises what the first
    way raises.
    """
    began = time.monotonic()
    reference = _Trial(builder(*ways[0]), *ways[0], pixels, picture_bytes)
    faithful, notes = [reference.choice(reference.features)], {}
    for backend, precision in ways[1:]:
        name = f"{backend} {precision}"
        if len(faithful) > 1 and time.monotonic() - began > PATIENCE:
            notes[name] = "not tried: there was no time left"
            continue
        try:
            trial = _Trial(builder(backend, precision), backend, precision, pixels, picture_bytes)
        except Exception as error:
            notes[name] = f"failed: {error}".splitlines()[0][:200]
            logger.info("%s does not run this model", name, exc_info=True)
            continue
        choice = trial.choice(reference.features)
        if choice.mean_cosine >= MIN_COSINE and choice.agreement >= MIN_AGREEMENT:
            faithful.append(choice)
        else:
            notes[name] = f"not faithful: mean cosine {choice.mean_cosine}, agreement {choice.agreement}"
    best = max(faithful, key=_merit)
    notes |= {each.name: f"{each.images_per_second} images/s" for each in faithful if each is not best}
    return Choice(**{**asdict(best), "others": notes, "why": "the fastest that is faithful"})


def _merit(choice: Choice) -> float:
    exact = choice.precision == "fp32"
    return (choice.images_per_second or 0) * (EXACT_WINS if exact else 1)


class _Trial:
    """One backend on the sample: its features, and how fast it makes them."""

    def __init__(self, backend: Backend, name: str, precision: str, pixels: Pixels, picture_bytes: int) -> None:
        self.name, self.precision = name, precision
        self.batch = batch = fitting(backend, picture_bytes)
        self.features = np.concatenate([backend.run(pixels[at : at + batch]) for at in range(0, len(pixels), batch)])
        self.rate = forward_rate(backend, pixels[:batch], MEASURE_SECONDS)
        backend.release()

    def choice(self, reference: Features) -> Choice:
        """What it would mean to choose this backend."""
        cosine, agreement = fidelity(self.features, reference)
        return Choice(self.name, self.precision, self.batch, round(self.rate, 1), round(cosine, 5), round(agreement, 3))


def forward_rate(backend: Backend, pixels: Pixels, seconds: float) -> float:
    """Pictures a second of the forward pass alone, all lanes busy for about `seconds`; pixels [b, px, px, 3]."""
    began = time.perf_counter()

    def lane(_: int) -> int:
        done = 0
        while not done or time.perf_counter() - began < seconds:
            backend.run(pixels)
            done += len(pixels)
        return done

    with ThreadPoolExecutor(backend.lanes, thread_name_prefix="measure") as pool:
        done = sum(pool.map(lane, range(backend.lanes)))
    return done / (time.perf_counter() - began)


def fidelity(features: Features, reference: Features) -> tuple[float, float]:
    """Mean cosine of rows [n, d] of unit length, and the share of pictures whose nearest other one stays the same.

    Features that are not finite have a cosine of -1.
    """
    if not np.isfinite(features).all():
        return -1.0, 0.0
    cosine = float((features * reference).sum(1).mean())
    if len(features) < 2:
        return cosine, 1.0
    mine, theirs = features @ features.T, reference @ reference.T
    for each in (mine, theirs):
        np.fill_diagonal(each, -np.inf)
    chosen = np.take_along_axis(theirs, mine.argmax(1)[:, None], 1)[:, 0]
    return cosine, float((chosen >= theirs.max(1) - TIE).mean())


def fitting(backend: Backend, picture_bytes: int) -> int:
    """The backend's batch, halved until the activations of all lanes fit the memory."""
    batch = backend.batch
    if isinstance(backend, TorchBackend) and backend.cuda:
        room = _GPU_SHARE * torch.cuda.mem_get_info(backend.device)[0]
    else:
        room = _MEMORY_SHARE * _host_memory()
    while batch > 1 and batch * backend.lanes * picture_bytes > room:
        batch //= 2
    return batch


def activation_bytes(backbone: Backbone) -> int:
    """About what one picture needs while it is computed: four times the largest activation in fp32 (what goes into a
    layer, what comes out, and room to work in).
    """
    largest = 0

    def look(_module: nn.Module, _inputs: object, output: object) -> None:
        nonlocal largest
        if isinstance(output, torch.Tensor):
            largest = max(largest, 4 * output.numel())

    px, device = backbone.input_px, backbone.compute.device
    handles = [module.register_forward_hook(look) for module in backbone.model.modules()]
    try:
        with torch.inference_mode():
            Prepared(backbone, backbone.model)(torch.zeros(1, px, px, 3, dtype=torch.uint8, device=device))
    finally:
        for handle in handles:
            handle.remove()
    return 4 * largest


def _host_memory() -> int:
    """Bytes that this process may use at most: the host's, or its control group's if that is less."""
    memory = int(psutil.virtual_memory().total)
    with suppress(OSError, ValueError):
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return memory


def _remember(choice: Choice, path: Path) -> Choice:
    """Write the choice unless another process was faster; return the one that counts."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(choice), indent=2))
    try:
        os.link(draft, path)
    except FileExistsError:
        try:
            return Choice(**json.loads(path.read_text()))
        except (ValueError, TypeError):  # half of a file, or that of an older version
            os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return choice


def _forget_old(cache: Path) -> None:
    """Delete all exported models but those that were used last; one is exported again when it is needed."""
    files = sorted(cache.glob("*.onnx"), key=lambda path: path.stat().st_mtime)
    for path in files[:-KEPT_FILES]:
        path.unlink(missing_ok=True)


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""
