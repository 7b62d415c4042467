"""The ways to run a backbone: which there are, and what the model gets to see."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from worker.ml.engine.backends import OPENVINO, TORCH, Prepared, TorchBackend, candidates, threads
from worker.ml.engine.choice import fitting


def test_a_gpu_offers_autocast_and_its_own_batch(tiny, monkeypatch):
    """Without a GPU only what is decided before it is asked can be looked at."""
    cuda = replace(tiny, compute=replace(tiny.compute, device=torch.device("cuda")))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert candidates(cuda) == [(TORCH, "fp32"), (TORCH, "fp16"), (TORCH, "bf16")]
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1 << 20, 1 << 20))
    backend = TorchBackend.__new__(TorchBackend)
    backend.cuda, backend.device, backend.lanes, backend.batch = True, torch.device("cuda"), 2, 256
    assert fitting(backend, 1 << 12) == 64


def test_openvino_is_a_way_where_it_is_installed(tiny, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: SimpleNamespace() if name == "openvino" else None)
    assert (OPENVINO, "fp32") in candidates(tiny)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert not any(backend == OPENVINO for backend, _ in candidates(tiny))


def test_normalisation_is_timms(tiny, rng):
    pixels = rng.integers(0, 256, (2, tiny.input_px, tiny.input_px, 3), np.uint8)
    seen = []
    probe = nn.Module()
    probe.forward = lambda images: seen.append(images) or images.flatten(1)
    Prepared(tiny, probe)(torch.from_numpy(pixels))
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (tiny.mean, tiny.std))
    expected = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - mean) / std
    assert torch.allclose(seen[0], expected, atol=1e-5)
    assert seen[0].is_contiguous(memory_format=torch.channels_last)


def test_threads_follow_what_the_process_was_given(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 5, 7}, raising=False)
    assert threads() == 3
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert threads() == 1
