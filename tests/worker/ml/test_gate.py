"""The gate promotes what is better and says so, rejects what is worse, and asks for answers when it cannot know."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import binom, norm

from worker.ml.gate import GateRules, answers_needed, compare, judge, score_bound

NAMES = {7: "coat", 8: "hat"}


def answers(*, wins=0, losses=0, both=0, neither=0):
    """Correctness of a challenger and a champion with so many pictures of each kind, mixed."""
    kinds = np.repeat([(1, 0), (0, 1), (1, 1), (0, 0)], [wins, losses, both, neither], axis=0).astype(bool)
    return np.random.default_rng(0).permutation(kinds).T


def decide(**kinds):
    challenger, champion = answers(**kinds)
    return judge(challenger, champion, 7 + np.arange(len(champion)) % 2, NAMES)


def test_a_better_model_is_promoted():
    result = decide(wins=40, losses=15, both=400, neither=45)

    assert result.decision == "promoted"
    assert result.overall.difference == 0.05
    assert 0 < result.overall.lower < 0.05 < result.overall.upper
    assert [each.verdict for each in result.classes] == ["passed", "passed"]
    assert result.missing == 0
    assert [reason.code for reason in result.reasons] == ["better"]
    assert result.reasons[0].message.startswith("The challenger is better on 500 blind answers: +5.0 points, and above")
    assert result.to_json()["classes"][0]["name"] == "coat"


def test_a_worse_model_is_rejected_however_few_the_answers():
    result = decide(wins=1, losses=12, both=30, neither=7)

    assert (result.decision, result.missing) == ("rejected", 0)
    assert result.reasons[0].code == "worse"
    assert "1 times, and the reverse 12 times" in result.reasons[0].message


def test_a_model_that_is_only_as_good_stays_a_challenger():
    assert decide(wins=5, losses=5, both=3000).reasons[0].code == "not_better"
    assert decide(both=500).decision == "rejected"


def test_too_few_answers_are_said_to_be_too_few():
    result = decide(wins=3, losses=1, both=50, neither=6)

    assert result.decision == "too_small"
    assert result.missing > 0
    assert result.reasons[-1].message == f"About {result.missing} more blind answers would settle it."
    assert decide().reasons[0].code == "no_answers"
    assert decide().missing == 163, "with which equal models would pass"
    assert decide(both=30).decision == "too_small", "equal so far says nothing yet"


def test_enough_answers_of_the_same_kind_settle_it():
    few = decide(wins=6, losses=4, both=130, neither=10)
    grown = (few.overall.count + few.missing) / few.overall.count

    many = decide(wins=round(6 * grown), losses=round(4 * grown), both=round(140 * grown))

    assert (few.decision, many.decision) == ("too_small", "promoted")


def test_a_class_that_gets_much_worse_stops_a_better_model():
    challenger, champion = answers(wins=60, both=400)
    labels = np.full(len(champion), 7)
    challenger, champion = np.append(challenger, np.zeros(12, bool)), np.append(champion, np.ones(12, bool))
    labels = np.append(labels, np.full(12, 8))

    result = judge(challenger, champion, labels, NAMES)

    assert result.overall.difference > 0
    assert result.decision == "rejected"
    assert result.reasons[0].code == "class_failed"
    assert "hat gets worse: -100.0 points on 12 blind answers" in result.reasons[0].message


def test_a_class_with_hardly_an_answer_is_not_judged_and_said_so():
    challenger, champion = answers(wins=60, losses=10, both=600)
    labels = np.full(len(champion), 7)
    labels[0] = 8

    result = judge(challenger, champion, labels, NAMES)

    assert result.decision == "promoted"
    assert result.classes[1].verdict == "unjudged"
    assert result.reasons[1].message == "hat is not judged: 1 blind answers are 6 too few."


def test_a_class_on_which_the_models_disagree_a_lot_needs_more_answers():
    challenger, champion = answers(wins=100, both=500)
    more = answers(wins=4, losses=4, both=2)
    labels = np.append(np.full(600, 7), np.full(10, 8))

    result = judge(np.append(challenger, more[0]), np.append(champion, more[1]), labels, NAMES)

    assert result.decision == "too_small"
    assert result.classes[1].verdict == "unclear"
    share = 10 / 610
    assert result.missing == pytest.approx(result.classes[1].missing / share, rel=0.01)


def test_answers_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="3, 2 and 3 answers"):
        judge([1, 1, 0], [1, 0], [7, 7, 7], NAMES)


def test_models_that_never_disagree_are_bounded_by_their_number():
    z = norm.ppf(0.9)
    assert score_bound(0, 0, 10, 0.9) == pytest.approx(-z * z / (10 + z * z))
    assert score_bound(0, 10, 10, 0.9) == -1


COUNTS = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 500))


@settings(deadline=None)
@given(counts=COUNTS, confidence=st.sampled_from([0.8, 0.9, 0.975]))
def test_the_bound_is_where_a_score_test_begins_to_reject(counts, confidence):
    """Beside the likeliest shares under that difference, found by search."""
    wins, losses, rest = counts
    count = sum(counts)
    bound = score_bound(wins, losses, count, confidence)

    def unlikely(share):
        return -(xlogy(wins, share + bound) + xlogy(losses, share) + xlogy(rest, 1 - 2 * share - bound))

    limits = (max(0.0, -bound), (1 - bound) / 2)
    share = minimize_scalar(unlikely, bounds=limits, method="bounded", options={"xatol": 1e-10}).x
    z = (wins - losses - count * bound) / np.sqrt(count * (2 * share + bound - bound**2))
    assert z == pytest.approx(norm.ppf(confidence), rel=1e-2)
    assert -1 <= bound <= (wins - losses) / count
    assert score_bound(wins, losses, count, 0.99) < bound
    assert score_bound(wins + 1, losses, count, confidence) > bound, "one more win raises it"


@settings(deadline=None)
@given(kinds=st.lists(st.integers(0, 40), min_size=4, max_size=4), seed=st.integers(0, 1000))
def test_the_order_of_the_pictures_does_not_matter_and_models_can_change_sides(kinds, seed):
    challenger, champion = answers(wins=kinds[0], losses=kinds[1], both=kinds[2], neither=kinds[3])
    order = np.random.default_rng(seed).permutation(len(champion))

    one, other = compare(challenger, champion, 0.9), compare(challenger[order], champion[order], 0.9)
    turned = compare(champion, challenger, 0.9)

    assert one == other
    assert (turned.difference, turned.lower) == pytest.approx((-one.difference, -one.upper))


@pytest.mark.parametrize(("wins", "losses"), [(0.05, 0.05), (0.02, 0.03), (0.15, 0.1), (0.004, 0.002)])
def test_the_bound_holds_as_often_as_it_says(wins, losses):
    """Exactly, by summing over every outcome: at most 10 % (and a little) of them put the bound above the truth."""
    count, missed = 120, 0.0
    for won in range(count + 1):
        lost = np.arange(count - won + 1)
        chances = binom.pmf(won, count, wins) * binom.pmf(lost, count - won, losses / (1 - wins))
        for many in lost[chances > 1e-6]:
            if score_bound(won, int(many), count, 0.9) > wins - losses:
                missed += chances[many]
    assert missed < 0.125


@pytest.mark.parametrize("disagreement", [0.05, 0.2])
def test_a_model_that_is_worse_by_the_margin_is_seldom_promoted(disagreement):
    rng, rules = np.random.default_rng(0), GateRules()
    promoted = 0
    for _ in range(400):
        kind = rng.random(400)
        losses = (disagreement + rules.margin) / 2
        lost, won = kind < losses, (kind >= losses) & (kind < disagreement)
        right = ~lost & (won | (rng.random(400) < 0.9))
        result = judge(right, (right & ~won) | lost, np.full(400, 7), {7: "coat"}, rules)
        promoted += result.decision == "promoted"
    assert promoted / 400 < 0.13


def test_the_answers_it_asks_for_give_the_power_it_promises():
    rng, rules = np.random.default_rng(0), GateRules()
    wins, losses = 0.07, 0.04
    count = answers_needed(compare(*answers(wins=70, losses=40, both=890), 0.9), rules.margin, rules)
    drawn = rng.multinomial(count, [wins, losses, 1 - wins - losses], 400)[:, :2].tolist()
    passed = sum(score_bound(won, lost, count, rules.confidence) > -rules.margin for won, lost in drawn)
    assert 0.74 < passed / 400 < 0.88


def test_spoilt_labels_are_told_by_the_model_that_was_trained_before_them():
    """Challenger and champion learned from the same labels, and got worse together."""
    challenger, champion = answers(wins=30, losses=10, both=120, neither=40)
    names, labels = {7: "coat"}, np.full(200, 7)
    before = np.arange(200) < 180
    assert judge(challenger, champion, labels, names).decision == "promoted"
    result = judge(challenger, champion, labels, names, in_use=before)
    assert (result.decision, result.reasons[0].code) == ("rejected", "labels_worse")
    assert result.reasons[0].values["difference"] == pytest.approx(100 * (challenger.mean() - before.mean()))
    assert judge(challenger, champion, labels, names, in_use=challenger).decision == "promoted"
