"""What tests share in which a model is really trained: a tiny one, on pictures that it learns in seconds."""

from __future__ import annotations

import pytest
import torch

from annotator.projects.models import Project
from tests.worker.handlers.trainable import striped_project, tiny_weights


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """The folder of the tiny backbone's weights."""
    return tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def tiny_host(settings, weights):
    """Tiny weights at hand, and one thread: what waits for each other on a busy machine costs more than it brings."""
    settings.WEIGHTS_DIR = weights
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def stripes(data_dir, tiny_host) -> Project:
    """Labelled pictures of stripes: 24 to learn from, 6 to validate, 12 blind ones to test."""
    data_dir.joinpath("scratch").mkdir()
    return striped_project()
