"""Which pictures of a snapshot are for training, validation and test.

Whether a picture is for testing depends on itself and its duplicate group alone. That is the price of stability: what
was learned from must never be tested on later, so a picture may not move because others come and go, and the test
share is met in expectation, class by class. What is left for learning is then divided to the picture: `stratify` gives
each class its share of validation.

The rule, for each duplicate group:

1. If it holds a protected picture (reserve or hold-out), the whole group is test.
2. Else, if imported splits are asked for and one of its pictures has one: test before validation before train.
3. Else by its draw, the lot of the group's first picture as a number in [0, 1): below the test share it is test, below
   test plus validation share it is validation, otherwise train.

The lot is HMAC-SHA256 under the project's secret of the picture's content. The reserve are the lowest lots, too, so
it lies within the test part as long as the test share is at least the reserve's, and a picture that is released from
the reserve stays in test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TRAIN, VALIDATION, TEST = 0, 1, 2
NONE = -1


@dataclass(frozen=True)
class Assignment:
    """Splits of n pictures.

    Attributes:
        split: int8 [n], TRAIN, VALIDATION or TEST.
        moved: int64 [k], groups of several pictures that rule 1 or 2 kept together in a split that one of their
            pictures alone would not have had, ascending.
    """

    split: np.ndarray
    moved: np.ndarray


def draw(lots: np.ndarray) -> np.ndarray:
    """Return lots (int64 [n], uniform over the signed range) as float64 [n] in [0, 1)."""
    return ((lots.astype(np.int64) ^ np.int64(-(2**63))).view(np.uint64) >> np.uint64(11)) * 2.0**-53


def by_share(draws: np.ndarray, shares: tuple[float, float, float]) -> np.ndarray:
    """Return int8 [n]: the split of each draw under (train, validation, test) shares."""
    _, validation, test = shares
    return np.where(draws < test, TEST, np.where(draws < test + validation, VALIDATION, TRAIN)).astype(np.int8)


def assign(
    *,
    group: np.ndarray,
    draws: np.ndarray,
    protected: np.ndarray,
    shares: tuple[float, float, float],
    imported: np.ndarray | None = None,
) -> Assignment:
    """Assign splits by the rule above.

    Args:
        group: int64 [n], the same number for pictures that belong together.
        draws: float64 [n] in [0, 1), the draw of each picture's *group*.
        protected: bool [n], reserve or hold-out.
        shares: of train, validation and test; they add up to one.
        imported: int8 [n], the split that came with the picture or NONE; None when it is not asked for.
    """
    alone = by_share(draws, shares)
    if imported is not None:
        alone = np.where(imported != NONE, imported, alone).astype(np.int8)
    alone = np.where(protected, TEST, alone).astype(np.int8)
    names, member = np.unique(group, return_inverse=True)
    # What a picture brings from outside outranks the draw of its group; TEST outranks VALIDATION outranks TRAIN.
    given = protected if imported is None else protected | (imported != NONE)
    strongest = np.full(len(names), NONE, np.int8)
    np.maximum.at(strongest, member[given], alone[given])
    split = np.where(strongest[member] != NONE, strongest[member], alone).astype(np.int8)
    moved = np.zeros(len(names), np.bool_)
    moved[member[split != alone]] = True
    return Assignment(split, names[moved])


def stratify(
    assigned: np.ndarray,
    *,
    label: np.ndarray,
    group: np.ndarray,
    draws: np.ndarray,
    fixed: np.ndarray,
    shares: tuple[float, float, float],
) -> np.ndarray:
    """Divide what is left for learning so that each class gives its share to validation: its groups of lowest draws.

    The test part stays as it is, and no group is taken apart; one of several classes goes with its first picture's.
    A class keeps at least one group to learn from. As the pool grows, a picture can change between train and
    validation, which are one for honesty's sake: neither is tested on.

    Args:
        assigned: int8 [n] as `assign` gives it.
        label, group: int64 [n].
        draws: float64 [n], of each picture's *group*.
        fixed: bool [n], pictures whose split came from outside; their groups stay.
        shares: of train, validation and test.

    Returns:
        int8 [n].
    """
    train, validation, _ = shares
    names, first, member = np.unique(group, return_index=True, return_inverse=True)
    held = np.zeros(len(names), np.bool_)
    np.logical_or.at(held, member, fixed | (assigned == TEST))
    free = np.flatnonzero(~held)
    size, own = np.bincount(member, minlength=len(names))[free], label[first][free]
    order = np.lexsort((names[free], draws[first][free], own))
    size, own = size[order], own[order]
    result = assigned.copy()
    part = np.full(len(names), NONE, np.int8)
    for each in np.unique(own):
        mine = own == each
        wanted = int(size[mine].sum() * validation / (train + validation) + 0.5)
        chosen = (np.cumsum(size[mine]) - size[mine] < wanted) & (np.arange(mine.sum()) < mine.sum() - 1)
        part[free[order][mine]] = np.where(chosen, VALIDATION, TRAIN)
    divided = part[member] != NONE
    result[divided] = part[member][divided]
    return result


def capped(label: np.ndarray, protected: np.ndarray, order: np.ndarray, maximum: int) -> np.ndarray:
    """Return bool [n]: at most `maximum` unprotected pictures of each label, the first in `order`; all protected ones.

    Args:
        label: int64 [n].
        protected: bool [n].
        order: anything sortable [n] that has nothing to do with the draws; splits then keep their shares.
        maximum: pictures a label.
    """
    keep = protected.copy()
    ranked = np.lexsort((order, label))
    ranked = ranked[~protected[ranked]]
    sorted_labels = label[ranked]
    first = np.searchsorted(sorted_labels, sorted_labels, side="left")
    keep[ranked] = np.arange(len(ranked)) - first < maximum
    return keep
