"""The plots of a printed report: small inline SVG pictures, one for each row of a table, and lines over runs.

Little ink, no scripts, no colours that a grey print would lose: what differs by colour differs by shape, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 220, 16  # of a row's plot
LINES_WIDTH, LINES_HEIGHT, MARGIN = 220, 96, 24
Row = Mapping[str, Any]


def bar_scale(rows: Sequence[Row]) -> float:
    """Return the largest value that `bar` has to show."""
    return max(
        [1.0, *(max(row["target"], row["trusted"] + (row["high"] or row["predicted_raw"] or 0)) for row in rows)]
    )


def bar(row: Row, scale: float) -> SafeString:
    """Draw what is trusted as a bar, what the pool adds as a whisker with a dot, the target as a dashed line."""
    x = _placed(scale)
    parts = [format_html('<rect class="trusted" x="0" y="5" width="{}" height="6"/>', x(row["trusted"]))]
    if row["high"] is not None:
        low, mean, high = (x(row["trusted"] + row[end]) for end in ("low", "predicted", "high"))
        parts.append(_whisker(low, mean, high))
    if row["previous_trusted"] is not None:
        parts.append(format_html('<path class="before" d="M{} 2v12"/>', x(row["previous_trusted"])))
    if row["target"]:
        parts.append(format_html('<path class="target" d="M{} 0v16"/>', x(row["target"])))
    return _svg(parts, _bar_text(row))


def _bar_text(row: Row) -> str:
    pool = "" if row["high"] is None else f", {row['predicted']:g} ({row['low']} to {row['high']}) more in the pool"
    return f"{row['name']}: {row['trusted']} trusted{pool}, target {row['target']}"


def share_scale(rows: Sequence[Row]) -> float:
    """Return the largest share that `shares` has to show."""
    return max([0.01, *(row[end] for row in rows for end in ("labelled_share", "pool_high") if row[end] is not None)])


def shares(row: Row, scale: float) -> SafeString:
    """Draw the pool's share as a whisker with a dot, the labelled share as a square."""
    x = _placed(scale)
    parts = []
    if row["pool_share"] is not None:
        parts.append(_whisker(x(row["pool_low"]), x(row["pool_share"]), x(row["pool_high"])))
    if row["labelled_share"] is not None:
        parts.append(
            format_html('<rect class="labelled" x="{}" y="5" width="6" height="6"/>', x(row["labelled_share"]))
        )
    return _svg(parts, f"{row['name']}: labelled share against pool share")


def _whisker(low: float, mean: float, high: float) -> SafeString:
    path = f"M{low} 8H{high}M{low} 5v6M{high} 5v6"
    return format_html('<path class="whisker" d="{}"/><circle class="pool" cx="{}" cy="8" r="2.5"/>', path, mean)


def _placed(scale: float) -> Callable[[float], float]:
    return lambda value: round(value / scale * (WIDTH - 8), 1)


def _svg(parts: Sequence[SafeString], text: str) -> SafeString:
    inside = format_html_join("", "{}", ((part,) for part in parts))
    return format_html(
        '<svg viewBox="-1 0 {} {}" width="{}" height="{}" role="img"><title>{}</title>{}</svg>',
        WIDTH, HEIGHT, WIDTH, HEIGHT, text, inside,
    )  # fmt: skip


def trend_lines(points: Sequence[Row], key: str, title: str) -> SafeString:
    """Draw one number over the runs, with the first and last value written out; empty for fewer than two values."""
    known = [(number, point[key]) for number, point in enumerate(points) if point[key] is not None]
    if len(known) < 2:
        return SafeString()
    low, high = min(value for _, value in known), max(value for _, value in known)
    inner = LINES_HEIGHT - 2 * MARGIN

    def at(number: int, value: float) -> tuple[float, float]:
        up = (value - low) / (high - low) if high > low else 0.5
        across = MARGIN + number / max(len(points) - 1, 1) * (LINES_WIDTH - 2 * MARGIN)
        return round(across, 1), round(LINES_HEIGHT - MARGIN - up * inner, 1)

    places = [at(number, value) for number, value in known]
    dots = format_html_join("", '<circle class="pool" cx="{}" cy="{}" r="2"/>', places)
    ends = format_html_join(
        "",
        '<text x="{}" y="{}">{}</text>',
        ((*_above(places[end]), f"{known[end][1]:.10g}") for end in (0, -1)),
    )
    names = format_html_join(
        "",
        '<text class="run" x="{}" y="{}">{}</text>',
        ((places[end][0], LINES_HEIGHT - 4, _run_name(points[known[end][0]])) for end in (0, -1)),
    )
    return format_html(
        '<figure><figcaption>{}</figcaption><svg viewBox="0 0 {} {}" width="{}" height="{}" role="img">'
        '<title>{}</title><polyline class="line" points="{}"/>{}{}{}</svg></figure>',
        title, LINES_WIDTH, LINES_HEIGHT, LINES_WIDTH, LINES_HEIGHT, title,
        " ".join(f"{x},{y}" for x, y in places), dots, ends, names,
    )  # fmt: skip


def _above(place: tuple[float, float]) -> tuple[float, float]:
    return place[0], round(place[1] - 7, 1)


def _run_name(point: Row) -> str:
    return "now" if point["run"] is None else f"run {point['run']['number']}"
