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
PAGES = ("Page.tsx", "Settings.tsx", "Route.tsx")  # what else is loaded on demand comes after a page works


def initial_sizes(web: Path = WEB) -> dict[str, int]:
    """Return the gzipped bytes of the scripts that each page loads before it works, by the page's module.

    English words are in them; another language adds its own, some 25 kB.

    Raises:
        FileNotFoundError: the frontend is not built.
    """
    manifest: dict[str, Any] = json.loads((web / ".vite" / "manifest.json").read_text())
    size = {row["file"]: len(gzip.compress((web / row["file"]).read_bytes())) for row in manifest.values()}
    start = closure(manifest, ENTRY)
    pages = [name for name in manifest[ENTRY]["dynamicImports"] if name.endswith(PAGES)]
    return {page: sum(size[file] for file in start | closure(manifest, page)) for page in [ENTRY, *pages]}


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
