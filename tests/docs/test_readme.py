"""The README's configuration table lists exactly what the code reads, with the same defaults."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME = r"ANNOTATOR_[A-Z0-9_]+|DATABASE_URL|REDIS_URL"
FOR_TESTS_ALONE = {"ANNOTATOR_TEST_SQLITE"}
READ_BY_LIBRARIES = {"DATABASE_URL"}


def table() -> dict[str, str]:
    """Return the README's configuration rows: variable → default."""
    rows = re.findall(rf"^\| `({NAME})` \| ([^|]*) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {name: default.strip().strip("`") for name, default in rows}


def variables_read() -> set[str]:
    """Return every variable that the product's code names."""
    sources = [path for folder in ("annotator", "worker") for path in (ROOT / folder).rglob("*.py")]
    found = {name for path in sources for name in re.findall(rf'"({NAME})"', path.read_text(encoding="utf-8"))}
    return found - FOR_TESTS_ALONE | READ_BY_LIBRARIES


def plain_defaults() -> dict[str, str]:
    """Return the defaults that settings.py gives as plain texts in env.get(), words() or flag()."""
    found = {}
    for node in ast.walk(ast.parse((ROOT / "annotator" / "settings.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"env.get", "words", "flag"}:
            name, *default = node.args
            if isinstance(name, ast.Constant) and all(isinstance(value, ast.Constant) for value in default):
                unset = "off" if ast.unparse(node.func) == "flag" else "unset"
                text = str(default[0].value) if default else ""
                found[str(name.value)] = {"": unset, "True": "on", "False": "off"}.get(text, text)
    return found


def test_every_variable_is_in_the_table_and_the_table_names_no_other():
    assert set(table()) == variables_read()


@pytest.mark.parametrize("name", sorted(set(plain_defaults()) & variables_read()))
def test_the_table_gives_the_default_of(name):
    default = plain_defaults()[name]
    assert table()[name] == default or (default == "unset" and table()[name] not in {"on", "off"})
