"""Whether a challenger takes the champion's place: both judged on the same blind answers, picture by picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import norm

_CLASS_SENTENCES = {
    "failed": "{name} gets worse: {difference:+.1f} points on {count} blind answers, and only above {lower:+.1f} with "
    "{confidence:.0f} % confidence; the limit is {limit:+.1f}.",
    "unclear": "{name} may get worse: {difference:+.1f} points on {count} blind answers, but only above {lower:+.1f} "
    "with {confidence:.0f} % confidence; the limit is {limit:+.1f}. About {missing} more of its answers would tell.",
    "unjudged": "{name} is not judged: {count} blind answers are {missing} too few.",
}

Bools = npt.NDArray[np.bool_]
Decision = Literal["promoted", "rejected", "too_small"]
Verdict = Literal["passed", "failed", "unclear", "unjudged"]


@dataclass(frozen=True)
class GateRules:
    """What a challenger must show; differences are shares of the pictures, .01 is one point."""

    margin: float = 0.01  # the lower bound of the difference in accuracy must be above -margin
    class_drop: float = 0.2  # and no class's lower bound may be below -class_drop
    confidence: float = 0.9  # of each one-sided bound
    power: float = 0.8  # with which enough answers would show a difference as large as the one seen


@dataclass(frozen=True)
class Paired:
    """How a challenger does beside a champion on n pictures."""

    count: int
    wins: int  # only the challenger is right
    losses: int  # only the champion is
    difference: float  # of the accuracies
    lower: float  # one-sided bounds of it, each with the rules' confidence
    upper: float


@dataclass(frozen=True)
class ClassComparison:
    """The comparison on one class's pictures; `verdict` "unjudged": too few for even an equal model to pass."""

    class_id: int
    name: str
    paired: Paired
    verdict: Verdict
    missing: int  # answers of this class


@dataclass(frozen=True)
class Reason:
    """Why a decision was made: a code with its values for a translation, and the sentence in English."""

    code: str
    message: str
    values: dict[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class GateResult:
    """A decision and everything that led to it."""

    decision: Decision
    overall: Paired
    classes: tuple[ClassComparison, ...]
    reasons: tuple[Reason, ...]  # those that decided first, then remarks
    missing: int  # blind answers that the question still needs; 0 once it is decided
    rules: GateRules

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def judge(
    challenger: npt.ArrayLike,
    champion: npt.ArrayLike,
    labels: npt.ArrayLike,
    names: Mapping[int, str],
    rules: GateRules = GateRules(),
    *,
    in_use: npt.ArrayLike | None = None,
) -> GateResult:
    """Decide from correctness on the blind test set.

    challenger, champion: bool [n], whether each was right; labels: int [n] class ids, all of them in `names`.
    in_use: bool [n], whether the serving model was right as it was trained. Champion and challenger learn from the
    same labels; when these have become worse, both are, and only what was learned before tells.
    The challenger is promoted if it is better (difference > 0), is not worse by `margin` or more as far as the lower
    bound tells, and fails no class. Each rule must hold by itself, so the bounds need no correction for their number.
    Raises ValueError if the arrays differ in length.
    """
    new, old, truth = np.asarray(challenger, bool), np.asarray(champion, bool), np.asarray(labels, np.int64)
    if not len(new) == len(old) == len(truth):
        raise ValueError(f"{len(new)}, {len(old)} and {len(truth)} answers cannot be compared.")
    overall = compare(new, old, rules.confidence)
    classes = tuple(
        _compare_class(class_id, name, compare(new[truth == class_id], old[truth == class_id], rules.confidence), rules)
        for class_id, name in names.items()
    )
    decision, reasons = _decide(overall, classes, rules)
    before = None if in_use is None else compare(new, np.asarray(in_use, bool), rules.confidence)
    if before is not None and before.upper < 0:
        decision, reasons = "rejected", [_labels_reason(before, rules), *reasons]
    missing = _missing_overall(overall, classes, rules) if decision == "too_small" else 0
    if missing:
        reasons.append(_reason("missing", "About {missing} more blind answers would settle it.", missing=missing))
    return GateResult(decision, overall, classes, tuple(reasons), missing, rules)


def compare(challenger: Bools, champion: Bools, confidence: float) -> Paired:
    """The paired difference of two models on the same pictures, with one-sided score bounds."""
    count = len(challenger)
    wins, losses = int((challenger & ~champion).sum()), int((champion & ~challenger).sum())
    if count == 0:
        return Paired(0, 0, 0, 0.0, -1.0, 1.0)
    lower = score_bound(wins, losses, count, confidence)
    upper = -score_bound(losses, wins, count, confidence)
    return Paired(count, wins, losses, (wins - losses) / count, lower, upper)


def score_bound(wins: int, losses: int, count: int, confidence: float) -> float:
    """One-sided lower bound of the difference of two paired shares (Tango 1998, Statistics in Medicine 17, 891-908).

    The smallest difference that a score test at this confidence does not reject; only the pictures on which the two
    disagree speak. Unlike Wald's, it keeps its confidence with few of them, and none.
    """
    z = norm.ppf(confidence)
    if losses == count:
        return -1.0

    def excess(difference: float) -> float:
        return _score(wins, losses, count, difference) - z

    estimate = (wins - losses) / count
    return float(brentq(excess, -1 + 1e-12, estimate))


def _score(wins: int, losses: int, count: int, difference: float) -> float:
    """Tango's z: the observed against a supposed difference, its variance from the likeliest shares under it."""
    a = 2 * count
    b = (2 * count - wins + losses) * difference - wins - losses
    c = -losses * difference * (1 - difference)
    share = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)  # of losses, supposing the difference
    variance = count * max(2 * share + difference * (1 - difference), 0.0)
    return (wins - losses - count * difference) / math.sqrt(max(variance, 1e-300))


def answers_needed(paired: Paired, tolerance: float, rules: GateRules) -> int:
    """Answers with which the lower bound would pass -tolerance with the rules' power, if the models truly differ as
    far, and disagree as often, as they did here (normal approximation); at least as many as equal models need.

    A challenger that has been worse so far is supposed to be equal. Without any answer nothing is known of how often
    they disagree, so that only the fewest can be named.
    """
    if paired.count == 0:
        return _fewest(tolerance, rules)
    z_bound, z_power = norm.ppf(rules.confidence), norm.ppf(rules.power)
    difference = max(paired.difference, 0.0)
    # One more disagreement than was seen: none in a few pictures does not mean none in many.
    disagreement = (paired.wins + paired.losses + 1) / (paired.count + 2)
    variance = max(disagreement - difference**2, 0.0)
    spread = (z_bound + z_power) ** 2 * variance / (difference + tolerance) ** 2
    return math.ceil(max(spread, _fewest(tolerance, rules)))


def _fewest(tolerance: float, rules: GateRules) -> int:
    """Answers from which on two models that never disagree pass: z^2 (1 - t) / t, the score bound solved for n."""
    z = norm.ppf(rules.confidence)
    return math.floor(z * z * (1 - tolerance) / tolerance) + 1


def _compare_class(class_id: int, name: str, paired: Paired, rules: GateRules) -> ClassComparison:
    missing = 0
    verdict: Verdict
    if paired.upper < -rules.class_drop:
        verdict = "failed"  # whatever the number
    elif paired.count < _fewest(rules.class_drop, rules):
        verdict, missing = "unjudged", _fewest(rules.class_drop, rules) - paired.count
    elif paired.lower >= -rules.class_drop:
        verdict = "passed"
    elif paired.difference < 0:
        verdict = "failed"
    else:
        verdict, missing = "unclear", max(1, answers_needed(paired, rules.class_drop, rules) - paired.count)
    return ClassComparison(class_id, name, paired, verdict, missing)


def _decide(overall: Paired, classes: tuple[ClassComparison, ...], rules: GateRules) -> tuple[Decision, list[Reason]]:
    """The decision with what decided it, and remarks about classes that nobody could judge."""
    remarks = [_class_reason(each, rules) for each in classes if each.verdict == "unjudged"]
    worse = [_class_reason(each, rules) for each in classes if each.verdict == "failed"]
    unclear = [_class_reason(each, rules) for each in classes if each.verdict == "unclear"]
    if overall.count == 0:
        return "too_small", [_reason("no_answers", "The blind test set has no answers yet.")]
    if overall.upper < 0:
        return "rejected", [_overall_reason("worse", "is worse", overall, rules), *worse, *remarks]
    if worse:
        return "rejected", [*worse, *remarks]
    if overall.lower <= -rules.margin and (overall.difference > 0 or overall.count < _fewest(rules.margin, rules)):
        return "too_small", [_overall_reason("unsure", "cannot be told from worse", overall, rules), *unclear, *remarks]
    if overall.difference <= 0:
        return "rejected", [_overall_reason("not_better", "is not better", overall, rules), *remarks]
    if unclear:
        return "too_small", [*unclear, *remarks]
    return "promoted", [_overall_reason("better", "is better", overall, rules), *remarks]


def _missing_overall(overall: Paired, classes: tuple[ClassComparison, ...], rules: GateRules) -> int:
    """Blind answers of any class until enough have come in: a rare class needs many for each of its own."""
    whole = answers_needed(overall, rules.margin, rules) if overall.lower <= -rules.margin else 0
    needed = [each.missing * overall.count / each.paired.count for each in classes if each.verdict == "unclear"]
    return math.ceil(max(whole - overall.count, *needed, 0))


def _overall_reason(code: str, verdict: str, paired: Paired, rules: GateRules) -> Reason:
    sentence = (
        f"The challenger {verdict} on {{count}} blind answers: {{difference:+.1f}} points, and above {{lower:+.1f}} "
        "with {confidence:.0f} % confidence. It is right where the champion is wrong {wins} times, and the reverse "
        "{losses} times; the bound must be above {limit:+.1f}."
    )
    return _reason(code, sentence, **_numbers(paired, rules.confidence, rules.margin))


def _labels_reason(paired: Paired, rules: GateRules) -> Reason:
    sentence = (
        "The model in use, as it was trained, does better on the same {count} blind answers: {difference:+.1f} points. "
        "The labels that this one learned from may have become worse: look at what was changed since."
    )
    return _reason("labels_worse", sentence, **_numbers(paired, rules.confidence, rules.margin))


def _class_reason(each: ClassComparison, rules: GateRules) -> Reason:
    values = {"name": each.name, "missing": each.missing}
    values |= _numbers(each.paired, rules.confidence, rules.class_drop)
    return _reason(f"class_{each.verdict}", _CLASS_SENTENCES[each.verdict], **values)


def _numbers(paired: Paired, confidence: float, limit: float) -> dict[str, float]:
    """What the sentences speak of: counts, and points in hundredths."""
    return {
        "count": paired.count,
        "wins": paired.wins,
        "losses": paired.losses,
        "difference": 100 * paired.difference,
        "lower": 100 * paired.lower,
        "confidence": 100 * confidence,
        "limit": -100 * limit,
    }


def _reason(code: str, sentence: str, **values: Any) -> Reason:
    return Reason(code, sentence.format(**values), values)
