"""The ways to run a backbone: torch, ONNX Runtime and OpenVINO behind one call, pictures in, unit vectors out."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from torch import nn

from worker.ml.backbones import Backbone
from worker.ml.onnx_file import write_onnx

Pixels = npt.NDArray[np.uint8]  # [b, px, px, 3]
Features = npt.NDArray[np.float32]  # [b, dim], unit rows

TORCH, ONNX, OPENVINO = "torch", "ONNX Runtime", "OpenVINO"
MAX_LANES = 8
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_SOURCE, _RESULT = "pixels", "features"
# How ONNX Runtime, OpenVINO and torch on a CPU word it; none of them has a type of its own for it.
_OUT_OF_MEMORY = ("failed to allocate", "bad_alloc", "bad allocation", "can't allocate memory", "out of memory")


class Backend(Protocol):
    """One way to run one backbone; safe to call from `lanes` threads at once."""

    lanes: int  # batches that should be on their way at the same time
    batch: int  # pictures a batch at which it is about fastest

    def run(self, pixels: Pixels) -> Features:
        """The pictures' features."""

    def release(self) -> None:
        """Give back the memory that only running needs."""


class Prepared(nn.Module):
    """A backbone with the normalisation before it and the unit length behind it: uint8 [b, px, px, 3] -> fp32 [b, dim].

    Bytes go in, so that a batch is a quarter as large on its way, and each backend fuses the normalisation as it can.
    """

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, backbone: Backbone, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        std = torch.tensor(backbone.std, device=backbone.compute.device).view(1, 3, 1, 1)
        mean = torch.tensor(backbone.mean, device=backbone.compute.device).view(1, 3, 1, 1)
        self.register_buffer("scale", 1 / (255 * std))
        self.register_buffer("shift", -mean / std)
        self.dtype = next((each.dtype for each in model.parameters()), torch.float32)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        # [b, h, w, c] seen as [b, c, h, w] already has the channels-last layout.
        images = pixels.permute(0, 3, 1, 2).float() * self.scale + self.shift
        return nn.functional.normalize(self.model(images.to(self.dtype)).float(), dim=1)


class TorchBackend:
    """torch on the backbone's device, channels-last: fp32, bf16 weights on a CPU, autocast on a GPU."""

    def __init__(self, backbone: Backbone, precision: str, *, compiled: bool = False) -> None:
        self.device, self.dtype = backbone.compute.device, _DTYPES[precision]
        self.cuda = self.device.type == "cuda"
        model = backbone.model
        if not self.cuda and self.dtype != backbone.compute.dtype:
            model = copy.deepcopy(model).to(self.dtype)
        # On a GPU a second batch is copied while the first is computed; on a CPU torch's threads share one batch.
        self.lanes, self.batch = (2, 256) if self.cuda else (1, 32)
        self._model: Callable[[torch.Tensor], torch.Tensor] = Prepared(backbone, model).eval()
        if compiled:
            self._model = torch.compile(self._model, dynamic=True)
        self._own = threading.local()  # a CUDA stream for each thread

    def run(self, pixels: Pixels) -> Features:
        """The pictures' features. Raises torch.OutOfMemoryError."""
        source = torch.from_numpy(pixels)
        with torch.inference_mode():
            return self._on_gpu(source) if self.cuda else self._model(source).numpy()

    def release(self) -> None:
        """Empty the GPU's cache of free blocks."""
        if self.cuda:
            torch.cuda.empty_cache()

    def _on_gpu(self, source: torch.Tensor) -> Features:
        """Copy, compute and copy back on the thread's own stream, so that two threads overlap."""
        if not hasattr(self._own, "stream"):
            self._own.stream = torch.cuda.Stream(self.device)
        half = self.dtype != torch.float32
        with torch.cuda.stream(self._own.stream), torch.autocast("cuda", self.dtype, enabled=half):
            features = self._model(source.pin_memory().to(self.device, non_blocking=True))
            return features.cpu().numpy()


class OnnxBackend:
    """ONNX Runtime in fp32 on the CPU. Each lane runs a small batch of its own on few threads.

    Threads that work on pictures of their own need not wait for each other at every layer, and the activations of
    a small batch stay in the cache: on a busy machine that is half as fast again as all threads on one batch.
    """

    def __init__(self, path: Path) -> None:
        available = threads()
        self.lanes, self.batch = min(available, MAX_LANES), 8
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = available // self.lanes
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # A thread that spins while it waits takes the core from whoever decodes.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        _, height, width, channels = self._session.get_inputs()[0].shape
        self._blank = np.zeros((1, height, width, channels), np.uint8)

    def run(self, pixels: Pixels) -> Features:
        """The pictures' features."""
        return self._session.run([_RESULT], {_SOURCE: pixels})[0]

    def release(self) -> None:
        """Shrink the arena, which otherwise stays as large as it ever was; only a run can ask for that."""
        options = onnxruntime.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._session.run([_RESULT], {_SOURCE: self._blank}, options)


class OpenVinoBackend:
    """OpenVINO on the CPU, if somebody has installed it; its streams are the lanes."""

    def __init__(self, path: Path, precision: str) -> None:
        self.lanes, self.batch = min(threads(), MAX_LANES), 8
        options = {
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
            "INFERENCE_NUM_THREADS": threads(),
            "NUM_STREAMS": self.lanes,
        }
        self._compiled: Any = importlib.import_module("openvino").Core().compile_model(str(path), "CPU", options)
        self._own = threading.local()

    def run(self, pixels: Pixels) -> Features:
        """The pictures' features."""
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        return np.array(self._own.request.infer([pixels])[0], np.float32)

    def release(self) -> None:
        """Give back what the streams hold."""
        self._compiled.release_memory()


def build(backbone: Backbone, backend: str, precision: str, onnx_file: Path, *, compiled: bool = False) -> Backend:
    """Make a backend; `onnx_file` is written for those that read it unless it is there.

    Raises whatever a library raises that cannot run this model.
    """
    if backend == TORCH:
        return TorchBackend(backbone, precision, compiled=compiled)
    if not onnx_file.exists():
        export(backbone, onnx_file)
    return OnnxBackend(onnx_file) if backend == ONNX else OpenVinoBackend(onnx_file, precision)


def export(backbone: Backbone, path: Path) -> None:
    """Write the prepared backbone as ONNX, whole or not at all: `pixels` uint8 [batch, px, px, 3] -> `features`."""
    example = torch.zeros(2, backbone.input_px, backbone.input_px, 3, dtype=torch.uint8)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write_onnx(Prepared(backbone, backbone.model).eval(), example, draft, source=_SOURCE, result=_RESULT)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def candidates(backbone: Backbone) -> list[tuple[str, str]]:
    """Backend and precision of each way that this host offers; the first is the one that the others are held to."""
    if backbone.compute.device.type == "cuda":
        half = [(TORCH, "bf16")] if torch.cuda.is_bf16_supported() else []
        return [(TORCH, "fp32"), (TORCH, "fp16"), *half]
    bf16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    openvino = importlib.util.find_spec("openvino") is not None
    return [
        (TORCH, "fp32"),
        (ONNX, "fp32"),
        *([(OPENVINO, "fp32")] if openvino else []),
        *([(OPENVINO, "bf16")] if openvino and bf16 else []),
        *([(TORCH, "bf16")] if bf16 else []),
    ]


def threads() -> int:
    """How many threads this process may compute with: what OMP_NUM_THREADS says, within its affinity."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(torch.get_num_threads(), own))


def out_of_memory(error: Exception) -> bool:
    """Whether memory did not suffice, whichever library says so."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(sign in str(error).lower() for sign in _OUT_OF_MEMORY)
