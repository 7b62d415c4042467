"""The class-balance report as plain data: what is labelled, what waits in the pool, what is missing, what is skewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotator.modeling.balance.quantify import INTERVAL, LEVELS, Estimate
from annotator.modeling.balance.spread import effective_samples, spread

SMALL_TEST = 10  # blind answers a class, below which the report says that its intervals are wide
KEPT_RUNS = 20  # in the trend
METHOD = (
    f"posterior of P(class | guess, confidence in {LEVELS} levels) from the blind test set, "
    f"{INTERVAL:.0%} equal-tailed interval"
)
NOTES = {
    "no_head": "There is no head yet, so nothing is predicted: label some pictures of two classes or more.",
    "no_test": (
        "No blind answer has been given yet, so the head's count of the pool cannot be corrected. "
        "One task in some is a blind one: the numbers come by labelling."
    ),
    "small_test": (
        "The test set has {size} blind answers, fewer than {wanted} ({per_class} a class): the intervals are wide. "
        "Four times as many answers halve them."
    ),
    "selection": (
        "Labelling takes out of the pool what the head is unsure of, so its error rates are taken at equal confidence. "
        "What was chosen by anything else than confidence can still shift the numbers."
    ),
    "unscored": "{number} pictures of the pool have no prediction yet; they are shared out like the test set.",
}


@dataclass(frozen=True)
class Counts:
    """What the catalogue says; arrays are int64 [C], in the order of `classes`.

    Attributes:
        classes: [{id, name, color, archived}].
        trusted: pictures with a trusted label, certified and reserve included, hold-outs not.
        certified: those of them that were accepted automatically.
        labelled: trusted ones outside the reserve that are not certified: what was chosen to be labelled.
        pool: pictures without a trusted label, outside reserve and hold-outs.
        test_size: answers that the head's errors are known from.
        raw: of the pool, by the head's guess; None without a head.
        unscored: of the pool, without a guess.
        head: name of the head version, empty without one.
        estimate: the pool's true counts; None without a head or a test set.
    """

    classes: Sequence[Mapping[str, Any]]
    trusted: np.ndarray
    certified: np.ndarray
    labelled: np.ndarray
    pool: int
    test_size: int = 0
    raw: np.ndarray | None = None
    unscored: int = 0
    head: str = ""
    estimate: Estimate | None = None


PARTS = ("train", "validation", "test", "blind")


def build_report(
    counts: Counts,
    *,
    target: int,
    made_at: str,
    run: Mapping[str, Any] | None = None,
    snapshot: Mapping[str, Any] | None = None,
    parts: Mapping[str, np.ndarray] | None = None,
    earlier: Sequence[Mapping[str, Any]] = (),
    plan: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the report as JSON values.

    Args:
        target: trusted pictures wanted of each class.
        made_at: ISO 8601.
        run: {id, number, preset}, None for a report outside a run; likewise `snapshot`, {id, number, name, rows}.
        parts: int64 [C] of the snapshot for each of PARTS (blind is a part of test); None without a snapshot.
        earlier: reports of earlier runs, newest first.
        plan: what the run does about it, see `plan`.
    """
    previous = earlier[0] if earlier else None
    before = {row["id"]: row for row in previous["classes"]} if previous else {}
    rows = [_row(counts, column, target) for column in range(len(counts.classes))]
    for column, row in enumerate(rows):
        row |= {part: None if parts is None else int(parts[part][column]) for part in PARTS}
        row |= {
            "weight": plan["weights"][column] if plan else None,
            "seen": plan["seen"][column] if plan else None,
            "previous": _remembered(before.get(row["id"])),
            "previous_trusted": before.get(row["id"], {}).get("trusted"),
        }
    summary = _summary(counts, rows)
    return {
        "made_at": made_at,
        "run": run,
        "snapshot": snapshot,
        "target": target,
        "previous": {"run": previous["run"], "made_at": previous["made_at"]} if previous else None,
        "summary": summary,
        "summary_previous": previous["summary"] if previous else None,
        "classes": rows,
        "splits": None if parts is None else _splits(parts),
        "trend": [*_trend(earlier[: KEPT_RUNS - 1]), _point(run, made_at, summary, rows)],
        "correction": _correction(counts),
        "plan": None if plan is None else {key: plan[key] for key in PLAN_KEYS},
    }


PLAN_KEYS = ("loss", "sampling", "augmentation", "points", "sentences")


def _row(counts: Counts, column: int, target: int) -> dict[str, Any]:
    """One class: counts, what is missing to the target, and how it was sampled."""
    of, trusted = counts.classes[column], int(counts.trusted[column])
    target = 0 if of["archived"] else target
    return {
        "id": of["id"],
        "name": of["name"],
        "color": of["color"],
        "archived": of["archived"],
        "trusted": trusted,
        "certified": int(counts.certified[column]),
        "labelled": int(counts.labelled[column]),
        "effective": round(float(effective_samples(counts.trusted[column : column + 1])[0]), 1),
        "predicted_raw": None if counts.raw is None else int(counts.raw[column]),
        **_predicted(counts.estimate, column),
        "target": target,
        **_needed(counts, column, max(0, target - trusted)),
        **_bias(counts, column),
    }


def _predicted(estimate: Estimate | None, column: int) -> dict[str, float | int | None]:
    if estimate is None:
        return {"predicted": None, "low": None, "high": None}
    low, high = float(estimate.low[column]), float(estimate.high[column])
    return {"predicted": round(float(estimate.mean[column]), 1), "low": round(low), "high": round(high)}


def _needed(counts: Counts, column: int, gap: int) -> dict[str, Any]:
    """What is missing to the target, whether the pool has it, and how many pictures a person would look at for it.

    `reach`: met; yes, unsure or no: the gap is below, inside or above the interval of the pool's count; None: unknown.
    """
    estimate = counts.estimate
    found = {"gap": gap, "needed": gap, "reach": "met", "missing": 0, "looks": None, "looks_random": None}
    if not gap or estimate is None:
        return found if not gap else found | {"reach": None, "missing": None}
    low, high = float(estimate.low[column]), float(estimate.high[column])
    mean = float(estimate.mean[column])
    reach = "yes" if gap <= low else "unsure" if gap <= high else "no"
    found |= {"reach": reach, "missing": max(0, round(gap - mean))}
    obtained = min(float(gap), mean)
    if obtained >= 1:
        found["looks_random"] = min(counts.pool, round(obtained * (counts.pool + 1) / (mean + 1)))
        found["looks"] = _looks(counts, column, obtained)
    return found


def _looks(counts: Counts, column: int, wanted: float) -> int:
    """Looks until `wanted` pictures of a class are found, through what is predicted as it first, the rest after it.

    Either part is in random order: the k-th of K among n comes after k (n + 1) / (K + 1) looks in the mean (the
    negative hypergeometric distribution).
    """
    estimate, raw = counts.estimate, counts.raw
    assert estimate is not None
    assert raw is not None
    shown, mean, inside = int(raw[column]), float(estimate.mean[column]), float(estimate.found[column])
    first = min(wanted, inside)
    looks = first * (shown + 1) / (inside + 1)
    if wanted > first:
        looks = shown + (wanted - first) * (counts.pool - shown + 1) / (mean - inside + 1)
    return min(counts.pool, max(round(wanted), round(looks)))


def _bias(counts: Counts, column: int) -> dict[str, Any]:
    """The class's share of what was chosen to be labelled against its share of the pool.

    `sampled` is over or under when the labelled share lies outside the interval of the pool's share.
    """
    total = int(counts.labelled.sum())
    share = float(counts.labelled[column]) / total if total else None
    found = {"labelled_share": None if share is None else round(share, 5)}
    unknown = {"pool_share": None, "pool_low": None, "pool_high": None, "bias": None, "sampled": None}
    if counts.estimate is None or counts.pool == 0:
        return found | unknown
    ends = (counts.estimate.mean[column], counts.estimate.low[column], counts.estimate.high[column])
    pool_share, low, high = (float(value) / counts.pool for value in ends)
    found |= {"pool_share": round(pool_share, 5), "pool_low": round(low, 5), "pool_high": round(high, 5)}
    if share is None:
        return found | {"bias": None, "sampled": None}
    sampled = "over" if share > high else "under" if share < low else "even"
    return found | {"bias": round(share - pool_share, 5), "sampled": sampled}


KEPT = ("trusted", "certified", "predicted_raw", "predicted", "low", "high", "gap", "labelled_share", "pool_share")


def _remembered(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What is shown of the previous report beside this one."""
    return None if row is None else {key: row[key] for key in (*KEPT, *PARTS)}


def _summary(counts: Counts, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        **spread(counts.trusted),
        "classes": len(rows),
        "labelled": int(counts.labelled.sum()),
        "trusted": int(counts.trusted.sum()),
        "certified": int(counts.certified.sum()),
        "pool": counts.pool,
        "below_target": sum(row["gap"] > 0 for row in rows),
        "unreachable": sum(row["reach"] == "no" for row in rows),
        "needed": sum(row["needed"] for row in rows),
        "skewed": sum(row["sampled"] in ("over", "under") for row in rows),
    }


def _splits(parts: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """The spread in each part of the snapshot, and how many classes it has no picture of."""
    return {
        part: {**spread(parts[part]), "pictures": int(parts[part].sum()), "without": int((parts[part] == 0).sum())}
        for part in PARTS
    }


def _point(
    run: Mapping[str, Any] | None, made_at: str, summary: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """A report in the trend of later ones."""
    spreads = {key: summary[key] for key in ("imbalance_ratio", "effective_number", "entropy", "trusted", "pool")}
    return {"run": run, "made_at": made_at, **spreads, "classes": {str(row["id"]): row["trusted"] for row in rows}}


def _trend(earlier: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Earlier reports as points, oldest first."""
    return [_point(one["run"], one["made_at"], one["summary"], one["classes"]) for one in reversed(earlier)]


def _correction(counts: Counts) -> dict[str, Any]:
    """How the pool was counted, and what to think of it."""
    notes = _notes(counts)
    return {
        "head": counts.head or None,
        "test_size": counts.test_size,
        "interval": INTERVAL,
        "method": METHOD if counts.estimate is not None else "",
        "notes": notes,
        "note": " ".join(NOTES[note["code"]].format(**note["values"]) for note in notes),
    }


def _notes(counts: Counts) -> list[dict[str, Any]]:
    if not counts.head:
        return [{"code": "no_head", "values": {}}]
    if counts.estimate is None:
        return [{"code": "no_test", "values": {}}]
    notes: list[dict[str, Any]] = []
    wanted = SMALL_TEST * len(counts.classes)
    if counts.test_size < wanted:
        values = {"size": counts.test_size, "wanted": wanted, "per_class": SMALL_TEST}
        notes.append({"code": "small_test", "values": values})
    notes.append({"code": "selection", "values": {}})
    if counts.unscored:
        notes.append({"code": "unscored", "values": {"number": counts.unscored}})
    return notes
