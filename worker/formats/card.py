"""The dataset card of an export: what is in it, how it came to be, and how balanced it is, as Markdown and SVG."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

SPLITS = ("train", "validation", "test")
COLOURS = ("#3b6fd4", "#8fb3f0", "#f2a33a")
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ROW, BAR, TOP, LEFT, WIDTH = 24, 16, 40, 180, 760  # pixels


@dataclass(frozen=True)
class ClassCount:
    """A class, the folder of its pictures, and how many there are in each split."""

    name: str
    folder: str
    counts: tuple[int, int, int]

    @property
    def total(self) -> int:
        """Pictures in all splits."""
        return sum(self.counts)


@dataclass(frozen=True)
class Card:
    """What the card tells.

    Attributes:
        title: name of the project.
        classes: in class order.
        facts: (what, value) of the provenance table, in order.
        notes: sentences on what was left out or moved.
        contents: (file or folder, what it is).
    """

    title: str
    classes: Sequence[ClassCount]
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str] = field(default_factory=list)
    contents: Sequence[tuple[str, str]] = field(default_factory=list)

    def markdown(self) -> str:
        """Return the README."""
        totals = [sum(row.counts[n] for row in self.classes) for n in range(len(SPLITS))]
        rows: list[tuple[object, ...]] = [
            (_cell(row.name), _code(row.folder), *row.counts, row.total) for row in self.classes
        ]
        rows.append(("**all**", "", *totals, sum(totals)))
        name = json.dumps(self.title, ensure_ascii=False)
        parts = [
            f"---\npretty_name: {name}\ntask_categories:\n- image-classification\n---\n",
            f"# {_cell(self.title)}\n",
            f"{sum(totals):,} pictures in {len(self.classes)} classes.\n",
            "## Balance\n",
            "![Pictures by class and split](balance.svg)\n",
            _table(("class", "folder", *SPLITS, "total"), rows),
            "## Provenance\n",
            _table(("what", "value"), [(_cell(what), _cell(value)) for what, value in self.facts]),
            *[f"- {_cell(note)}" for note in self.notes],
            "\n## Contents\n",
            _table(("file", "what"), [(_code(file), _cell(what)) for file, what in self.contents]),
        ]
        return "\n".join(parts) + "\n"

    def svg(self) -> str:
        """Return a drawing of the classes as stacked bars, one colour a split; it stands alone."""
        most = max((row.total for row in self.classes), default=1) or 1
        height = TOP + ROW * len(self.classes) + 12
        room = WIDTH - LEFT - 80
        size = f'width="{WIDTH}" height="{height}"'
        font = 'font-family="sans-serif" font-size="12"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {WIDTH} {height}" {font} role="img">',
            "<title>Pictures by class and split</title>",
            f'<rect {size} fill="#ffffff"/>',
        ]
        for number, (split, colour) in enumerate(zip(SPLITS, COLOURS, strict=True)):
            x = LEFT + 110 * number
            parts.append(f'<rect x="{x}" y="12" width="12" height="12" fill="{colour}"/>')
            parts.append(f'<text x="{x + 18}" y="22" fill="#222222">{split}</text>')
        for number, row in enumerate(self.classes):
            parts += _bar(row, TOP + ROW * number, room / most)
        return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(row: ClassCount, top: int, scale: float) -> list[str]:
    """Draw one class at `scale` pixels a picture."""
    name = _NO_XML.sub("\ufffd", row.name if len(row.name) <= 24 else f"{row.name[:23]}…")
    middle = top + BAR - 4
    parts = [f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end" fill="#222222">{escape(name)}</text>']
    x = float(LEFT)
    for count, colour in zip(row.counts, COLOURS, strict=True):
        width = count * scale
        parts.append(f'<rect x="{x:.1f}" y="{top}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>')
        x += width
    parts.append(f'<text x="{x + 6:.1f}" y="{middle}" fill="#555555">{row.total:,}</text>')
    return parts


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def _cell(text: str) -> str:
    """Return text that is nothing but text in a Markdown table."""
    flat = " ".join(escape(text, quote=False).split())
    return "".join(f"\\{letter}" if letter in "|\\`*_[]" else letter for letter in flat)


def _code(text: str) -> str:
    return f"`{text}`"
