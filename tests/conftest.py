"""Fixtures that all tests share: a data directory of their own, and signed-in API clients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from rest_framework.test import APIClient

from annotator.accounts.models import User

hypothesis.settings.register_profile("busy machine", deadline=None)  # how long an example takes proves nothing here
hypothesis.settings.load_profile("busy machine")


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings) -> Path:
    """Give every test its own blobs, arrays, inbox and scratch folder."""
    for name in ("blobs", "arrays", "inbox", "scratch"):
        setattr(settings, f"{name.rstrip('s') if name in ('blobs', 'arrays') else name}_DIR".upper(), tmp_path / name)
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "blobs")},
        }
    }
    return tmp_path


@pytest.fixture(autouse=True)
def silent_doorbell(monkeypatch) -> list[int]:
    """Collect the ids of jobs that were rung instead of reaching for a broker."""
    rung: list[int] = []
    monkeypatch.setattr("annotator.jobs.services.ring", lambda job: rung.append(job.pk))
    return rung


@pytest.fixture
def client_for() -> Callable[[User | None], APIClient]:
    """Return a maker of API clients signed in as a person (or nobody)."""

    def make(user: User | None = None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make
