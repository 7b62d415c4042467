"""Splits: stable while the pool grows, never through a duplicate group, right in size class by class."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.ml.splits import NONE, TEST, TRAIN, VALIDATION, assign, by_share, capped, draw, stratify

SHARES = (0.7, 0.15, 0.15)


def pool(seed: int, size: int, groups: int) -> dict[str, np.ndarray]:
    """Pictures of which some are duplicates; a group has the draw of one number."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, size)
    return {"group": group, "draws": rng.random(groups)[group], "protected": rng.random(size) < 0.05}


def test_draws_decide_and_protected_pictures_are_test():
    found = assign(
        group=np.arange(4),
        draws=np.array([0.1, 0.2, 0.9, 0.9]),
        protected=np.array([False, False, False, True]),
        shares=SHARES,
    )

    assert found.split.tolist() == [TEST, VALIDATION, TRAIN, TEST]
    assert found.moved.tolist() == []


def test_lots_become_draws_in_the_same_order():
    lots = np.array([-(2**63), -1, 0, 2**62, 2**63 - 1])

    assert draw(lots).tolist() == [0.0, 0.5 - 2**-53, 0.5, 0.75, 1 - 2**-53]


@given(st.integers(0, 2**32), st.integers(1, 400), st.integers(1, 300), st.integers(0, 400))
def test_nothing_moves_while_the_pool_grows_and_no_group_straddles(seed, size, groups, more):
    grown = pool(seed, size + more, groups)
    grown["protected"] &= np.arange(size + more) < size  # a later picture of the reserve may claim its group

    before = assign(**{name: values[:size] for name, values in grown.items()}, shares=SHARES).split
    after = assign(**grown, shares=SHARES).split

    np.testing.assert_array_equal(before, after[:size])
    for group in np.unique(grown["group"]):
        assert len(set(after[grown["group"] == group].tolist())) == 1
    assert (after[grown["protected"]] == TEST).all()


@given(st.integers(0, 2**32), st.permutations(range(60)))
def test_the_order_of_pictures_does_not_matter(seed, order):
    pictures = pool(seed, 60, 30)

    shuffled = assign(**{name: values[list(order)] for name, values in pictures.items()}, shares=SHARES).split

    np.testing.assert_array_equal(shuffled, assign(**pictures, shares=SHARES).split[list(order)])


@settings(max_examples=30)
@given(
    st.integers(0, 2**32),
    st.lists(st.integers(20, 3000), min_size=1, max_size=6),
    st.sampled_from([SHARES, (0.5, 0.25, 0.25), (0.8, 0.0, 0.2)]),
)
def test_every_class_gets_its_shares_within_the_bound_of_independent_draws(seed, sizes, shares):
    label = np.repeat(np.arange(len(sizes)), sizes)
    draws = np.random.default_rng(seed).random(len(label))
    split = assign(group=np.arange(len(label)), draws=draws, protected=np.zeros(len(label), bool), shares=shares).split

    for number, size in enumerate(sizes):
        found = np.bincount(split[label == number], minlength=3) / size
        bound = math.sqrt(math.log(2 / 1e-9) / (2 * size))  # Hoeffding: once in a thousand million
        assert np.abs(found - shares).max() <= bound


def test_each_class_gives_its_share_to_validation_in_the_order_of_the_draws():
    """Ten of each class without test pictures: 15 of 85 is two, also where the draws alone gave none, or five."""
    label = np.repeat([0, 1], 10)
    draws = np.concatenate([np.linspace(0.4, 0.9, 10), np.linspace(0.2, 0.4, 10)])
    group, fixed = np.arange(20), np.zeros(20, bool)
    by_lot = assign(group=group, draws=draws, protected=fixed, shares=SHARES).split
    split = stratify(by_lot, label=label, group=group, draws=draws, fixed=fixed, shares=SHARES)
    assert np.bincount(label[by_lot == VALIDATION], minlength=2).tolist() == [0, 5]
    assert np.flatnonzero(split == VALIDATION).tolist() == [0, 1, 10, 11]


@given(st.integers(0, 2**32), st.integers(1, 300), st.integers(1, 200), st.integers(1, 5))
def test_stratified_splits_leave_the_test_part_and_the_groups_alone(seed, size, groups, classes):
    pictures = pool(seed, size, groups)
    label = np.random.default_rng(seed + 1).integers(0, classes, groups)[pictures["group"]]
    by_lot = assign(**pictures, shares=SHARES).split
    split = stratify(
        by_lot,
        label=label,
        group=pictures["group"],
        draws=pictures["draws"],
        fixed=pictures["protected"],
        shares=SHARES,
    )
    np.testing.assert_array_equal(split == TEST, by_lot == TEST)
    sizes = np.bincount(pictures["group"])
    for group in np.unique(pictures["group"]):
        assert len(set(split[pictures["group"] == group].tolist())) == 1
    for number in np.unique(label[split != TEST]):
        mine = (label == number) & (split != TEST)
        found, wanted = np.sum(split[mine] == VALIDATION), np.sum(mine) * 0.15 / 0.85
        assert (split[mine] == TRAIN).any()
        largest = sizes[np.unique(pictures["group"][mine])].max()
        assert wanted - largest - 0.5 <= found <= wanted + largest + 0.5


def test_the_reserve_lies_within_the_test_part_and_stays_there_when_it_is_released():
    draws = np.random.default_rng(0).random(1000)
    reserve = draws < 0.1
    released = np.zeros(1000, bool)

    for protected in (reserve, released):
        split = assign(group=np.arange(1000), draws=draws, protected=protected, shares=SHARES).split
        assert (split[reserve] == TEST).all()


def test_imported_splits_win_over_draws_the_stricter_one_for_the_group():
    found = assign(
        group=np.array([0, 0, 1, 1, 2, 3]),
        draws=np.array([0.9, 0.9, 0.9, 0.9, 0.0, 0.9]),
        protected=np.array([False] * 5 + [True]),
        shares=SHARES,
        imported=np.array([TRAIN, TEST, VALIDATION, NONE, NONE, TRAIN], np.int8),
    )

    assert found.split.tolist() == [TEST, TEST, VALIDATION, VALIDATION, TEST, TEST]
    assert found.moved.tolist() == [0, 1]


@given(st.integers(0, 2**32), st.integers(0, 200), st.integers(1, 20))
def test_a_cap_keeps_the_first_of_each_class_and_all_that_is_protected(seed, size, maximum):
    rng = np.random.default_rng(seed)
    label, protected, order = rng.integers(0, 4, size), rng.random(size) < 0.2, rng.permutation(size)

    keep = capped(label, protected, order, maximum)

    assert keep[protected].all()
    for number in range(4):
        mine = (label == number) & ~protected
        assert np.sum(keep & mine) == min(maximum, np.sum(mine))
        if (keep & mine).any() and (mine & ~keep).any():
            assert order[keep & mine].max() < order[mine & ~keep].min()


def test_shares_are_cut_at_their_borders():
    borders = np.array([0.0, 0.15 - 1e-12, 0.15, 0.3 - 1e-12, 0.3, 1 - 1e-12])

    assert by_share(borders, SHARES).tolist() == [TEST, TEST, VALIDATION, VALIDATION, TRAIN, TRAIN]
