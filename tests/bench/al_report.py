"""What curves of accuracy by labels say about strategies: area, rank, labels needed, and significance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata, ttest_rel

SMALLEST, LARGEST = 0.25, 2.0  # bounds of the share of labels needed
ALPHA = 0.05
MOST_LABELS = 0.6  # of random's that the default may need
BEFORE = 2  # points of a curve that lie before the grid

Curves = Mapping[str, Mapping[str, Sequence["Curve"]]]  # set -> strategy -> a curve for each seed


@dataclass
class Curve:
    """Accuracy of the head after each step."""

    labels: list[int] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    macro_f1: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # that each choice took

    def add(self, labels: int, accuracy: float, macro_f1: float, seconds: float) -> None:
        """Add a step."""
        self.labels.append(labels)
        self.accuracy.append(accuracy)
        self.macro_f1.append(macro_f1)
        self.seconds.append(seconds)


def labels_needed(labels: Sequence[float], accuracy: Sequence[float], wanted: float) -> float:
    """Labels at which a curve first reaches an accuracy, interpolated in log labels; infinite if it never does."""
    for step, reached in enumerate(accuracy):
        if reached >= wanted:
            if step == 0:
                return labels[0]
            share = (wanted - accuracy[step - 1]) / (reached - accuracy[step - 1])
            low, high = np.log(labels[step - 1]), np.log(labels[step])
            return float(np.exp(low + share * (high - low)))
    return float("inf")


def share_of_labels(curve: Curve, baseline: Curve) -> float:
    """Labels that `curve` needs for the baseline's accuracy at each point of the grid, as a share of the baseline's:
    clipped, geometric mean."""
    points = zip(baseline.labels[BEFORE:], baseline.accuracy[BEFORE:], strict=True)
    shares = [labels_needed(curve.labels, curve.accuracy, accuracy) / labels for labels, accuracy in points]
    return float(np.exp(np.log(np.clip(shares, SMALLEST, LARGEST)).mean()))


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean over the seeds."""
    values = [
        np.mean([getattr(curve, name) for curve in curves], axis=0) for name in ("accuracy", "macro_f1", "seconds")
    ]
    return Curve(curves[0].labels, *(value.tolist() for value in values))


def area(labels: Sequence[int], values: Sequence[float]) -> float:
    """Mean height of a curve over log labels, on the grid."""
    steps = np.log(labels[BEFORE:])
    return float(np.trapezoid(values[BEFORE:], steps) / (steps[-1] - steps[0]))


def holm(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Holm's (1979) adjusted p-values [n], in the order given."""
    p = np.asarray(p_values, float)
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p)))).clip(max=1)
    result = np.empty(len(p))
    result[order] = adjusted
    return result


def summarise(found: Curves, baseline: str = "random") -> dict[str, Any]:
    """{"sets": set -> strategy -> its numbers, "strategies": strategy -> its numbers over all sets}."""
    sets = {name: _of_set(curves, baseline) for name, curves in found.items()}
    names = list(next(iter(found.values())))
    strategies = {}
    for name in names:
        rows = [strategy[name] for strategy in sets.values()]
        overall = {key: float(np.mean([row[key] for row in rows])) for key in ("rank", "area", "area_f1", "seconds")}
        if baseline in names:
            overall["labels_needed"] = float(np.mean([row["labels_needed"] for row in rows]))
            overall |= _against(found, name, baseline)
        strategies[name] = overall
    return {"sets": sets, "strategies": strategies}


def _of_set(curves: Mapping[str, Sequence[Curve]], baseline: str) -> dict[str, dict[str, Any]]:
    ranks = _ranks({name: np.array([curve.accuracy[BEFORE:] for curve in runs]) for name, runs in curves.items()})
    result = {}
    for name, runs in curves.items():
        mean = mean_curve(runs)
        row: dict[str, Any] = {
            "labels": mean.labels[BEFORE:],
            "accuracy": mean.accuracy[BEFORE:],
            "macro_f1": mean.macro_f1[BEFORE:],
            "area": area(mean.labels, mean.accuracy),
            "area_f1": area(mean.labels, mean.macro_f1),
            "rank": ranks[name],
            "seconds": sum(mean.seconds),
        }
        if baseline in curves:
            row["labels_needed"] = share_of_labels(mean, mean_curve(curves[baseline]))
        result[name] = row
    return result


def _ranks(accuracy: Mapping[str, npt.NDArray[np.float64]]) -> dict[str, float]:
    """Mean rank of each strategy over seeds and points of the grid; 1 is best, equals share theirs."""
    ranks = rankdata(-np.array(list(accuracy.values())), axis=0).mean(axis=(1, 2))
    return dict(zip(accuracy, ranks.tolist(), strict=True))


def _against(found: Curves, name: str, baseline: str) -> dict[str, int]:
    """At how many of all points a strategy is significantly below and above the baseline.

    Paired t-tests over the seeds, Holm's correction over the points.
    """
    below, above = [], []
    for curves in found.values():
        ours, theirs = (np.array([curve.accuracy[BEFORE:] for curve in curves[who]]) for who in (name, baseline))
        for point in range(ours.shape[1]):
            difference = ours[:, point] - theirs[:, point]
            if np.ptp(difference) < 1e-12:  # no spread to test against
                below.append(float(difference[0] >= 0))
                above.append(float(difference[0] <= 0))
                continue
            below.append(float(ttest_rel(ours[:, point], theirs[:, point], alternative="less").pvalue))
            above.append(float(ttest_rel(ours[:, point], theirs[:, point], alternative="greater").pvalue))
    return {
        "points": len(below),
        "below": int((holm(below) < ALPHA).sum()),
        "above": int((holm(above) < ALPHA).sum()),
    }


def broken_bounds(summary: Mapping[str, Any], default: str) -> list[str]:
    """What the default strategy promises and does not hold."""
    overall = summary["strategies"]
    own = overall[default]
    broken = [
        f"{name} has the better mean rank, {row['rank']:.2f} against {own['rank']:.2f}"
        for name, row in overall.items()
        if name != default and row["rank"] < own["rank"]
    ]
    if own["below"]:
        broken.append(f"{default} is significantly below random at {own['below']} of {own['points']} points")
    if own["labels_needed"] > MOST_LABELS:
        broken.append(f"{default} needs {own['labels_needed']:.0%} of random's labels, more than {MOST_LABELS:.0%}")
    return broken


def tables(summary: Mapping[str, Any], others: Mapping[str, Mapping[str, str]]) -> str:
    """Markdown: a table for each set, one over all sets, and one of the other library's times."""
    parts = [_table_of_set(name, rows) for name, rows in summary["sets"].items()]
    lines = [
        "| strategy | mean rank | area, accuracy | area, macro-F1 | labels needed | above / below random | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in sorted(summary["strategies"].items(), key=lambda item: item[1]["rank"]):
        needed = f"{row['labels_needed']:.2f}" if "labels_needed" in row else ""
        against = f"{row['above']} / {row['below']} of {row['points']}" if "points" in row else ""
        cells = [name, f"{row['rank']:.2f}", f"{row['area']:.3f}", f"{row['area_f1']:.3f}", needed, against]
        lines.append(f"| {' | '.join(cells)} | {row['seconds']:.1f} |")
    parts.append("\n".join(["All sets", "", *lines]))
    if others:
        parts.append(others_table(others))
    return "\n\n".join(parts)


def others_table(others: Mapping[str, Mapping[str, str]]) -> str:
    """Markdown: the other library's areas and times, by strategy and set."""
    sets = list(next(iter(others.values())))
    rows = [f"| {name} | {' | '.join(cells.values())} |" for name, cells in others.items()]
    return "\n".join([f"| scikit-activeml | {' | '.join(sets)} |", "|---" * (len(sets) + 1) + "|", *rows])


def _table_of_set(name: str, rows: Mapping[str, Mapping[str, Any]]) -> str:
    labels = next(iter(rows.values()))["labels"]
    head = f"| {name}, labels | {' | '.join(map(str, labels))} | area | area F1 | rank | labels needed | seconds |"
    lines = [head, "|---" * (len(labels) + 6) + "|"]
    for strategy, row in sorted(rows.items(), key=lambda item: item[1]["rank"]):
        accuracy = " | ".join(f"{value:.3f}" for value in row["accuracy"])
        needed = f"{row['labels_needed']:.2f}" if "labels_needed" in row else ""
        end = f"{row['area']:.3f} | {row['area_f1']:.3f} | {row['rank']:.2f} | {needed} | {row['seconds']:.1f}"
        lines.append(f"| {strategy} | {accuracy} | {end} |")
    return "\n".join(lines)
