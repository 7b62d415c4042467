"""What a simulated labeler knows: the true class of each image, from class folders or a CSV file."""

from __future__ import annotations

import csv
import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PICTURE_SUFFIXES = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp"),
    *(".tif", ".tiff", ".heic", ".heif", ".avif", ".ppm", ".pgm"),
}


class Truth:
    """Class names by source path, found again for an image by path, by unique file name or by content."""

    def __init__(self, by_path: dict[str, str], root: Path | None = None) -> None:
        """`by_path` maps a picture's posix path to its class; `root` is the folder that holds the files, if any."""
        self.by_path = by_path
        self.root = root
        counts = Counter(path.rsplit("/", 1)[-1] for path in by_path)
        self.by_name = {name: label for path, label in by_path.items() if counts[name := path.rsplit("/", 1)[-1]] == 1}
        self._by_content: dict[str, str] | None = None

    @property
    def classes(self) -> set[str]:
        """Every class name that occurs."""
        return set(self.by_path.values())

    def of(self, image: dict[str, Any]) -> str | None:
        """Return the class of an image as the API lists it, or None when nothing is known of it."""
        sources = [image["source"], *image.get("sources", [])]
        for source in sources:
            if source in self.by_path:
                return self.by_path[source]
        if self.root is not None:
            return self._content().get(content_hash(image))
        return next((label for source in sources if (label := self.by_name.get(source.rsplit("/", 1)[-1]))), None)

    def _content(self) -> dict[str, str]:
        """Hash the folder's files, once, and only when a path was not enough."""
        if self._by_content is None:
            assert self.root is not None
            self._by_content = {
                hashlib.sha256((self.root / path).read_bytes()).hexdigest(): label
                for path, label in self.by_path.items()
            }
        return self._by_content


def content_hash(image: dict[str, Any]) -> str:
    """Return the SHA-256 of an image's file, which its addresses contain: …/blobs/<sha256>/thumb."""
    return str(image["urls"]["thumb"]).rsplit("/", 2)[-2]


def read_truth(path: Path) -> Truth:
    """Read class folders (`class/file` or `split/class/file`) or a CSV with the columns path and label.

    Raises ValueError with one readable line.
    """
    if path.is_dir():
        truth = Truth(folder_labels(path), root=path)
    elif path.is_file():
        with path.open(newline="", encoding="utf-8-sig") as lines:
            truth = Truth(csv_labels(lines, str(path)))
    else:
        raise ValueError(f"There is no folder or file {path}.")
    if not truth.by_path:
        raise ValueError(f"{path} names no picture with a class.")
    return truth


def class_name(text: str) -> str:
    """Return a class name as projects store it: composed Unicode, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def folder_labels(root: Path) -> dict[str, str]:
    """Map each picture's path below `root` to the name of the folder that holds it."""
    return {
        file.relative_to(root).as_posix(): class_name(file.parent.name)
        for file in sorted(root.rglob("*"))
        if file.parent != root and file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()
    }


def csv_labels(lines: Iterable[str], name: str) -> dict[str, str]:
    """Read `path,label` rows. Raises ValueError when a column is missing."""
    table = csv.DictReader(lines)
    missing = {"path", "label"} - set(table.fieldnames or [])
    if missing:
        raise ValueError(f"{name} has no column {' and no column '.join(sorted(missing))}.")
    return {row["path"].strip(): class_name(row["label"]) for row in table if row["path"] and row["label"]}
