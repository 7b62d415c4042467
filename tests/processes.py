"""Real processes for tests: they work on the test's own database file and folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]


def database_url() -> str:
    """Return the address of the test database."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    where = f"{quote(at['HOST'] or '', safe='')}:{at['PORT']}" if at["PORT"] else quote(at["HOST"] or "", safe="")
    return f"postgresql://{quote(at['USER'])}:{quote(at['PASSWORD'] or '')}@{where}/{at['NAME']}"


def environment(data: Path, **more: str) -> dict[str, str]:
    """Return an environment in which a child shares the test's database and the folders below `data`."""
    return {
        **os.environ,
        "ANNOTATOR_DATA_DIR": str(data),
        "ANNOTATOR_SECRET_KEY": "only for tests",
        "DATABASE_URL": database_url(),
        "PYTHONPATH": str(ROOT),
        **more,
    }


def start(*arguments: str, data: Path, **more: str) -> subprocess.Popen[str]:
    """Start `python <arguments>` on the test's database and folders; its output is in `data`/children.log."""
    with (data / "children.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment(data, **more),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            text=True,
        )
