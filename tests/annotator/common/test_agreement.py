"""Agreement of people: against worked examples, against scikit-learn, and against the formulas read literally."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from annotator.common.agreement import class_agreement, cohen_kappa, krippendorff_alpha, percent_agreement

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", section C: four observers, twelve units, some
# missing. Nominal α is .743 there.
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
PUBLISHED = [[value for value in unit if value is not None] for unit in zip(*OBSERVERS, strict=True)]

answers = st.integers(1, 4)
units = st.lists(st.lists(answers, max_size=5), max_size=12)
pairs = st.lists(st.tuples(answers, answers), max_size=20)


def test_two_people_who_agree_on_three_pictures_of_four():
    said = [("cat", "cat"), ("cat", "cat"), ("dog", "dog"), ("cat", "dog")]

    assert percent_agreement(said) == 0.75
    assert cohen_kappa(said) == pytest.approx(0.5)  # expected by chance: 3/4 · 1/2 + 1/4 · 1/2
    assert krippendorff_alpha(said) == pytest.approx(1 - 7 * 2 / (2 * 5 * 3))


def test_krippendorffs_own_example():
    assert krippendorff_alpha(PUBLISHED) == pytest.approx(0.743, abs=0.0005)


def test_nothing_is_said_where_nothing_can_be():
    for alone in ([], [[]], [["cat"], ["dog"]]):
        assert percent_agreement(alone) is None
        assert krippendorff_alpha(alone) is None
        assert class_agreement([[{name} for name in unit] for unit in alone]) == {}
    assert cohen_kappa([]) is None
    assert cohen_kappa([("cat", "cat")] * 3) is None
    assert krippendorff_alpha([("cat", "cat")] * 3) is None


@given(pairs)
def test_kappa_is_scikit_learns(said):
    assume(len({answer for pair in said for answer in pair}) > 1)

    first, second = zip(*said, strict=True)
    expected = cohen_kappa_score(first, second)
    found = cohen_kappa(said)

    assert found == pytest.approx(expected)


def literal_alpha(units: list[list[int]]) -> float | None:
    """α from the whole coincidence matrix, ordered pair by ordered pair."""
    matrix: Counter[tuple[int, int]] = Counter()
    for unit in units:
        for a, b in permutations(unit, 2):
            matrix[a, b] += 1 / (len(unit) - 1)
    values = sorted({a for a, _ in matrix})
    sums = {a: sum(matrix[a, b] for b in values) for a in values}
    total = sum(sums.values())
    if len(values) < 2:
        return None
    observed = sum(matrix[a, b] for a, b in permutations(values, 2)) / total
    expected = sum(sums[a] * sums[b] for a, b in permutations(values, 2)) / (total * (total - 1))
    return 1 - observed / expected


@given(units)
def test_alpha_is_that_of_the_coincidence_matrix(units):
    assert krippendorff_alpha(units) == pytest.approx(literal_alpha(units))


@given(units)
def test_percent_is_the_share_of_equal_pairs(units):
    equal = [a == b for unit in units for a, b in combinations(unit, 2)]
    assert percent_agreement(units) == (sum(equal) / len(equal) if equal else None)


@given(st.lists(st.lists(st.frozensets(st.integers(1, 4), max_size=3), max_size=4), max_size=10))
def test_a_classes_agreement_is_that_of_yes_and_no(units):
    found = class_agreement(units)

    counted = [unit for unit in units if len(unit) > 1]
    assert set(found) == {name for unit in counted for answer in unit for name in answer}
    for name, row in found.items():
        said = [[name in answer for answer in unit] for unit in counted]
        assert row.units == sum(map(any, said))
        assert row.alpha == pytest.approx(literal_alpha(said))
        # Of each answer that names the class: how many of the others on its picture do so, too.
        others = [(sum(unit) - 1) / (len(unit) - 1) for unit in said for answer in unit if answer]
        assert row.specific == pytest.approx(sum(others) / len(others))
