"""The demo's pictures: the npm package `emoji-datasource-google` laid out as class folders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LEFT_OUT = "Component"  # loose skin tones and hair, not pictures of anything


def emoji_files(package: Path) -> list[tuple[str, Path]]:
    """Return ("class/name.png", file) for every picture of the package, ordered by path.

    Raises ValueError when the folder does not hold the package.
    """
    catalogue = package / "emoji.json"
    if not catalogue.is_file():
        raise ValueError(f"{package} does not hold the npm package emoji-datasource-google (no emoji.json).")
    pictures = package / "img" / "google" / "64"
    found = [
        (f"{entry['category']}/{variant['image']}", pictures / variant["image"])
        for entry in json.loads(catalogue.read_text(encoding="utf-8"))
        if entry["category"] != LEFT_OUT
        for variant in variants(entry)
    ]
    return sorted((source, path) for source, path in found if path.is_file())


def variants(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the emoji itself and its skin tones, as far as they have a picture."""
    for variant in (entry, *entry.get("skin_variations", {}).values()):
        if variant.get("has_img_google"):
            yield variant
