"""A class-balance report as files: a table for spreadsheets, and one page of HTML that prints well.

The page is whole by itself: no scripts, no links to fetch, its plots are inline SVG.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from annotator.modeling.balance import plots

Report = Mapping[str, Any]
Row = Mapping[str, Any]
Cell = SafeString | str

COLUMNS = [
    "trusted", "certified", "labelled", "train", "validation", "test", "blind",
    "predicted_raw", "predicted", "low", "high", "target", "gap", "reach", "missing", "looks", "looks_random",
    "labelled_share", "pool_share", "pool_low", "pool_high", "bias", "sampled", "effective", "weight", "seen",
]  # fmt: skip
BEFORE = ["trusted", "certified", "predicted_raw", "predicted", "low", "high", "gap", "train"]
HEADER = ["class", *COLUMNS, *(f"previous_{name}" for name in BEFORE)]


def csv_rows(report: Report) -> list[list[Any]]:
    """Return a row under HEADER for each class; what is not known is empty."""
    return [
        [
            row["name"],
            *(_known(row[column]) for column in COLUMNS),
            *(_known((row["previous"] or {}).get(column)) for column in BEFORE),
        ]
        for row in report["classes"]
    ]


def _known(value: Any) -> Any:
    return "" if value is None else value


def title_of(report: Report, project: str) -> str:
    """Name a report, for a heading or a file."""
    run = report["run"]
    return f"{project} class balance" + (f", run {run['number']}" if run else "")


def html_page(report: Report, project: str) -> str:
    """Return the report as a page of its own."""
    title = title_of(report, project)
    sections = [
        _head(report, title),
        _summary(report),
        _counts(report),
        _needs(report),
        _bias(report),
        _splits(report),
        _trend(report),
        _plan(report),
    ]
    body = format_html_join("\n", "{}", ((section,) for section in sections if section))
    return format_html(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{}</title>'
        '<meta name="viewport" content="width=device-width"><style>{}</style></head><body>\n{}\n</body></html>\n',
        title, SafeString(STYLE), body,
    )  # fmt: skip


# Sections


def _head(report: Report, title: str) -> SafeString:
    made = parse_datetime(report["made_at"])
    facts = [f"{made:%Y-%m-%d %H:%M} UTC" if made else report["made_at"]]
    if report["snapshot"]:
        facts.append(f"snapshot {report['snapshot']['number']} ({report['snapshot']['name']})")
    if report["previous"]:
        facts.append(f"compared with run {report['previous']['run']['number']}")
    return format_html("<h1>{}</h1><p class=note>{}</p>", title, ", ".join(facts))


SUMMARY = [
    ("trusted", "Trusted pictures"),
    ("certified", "of them certified"),
    ("pool", "Pictures in the pool"),
    ("imbalance_ratio", "Imbalance, largest to smallest"),
    ("effective_number", "Effective classes, exp(entropy)"),
    ("entropy", "Normalised entropy"),
    ("below_target", "Classes below target"),
    ("unreachable", "of them beyond what the pool holds"),
    ("needed", "Labels needed"),
    ("skewed", "Classes sampled too often or too rarely"),
]


def _summary(report: Report) -> SafeString:
    now, before = report["summary"], report["summary_previous"] or {}
    rows = [[name, _number(now[key]), _number(before.get(key))] for key, name in SUMMARY]
    return _table("Summary", ["", "now", "previous run"], rows)


def _counts(report: Report) -> SafeString:
    rows = report["classes"]
    scale = plots.bar_scale(rows)
    lines = [
        [
            row["name"],
            plots.bar(row, scale),
            _beside(row, "trusted"),
            _beside(row, "certified"),
            _number(row["predicted_raw"]),
            _beside(row, "predicted"),
            _interval(row["low"], row["high"]),
            _beside(row, "gap"),
        ]
        for row in rows
    ]
    heads = ["Class", f"0 to {scale:,.0f} pictures", "Trusted", "Certified", "Predicted", "Corrected", "95 %",
             f"Gap to {report['target']:,}"]  # fmt: skip
    note = (
        "Bar: trusted. Dot and whisker: with what the pool holds by the corrected count. Dashed: target. "
        "Tick: the previous run, whose numbers are in brackets. "
    )
    return _table("What there is", heads, lines, note + report["correction"]["note"])


REACH = {"yes": "in the pool", "unsure": "perhaps in the pool", "no": "not in the pool", None: "not known"}


def _needs(report: Report) -> SafeString:
    rows = sorted((row for row in report["classes"] if row["needed"]), key=lambda row: -row["needed"])
    if not rows:
        return SafeString()
    lines = [
        [row["name"], _number(row["needed"]), REACH[row["reach"]], _number(row["missing"]),
         _number(row["looks"]), _number(row["looks_random"])]
        for row in rows
    ]  # fmt: skip
    heads = ["Class", "Labels needed", "They are", "To collect elsewhere", "Looks", "Looks in random order"]
    note = (
        "Looks: pictures that a person sees in the mean until the labels are given or the pool's are found, through "
        "what the head predicts as the class first."
    )
    return _table("What is needed", heads, lines, note)


SAMPLED = {"over": "too often", "under": "too rarely", "even": "", None: ""}


def _bias(report: Report) -> SafeString:
    rows = report["classes"]
    if all(row["bias"] is None for row in rows):
        return SafeString()
    scale = plots.share_scale(rows)
    lines = [
        [row["name"], plots.shares(row, scale), _percent(row["labelled_share"]), _percent(row["pool_share"]),
         _interval(_percent(row["pool_low"]), _percent(row["pool_high"])), _points(row["bias"]),
         SAMPLED[row["sampled"]]]
        for row in rows
    ]  # fmt: skip
    heads = ["Class", f"0 to {scale:.0%}", "Labelled", "Pool", "95 %", "Points", "Sampled"]
    note = (
        "Square: share of what was labelled. Dot and whisker: share of the pool. "
        "A square outside its whisker: sampled too often or too rarely."
    )
    return _table("What labelling favours", heads, lines, note)


def _splits(report: Report) -> SafeString:
    if report["splits"] is None:
        return SafeString()
    parts = list(report["splits"])
    lines = [
        [row["name"], *(_number(row[part]) for part in parts), _number(row["effective"]),
         _number(row["weight"]), _number(row["seen"])]
        for row in report["classes"]
    ]  # fmt: skip
    for key, name in (
        ("imbalance_ratio", "Imbalance"),
        ("effective_number", "Effective classes"),
        ("entropy", "Entropy"),
    ):
        lines.append([name, *(_number(report["splits"][part][key]) for part in parts), "", "", ""])
    note = (
        "Effective: what the trusted pictures are worth, since they overlap (Cui et al. 2019, β = 0.999). Weight: of a "
        "picture in the loss. Seen: how often a training picture comes in an epoch."
    )
    return _table("Splits of the snapshot", ["Class", *parts, "Effective", "Weight", "Seen"], lines, note)


def _trend(report: Report) -> SafeString:
    drawn = [
        plots.trend_lines(report["trend"], key, name)
        for key, name in SUMMARY
        if key in ("trusted", "pool", "imbalance_ratio", "effective_number")
    ]
    figures = format_html_join("", "{}", ((figure,) for figure in drawn if figure))
    return (
        format_html('<section><h2>Trend</h2><div class="figures">{}</div></section>', figures) if figures else figures
    )


def _plan(report: Report) -> SafeString:
    plan = report["plan"]
    if plan is None:
        return SafeString()
    heading = "What the run does about it" if report["run"] else "What a run with the preset balanced would do about it"
    said = format_html_join("", "<li>{}</li>", ((one,) for one in plan["sentences"]))
    return format_html("<section><h2>{}</h2><ul>{}</ul></section>", heading, said)


# Pieces


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], note: str = "") -> SafeString:
    head = format_html_join("", "<th scope=col>{}</th>", ((name,) for name in heads))
    body = format_html_join("\n", "<tr>{}</tr>", ((_cells(row),) for row in rows))
    return format_html(
        "<section><h2>{}</h2>{}<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></section>",
        title, format_html("<p class=note>{}</p>", note) if note else "", head, body,
    )  # fmt: skip


def _cells(row: Sequence[Cell]) -> SafeString:
    rest = format_html_join("", "<td>{}</td>", ((cell,) for cell in row[1:]))
    return format_html("<th scope=row>{}</th>{}", row[0], rest)


def _number(value: float | None) -> str:
    """Write a number with at most three decimals; a dash for what is not known."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")


def _beside(row: Row, key: str) -> str:
    now, before = (value if value is None else round(value) for value in (row[key], (row["previous"] or {}).get(key)))
    return _number(now) + ("" if before is None else f" ({_number(before)})")


def _interval(low: float | str | None, high: float | str | None) -> str:
    ends = [end if isinstance(end, str) else _number(end) for end in (low, high)]
    return "–" if "–" in ends else " to ".join(ends)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _points(share: float | None) -> str:
    return "–" if share is None else f"{round(100 * share, 1) + 0.0:+.1f}"  # the sum turns −0 into 0


STYLE = """
body{font:13px/20px system-ui,"Noto Sans",sans-serif;color:#1a1a1a;background:#fff;max-width:980px;margin:24px auto;
padding:0 16px;font-variant-numeric:tabular-nums}
h1{font-size:24px;line-height:28px;margin:0}h2{font-size:15px;margin:24px 0 4px}
.note,figcaption{color:#4c4c4c;font-size:12px;line-height:16px;margin:4px 0 8px}
table{border-collapse:collapse;width:100%}
th,td{text-align:right;padding:2px 0 2px 12px;border-bottom:1px solid #e4e4e4;font-weight:400;vertical-align:middle}
th:first-child{text-align:left;padding-left:0;overflow-wrap:anywhere;min-width:96px}td{white-space:nowrap}td:has(svg){text-align:left}
thead{display:table-header-group}thead th{color:#4c4c4c;font-size:11px;line-height:16px;vertical-align:bottom}
tr,figure,li{break-inside:avoid}h2{break-after:avoid}
svg{display:block;max-width:100%}svg text{font-size:10px;fill:#1a1a1a;text-anchor:middle}
.figures{display:flex;flex-wrap:wrap;gap:16px}figure{margin:0}
.trusted{fill:#2a5fd8}.whisker,.line{fill:none;stroke:#1a1a1a}.pool{fill:#1a1a1a}
.target{stroke:#1a1a1a;stroke-dasharray:2 2}.before{stroke:#646464;stroke-width:1.5}.labelled{fill:none;stroke:#2a5fd8;
stroke-width:1.5}.run{fill:#646464}
@media screen and (max-width:720px){table{display:block;overflow-x:auto}}
@media print{@page{size:A4;margin:14mm}body{max-width:none;margin:0;padding:0;font-size:9pt;line-height:1.35}
th,td{padding-left:6px}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
