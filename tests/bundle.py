"""How much JavaScript a page needs before it works, from the manifest of the built frontend.

    python -m tests.bundle

Exits with 1 when a page is over its budget.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from tests.product import ROOT

WEB = ROOT / "annotator" / "web"
BUDGET = 250_000  # gzipped bytes
ENTRY = "index.html"
ALWAYS = "src/messages/"  # the words of one language come with every page: the larger file counts


def initial_sizes(web: Path = WEB) -> dict[str, int]:
    """Return the gzipped bytes of the scripts that each page loads at its start, by the page's module.

    Raises:
        FileNotFoundError: the frontend is not built.
    """
    manifest: dict[str, Any] = json.loads((web / ".vite" / "manifest.json").read_text())
    size = {row["file"]: len(gzip.compress((web / row["file"]).read_bytes())) for row in manifest.values()}
    start = closure(manifest, ENTRY)
    words = max(
        (size[row["file"]] for name, row in manifest.items() if name.startswith(ALWAYS) and row["file"] not in start),
        default=0,
    )
    pages = [name for name in reachable(manifest, ENTRY) if not name.startswith(ALWAYS)]
    return {
        page: words + sum(size[file] for file in start | closure(manifest, page) if file.endswith(".js"))
        for page in pages
    }


def closure(manifest: dict[str, Any], name: str) -> set[str]:
    """Return the files of a module and of all that it imports statically."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        row = manifest[waiting.pop()]
        if row["file"] not in found:
            found.add(row["file"])
            waiting += row.get("imports", [])
    return found


def reachable(manifest: dict[str, Any], name: str) -> list[str]:
    """Return the module and those that are loaded on demand from it."""
    return [name, *manifest[name].get("dynamicImports", [])]


def main() -> None:
    """Print the largest pages and the Label page; fail when one is over the budget."""
    sizes = initial_sizes()
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)
    for page in largest[:5]:
        print(f"{sizes[page] / 1000:6.1f} kB  {page}")
    over = [page for page in largest if sizes[page] > BUDGET]
    if over:
        sys.exit(f"More than {BUDGET // 1000} kB of gzipped JavaScript at the start of: {', '.join(over)}.")


if __name__ == "__main__":
    main()
