"""The shape of the code: what may import what, and how long a file or a function may get."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
# From the ground up.
LAYERS = (
    *("common", "accounts", "projects", "events", "jobs", "images"),
    *("labeling", "curation", "snapshots", "modeling", "insights"),
)
PRODUCT = ("annotator", "worker")
HEAVY = ("torch", "torchvision", "timm", "faiss", "worker.ml")

# Asks every address once, as nobody and as a member, then tells which heavy modules were loaded on the way.
WALK = """
import re, sys
import django
django.setup()
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver
from annotator.accounts.services import create_user
from annotator.projects.services import create_project

call_command("migrate", verbosity=0)
user = create_user(username="walker", password="correct horse", is_admin=True)
project = create_project(user=user, name="walk", classes=[{"name": "cat"}])
known = {"project_id": project.pk, "class_id": project.classes.get().pk, "user_id": user.pk}
clients = [Client(), Client()]
clients[1].force_login(user, backend="django.contrib.auth.backends.ModelBackend")
visited = 0
for pattern in get_resolver().url_patterns:
    route = str(pattern.pattern)
    if route.startswith("^"):
        route = "somewhere"
    route = re.sub(r"<(\\w+):(\\w+)>", lambda part: str(known.get(part[2], 1)), route)
    for client in clients:
        for method in ("get", "post", "patch", "delete"):
            response = getattr(client, method)("/" + route, content_type="application/json")
            assert response.status_code != 500, (method, route)
            visited += 1
print(visited, *[name for name in sys.argv[1:] if name in sys.modules])
"""


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_foreign_key_points_upward():
    ours = {f"annotator.{name}": rank for rank, name in enumerate(LAYERS)}
    models = [model for model in apps.get_models() if model._meta.app_config.name in ours]
    upward = [
        f"{model.__name__}.{field.name} → {field.related_model.__name__}"
        for model in models
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete
        if ours.get(field.related_model._meta.app_config.name, -1) > ours[model._meta.app_config.name]
    ]

    assert len(models) > 15
    assert upward == []


def test_every_app_has_its_layer():
    assert {
        config.name.removeprefix("annotator.")
        for config in apps.get_app_configs()
        if config.name.startswith("annotator.")
    } == set(LAYERS)


def test_imports_go_one_way():
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_web_process_never_loads_the_machine_learning_side(tmp_path):
    env = {
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "annotator.settings",
        "ANNOTATOR_DATA_DIR": str(tmp_path),
        "ANNOTATOR_ALLOWED_HOSTS": "testserver",
        "ANNOTATOR_LOG_LEVEL": "CRITICAL",
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    walked = subprocess.run(
        [sys.executable, "-c", WALK, *HEAVY], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )

    assert walked.returncode == 0, walked.stderr
    visited, *loaded = walked.stdout.split()
    assert int(visited) > 200
    assert loaded == []


@pytest.mark.parametrize("folder", PRODUCT)
def test_imports_stand_at_the_top_of_a_file(folder):
    local = [
        f"{path.relative_to(ROOT)}:{node.lineno} in {function.name}"
        for path in sources(folder)
        for function in functions(ast.parse(path.read_text()))
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert local == []


def test_files_stay_short():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources(*PRODUCT, "tests")}

    assert [name for name, lines in lengths.items() if lines > 400] == []


def test_functions_stay_short():
    lengths = {
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}": function.end_lineno - function.lineno + 1
        for path in sources(*PRODUCT, "tests")
        for function in functions(ast.parse(path.read_text()))
    }

    assert [name for name, lines in lengths.items() if lines > 50] == []


def test_every_module_says_what_it_is_for():
    silent = [
        str(path.relative_to(ROOT))
        for path in sources(*PRODUCT)
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert silent == []
