"""What this host computes on: the device, and the number format in which it is both fast and faithful."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Compute:
    """A torch device and the dtype of the forward pass on it."""

    device: torch.device
    dtype: torch.dtype


def best_compute() -> Compute:
    """CUDA with fp16; else a CPU with native bfloat16 arithmetic in bf16; else fp32.

    Emulated bf16 is slower than fp32, so only CPUs with AVX-512-BF16 or AMX use it.
    """
    if torch.cuda.is_available():
        return Compute(torch.device("cuda"), torch.float16)
    if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported():
        return Compute(torch.device("cpu"), torch.bfloat16)
    return Compute(torch.device("cpu"), torch.float32)


def exact_compute() -> Compute:
    """The same device in fp32, in which a model is loaded; the engine finds out what is faster and as good."""
    return Compute(best_compute().device, torch.float32)


def describe_device() -> dict[str, Any]:
    """Plain JSON values about this host: kind, name, memory_gb, threads, precision."""
    compute = best_compute()
    if compute.device.type == "cuda":
        properties = torch.cuda.get_device_properties(0)
        name, memory = properties.name, properties.total_memory
    else:
        name, memory = cpu_name(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "kind": compute.device.type,
        "name": name,
        "memory_gb": round(memory / 2**30, 1),
        "threads": torch.get_num_threads(),
        "precision": str(compute.dtype).removeprefix("torch."),
    }


def cpu_name() -> str:
    """What the processor is called."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
