"""One file from which a training run goes on as if nothing had happened, replaced as a whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save

Tensors = dict[str, torch.Tensor]


def save_checkpoint(path: Path, tensors: Mapping[str, torch.Tensor], state: Mapping[str, Any]) -> None:
    """Write tensors and a JSON state to `path` as one safetensors file: aside, synced, renamed.

    Whoever reads `path` meanwhile, or after a loss of power, finds the former file or this one, never a part.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_file(path, save(plain, metadata={"state": json.dumps(state)}))


def load_checkpoint(path: Path) -> tuple[Tensors, dict[str, Any]] | None:
    """What `save_checkpoint` wrote, on the CPU; None if there is no file."""
    if not path.exists():
        return None
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        return tensors, json.loads(file.metadata()["state"])


def write_file(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step that survives a loss of power."""
    aside = path.with_name(f"{path.name}.part")
    with aside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
