"""Fixtures for backups: an installation of the test's own, and the two commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from annotator.projects.models import Project
from tests.annotator.images.arrivals import store_scores
from tests.factories import make_project
from tests.worker.management.installation import add_picture


@pytest.fixture
def data(settings, tmp_path) -> Iterator[Path]:
    """A data directory of the test's own; tables that a restore has moved aside are dropped in the end."""
    settings.DATA_DIR = tmp_path / "data"
    for name in ("blobs", "arrays", "inbox", "scratch"):
        setattr(settings, f"{name.removesuffix('s').upper()}_DIR", settings.DATA_DIR / name)
    local = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(settings.BLOB_DIR)},
    }
    settings.STORAGES = settings.STORAGES | {"default": local}
    settings.DATA_DIR.mkdir()
    (settings.DATA_DIR / "secret.key").write_text(settings.SECRET_KEY)
    yield settings.DATA_DIR
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'before_restore_%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP SCHEMA "{name}" CASCADE')


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "backup.tar"


@pytest.fixture
def run(capsys) -> Callable[..., dict[str, Any]]:
    """Run a command; return what it prints as JSON."""

    def run_(*args: Any) -> dict[str, Any]:
        capsys.readouterr()
        call_command(*map(str, args), "--json")
        return dict(json.loads(capsys.readouterr().out))

    return run_


@pytest.fixture
def project(data, tmp_path) -> Project:
    """A project with two pictures and scores."""
    project = make_project()
    for _ in range(2):
        add_picture(project, tmp_path)
    store_scores(project, [[("cat", 0.9)], [("dog", 0.8)]], kind="import")
    return project
