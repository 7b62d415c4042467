"""Joining pairs to groups: connected pictures share the smallest position, what people separated stays apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annotator.common.groups import group_of

POSITIONS = st.integers(0, 15)
SCORES = st.sampled_from([0.8, 0.9, 1.0])
PAIRS = st.lists(st.tuples(POSITIONS, POSITIONS, SCORES).filter(lambda pair: pair[0] != pair[1]), max_size=30)
# Each judgement: some positions, spread over three parts.
SEPARATIONS = st.lists(
    st.dictionaries(POSITIONS, st.integers(0, 2), min_size=2, max_size=6).map(
        lambda part_of: [[position for position, part in part_of.items() if part == number] for number in range(3)]
    ),
    max_size=4,
)


def test_connected_pictures_are_named_after_the_smallest():
    assert group_of([(5, 9, 0.9), (9, 2, 0.8), (7, 8, 1.0)]) == {2: 2, 5: 2, 9: 2, 7: 7, 8: 7}


def test_between_separated_pictures_the_surer_pair_wins():
    pairs = [(1, 3, 0.8), (2, 3, 0.9), (1, 2, 1.0)]
    assert group_of(pairs, [[[1], [2]]]) == {1: 1, 2: 2, 3: 2}


def test_a_separation_holds_along_a_chain():
    assert group_of([(1, 2, 0.9), (2, 3, 0.8), (3, 4, 1.0)], [[[1], [4]]]) == {1: 1, 2: 1, 3: 3, 4: 3}


@given(PAIRS)
def test_without_separations_groups_are_the_connected_components(pairs):
    neighbours: dict[int, set[int]] = {}
    for one, other, _ in pairs:
        neighbours.setdefault(one, set()).add(other)
        neighbours.setdefault(other, set()).add(one)
    expected = {}
    for start in neighbours:
        reached, waiting = set(), {start}
        while waiting:
            reached |= waiting
            waiting = set().union(*(neighbours[position] for position in waiting)) - reached
        expected[start] = min(reached)

    assert group_of(pairs) == expected


@given(PAIRS, SEPARATIONS)
def test_a_group_is_named_after_its_smallest_member_and_unites_no_separated_pictures(pairs, separations):
    found = group_of(pairs, separations)

    assert set(found) == {position for pair in pairs for position in pair[:2]}
    for group in set(found.values()):
        assert group == min(position for position in found if found[position] == group)
    for separation in separations:
        part_of = {position: number for number, part in enumerate(separation) for position in part}
        for group in set(found.values()):
            assert (
                len({part_of[position] for position in found if found[position] == group and position in part_of}) < 2
            )


@given(PAIRS, SEPARATIONS, st.randoms())
def test_the_order_of_pairs_does_not_matter(pairs, separations, draw):
    shuffled = [(other, one, score) for one, other, score in pairs]
    draw.shuffle(shuffled)

    assert group_of(shuffled, separations) == group_of(pairs, separations)
