"""A seeded generator, and a backbone small enough to load and run in milliseconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from worker.ml.backbones import Backbone, load_backbone
from worker.ml.device import Compute

TINY = "test_efficientnet"  # timm's own miniature, 160 px


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def weights_folder(tmp_path_factory) -> Path:
    """A folder with weights for the tiny model, classifier included, as the hub publishes them."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    save_file(timm.create_model(TINY).state_dict(), folder / f"{TINY}.safetensors")
    return folder


@pytest.fixture(scope="session")
def tiny(weights_folder) -> Backbone:
    fp32 = Compute(torch.device("cpu"), torch.float32)
    return load_backbone(TINY, weights_folder=weights_folder, compute=fp32)
