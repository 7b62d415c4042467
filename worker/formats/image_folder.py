"""Pictures in folders, `split/class/file`, with manifest, checksums and dataset card: plain, or for Hugging Face."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from worker.formats.card import Card
from worker.formats.naming import picture_name
from worker.formats.packing import Archive
from worker.formats.tables import CsvTable, Record

MANIFEST, CLASSES, SUMS, README, PLOT = "manifest.csv", "classes.txt", "SHA256SUMS", "README.md", "balance.svg"
METADATA = "metadata.jsonl"


class ImageFolder:
    """Fills an archive with pictures, then with what describes them; use it in a with statement.

    Args:
        archive: being written; the caller closes it.
        scratch: a folder for texts that grow while pictures are added, so that they need no memory.
        folders: folder of each class, in class order.
        safe: makes a manifest's cell harmless to spreadsheets.
    """

    contents: tuple[tuple[str, str], ...] = (
        ("train/, validation/, test/", "the pictures, in a folder for each class"),
        (MANIFEST, "a row for each picture"),
        (CLASSES, "the classes, a line each, in order"),
        (SUMS, "checksums: sha256sum -c SHA256SUMS"),
        (PLOT, "the balance as a drawing"),
    )

    def __init__(self, archive: Archive, scratch: Path, folders: Mapping[str, str], safe: Callable[[Any], Any]) -> None:
        self._archive = archive
        self._scratch = scratch
        self._folders = folders
        self._opened = ExitStack()
        self._manifest = self._opened.enter_context(CsvTable(scratch / MANIFEST, safe))
        self._sums = self._opened.enter_context((scratch / SUMS).open("w", encoding="utf-8"))

    def __enter__(self) -> ImageFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def add(self, record: Record, path: Path, picture_format: str) -> Record:
        """Append a picture under a name of its own; return the record with the name and the SHA-256 of what was read.

        Raises:
            OSError: the picture cannot be read, or the archive cannot be written.
        """
        name = picture_name(record.source, record.position, picture_format)
        file = f"{record.split}/{self._folders[record.label]}/{name}"
        record = replace(record, file=file, sha256=self._put(file, path))
        self._manifest.add([record])
        return record

    def finish(self, card: Card) -> None:
        """Append what describes the pictures."""
        self._manifest.close()
        self._put(MANIFEST, self._scratch / MANIFEST, text=True)
        self._text(CLASSES, "".join(f"{' '.join(name.split())}\n" for name in self._folders))
        self._text(README, card.markdown())
        self._text(PLOT, card.svg())
        self._sums.close()
        self._archive.add(SUMS, self._scratch / SUMS, text=True)

    def _put(self, name: str, path: Path, *, text: bool = False) -> str:
        sha256 = self._archive.add(name, path, text=text)
        self._sums.write(f"{sha256}  {name}\n")
        return sha256

    def _text(self, name: str, text: str) -> None:
        path = self._scratch / name
        path.write_text(text, encoding="utf-8")
        self._put(name, path, text=True)


class HuggingFace(ImageFolder):
    """The same for the loader `imagefolder`: a `metadata.jsonl` inside each split, where that loader looks for it."""

    contents = (*ImageFolder.contents, (f"train/{METADATA} …", "the same rows for the loader imagefolder"))

    def __init__(self, archive: Archive, scratch: Path, folders: Mapping[str, str], safe: Callable[[Any], Any]) -> None:
        super().__init__(archive, scratch, folders, safe)
        self._metadata: dict[str, IO[str]] = {}

    def add(self, record: Record, path: Path, picture_format: str) -> Record:
        """Append a picture and its line in the split's metadata."""
        record = super().add(record, path, picture_format)
        split = record.split
        if split not in self._metadata:
            place = self._scratch / f"{split}-{METADATA}"
            self._metadata[split] = self._opened.enter_context(place.open("w", encoding="utf-8"))
        line = {
            "file_name": record.file.removeprefix(f"{split}/"),
            "label": record.label,
            "trust": record.trust,
            "origin": record.origin,
            "annotator": record.annotator,
            "suggestion": record.suggestion,
            "confidence": record.confidence,
            "source": record.source,
        }
        self._metadata[split].write(json.dumps(line, ensure_ascii=False) + "\n")
        return record

    def finish(self, card: Card) -> None:
        """Append the metadata of each split, then what describes them all."""
        for split, file in self._metadata.items():
            file.close()
            self._put(f"{split}/{METADATA}", self._scratch / f"{split}-{METADATA}", text=True)
        super().finish(card)
