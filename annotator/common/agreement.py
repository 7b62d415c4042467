"""How far people agree who say something of the same pictures: percent, Cohen's κ, Krippendorff's α."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass


def percent_agreement(units: Iterable[Sequence[Hashable]]) -> float | None:
    """Return the share of pairs of answers to the same unit that are equal, 0 to 1; None without any pair.

    Args:
        units: for each unit (picture) the answers it got, from different people.
    """
    equal = pairs = 0
    for answers in units:
        pairs += len(answers) * (len(answers) - 1) // 2
        equal += sum(count * (count - 1) // 2 for count in Counter(answers).values())
    return equal / pairs if pairs else None


def cohen_kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Return Cohen's κ = (pₒ − pₑ) / (1 − pₑ) of two people.

    pₒ is the share of equal answers, pₑ the share that would be equal if each kept the own frequencies of answers and
    nothing else (Cohen 1960, "A coefficient of agreement for nominal scales").

    Args:
        pairs: the answers of both to each unit that both answered.

    Returns:
        −1 to 1; None where it is undefined: no units, or both always gave one and the same answer.
    """
    total = len(pairs)
    first = Counter(a for a, _ in pairs)
    second = Counter(b for _, b in pairs)
    expected = sum(count * second[answer] for answer, count in first.items())  # times total²
    if total == 0 or expected == total**2:
        return None
    observed = sum(a == b for a, b in pairs)
    return (observed * total - expected) / (total**2 - expected)


def krippendorff_alpha(units: Iterable[Sequence[Hashable]]) -> float | None:
    """Return Krippendorff's α = 1 − Dₒ / Dₑ for nominal answers, any number of people, and missing answers.

    A unit with m answers adds each ordered pair of them with weight 1 / (m − 1) to the coincidence matrix; units with
    one answer say nothing (Krippendorff 2011, "Computing Krippendorff's alpha-reliability", section C).

    Args:
        units: for each unit (picture) the answers it got, from different people.

    Returns:
        At most 1, 0 for agreement as of chance; None where it is undefined: no unit with two answers, or all equal.
    """
    sizes: Counter[Hashable] = Counter()
    unequal = 0.0
    for answers in units:
        if len(answers) < 2:
            continue
        counts = Counter(answers)
        sizes.update(counts)
        unequal += _unequal_pairs(counts.values()) / (len(answers) - 1)
    return _alpha(unequal, sizes.values())


def _unequal_pairs(counts: Iterable[int]) -> int:
    """Ordered pairs of different answers, where each answer was given so many times."""
    numbers = list(counts)
    return sum(numbers) ** 2 - sum(number**2 for number in numbers)


def _alpha(unequal: float, sizes: Iterable[int]) -> float | None:
    """α from the weight of unequal pairs, and how often each answer was given in all."""
    numbers = list(sizes)
    expected = _unequal_pairs(numbers)
    return 1 - (sum(numbers) - 1) * unequal / expected if expected else None


@dataclass(frozen=True)
class ClassAgreement:
    """How far people agree on one class against all others.

    Attributes:
        units: pictures that somebody said it of, among those with two answers or more.
        specific: chance that another person said it, too, where one person did, 0 to 1: the proportion of specific
            agreement (Spitzer & Fleiss 1974). Agreement on pictures that nobody said it of does not flatter it.
        alpha: Krippendorff's α of "it" against "not it"; None where it is undefined.
    """

    units: int
    specific: float
    alpha: float | None


def class_agreement(units: Iterable[Sequence[Iterable[Hashable]]]) -> Mapping[Hashable, ClassAgreement]:
    """Return the agreement on each class that somebody named, one against the rest.

    Args:
        units: for each unit (picture) the answers it got, each the set of classes that a person named.
    """
    total = 0  # answers to units with two or more
    said: Counter[Hashable] = Counter()  # of these, how many name the class
    found: Counter[Hashable] = Counter()  # units where somebody named it
    both: dict[Hashable, float] = {}  # ordered pairs that both name it, weighted by 1 / (m − 1)
    for answers in units:
        size = len(answers)
        if size < 2:
            continue
        total += size
        for name, count in Counter(name for answer in answers for name in set(answer)).items():
            said[name] += count
            found[name] += 1
            both[name] = both.get(name, 0.0) + count * (count - 1) / (size - 1)
    return {
        name: ClassAgreement(
            units=found[name],
            specific=both[name] / count,
            # Each answer that names the class has a weight of 1 in all; what does not meet its like meets another.
            alpha=_alpha(2 * (count - both[name]), (count, total - count)),
        )
        for name, count in said.items()
    }
