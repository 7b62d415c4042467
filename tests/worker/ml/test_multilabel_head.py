"""A head for pictures that may show several classes at once: a sigmoid each, behind the same functions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from worker.ml.head import Head, probabilities, restore_prior, score, train_multilabel_head

COAT, HAT, BAG = 7, 3, 5


def dressed(rng, count, dim=32):
    """Unit rows [count, dim] and targets [count, 3] of classes that come independently of each other."""
    targets = (rng.random((count, 3)) < (0.5, 0.3, 0.2)).astype(np.int64)
    points = (2 * targets - 1) @ np.eye(3, dim) * 2 + 0.7 * rng.normal(size=(count, dim))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float16), targets


def test_each_class_is_found_for_itself(rng):
    features, targets = dressed(rng, 700)

    head = train_multilabel_head(features[:200], targets[:200], [COAT, HAT, BAG])

    probs = probabilities(head, features[200:])
    assert ((probs > 0.5) == targets[200:]).mean() > 0.95
    assert probs.sum(1).max() > 1.5, "several may be present"
    assert head.classes.tolist() == [COAT, HAT, BAG]


def test_it_is_the_regularised_optimum_of_each_class(rng):
    features, targets = dressed(rng, 150)

    head = train_multilabel_head(features, targets, range(3), c=5.0)

    for column in range(3):
        reference = LogisticRegression(C=5.0, tol=1e-8, max_iter=5000).fit(features.astype(float), targets[:, column])
        assert np.allclose(head.weight[column], reference.coef_[0], atol=5e-3)
        assert head.bias[column] + head.log_prior_shift[column] == pytest.approx(reference.intercept_[0], abs=5e-3)


def test_what_nobody_said_is_neither_present_nor_absent(rng):
    features, targets = dressed(rng, 300)
    partly = np.where(rng.random(targets.shape) < 0.5, targets, -1)
    told = partly[:, 1] >= 0

    head = train_multilabel_head(features, partly, range(3))
    alone = train_multilabel_head(features[told], targets[told][:, [1]], [1])

    assert np.allclose(head.weight[1], alone.weight[0], atol=0.05)


def test_a_class_of_one_kind_of_answer_gets_its_share_and_one_without_answers_nothing(rng):
    features, targets = dressed(rng, 40)
    targets = np.column_stack([targets[:, 0], np.zeros(40, int), np.ones(40, int), np.full(40, -1)])

    probs = probabilities(train_multilabel_head(features, targets, range(4)), features)

    assert probs[:, 1] == pytest.approx(0.5 / 41, abs=1e-5)
    assert probs[:, 2] == pytest.approx(40.5 / 41, abs=1e-5)
    assert probs[:, 3].max() == 0


def test_a_warm_start_changes_the_way_but_not_the_destination(rng):
    features, targets = dressed(rng, 160)
    old = train_multilabel_head(features[:100], targets[:100], range(3))

    cold = train_multilabel_head(features, targets, range(3))
    warm = train_multilabel_head(features, targets, range(3), warm_start=old)

    assert np.allclose(probabilities(cold, features), probabilities(warm, features), atol=5e-3)


def test_held_out_answers_set_the_temperature(rng):
    features, targets = dressed(rng, 400)
    noisy = np.where(rng.random(targets.shape) < 0.3, 1 - targets, targets)

    right, wrong = (train_multilabel_head(features, t, range(3)).temperature for t in (targets, noisy))

    assert wrong > 1 > right


def test_restoring_the_prior_follows_the_pool(rng):
    features, targets = dressed(rng, 3000)
    chosen = np.concatenate([np.flatnonzero(targets[:, 2] == 1)[:100], np.flatnonzero(targets[:, 2] == 0)[:100]])
    head = train_multilabel_head(features[chosen], targets[chosen], range(3))
    counts = np.column_stack([(targets[chosen] == said).sum(0) for said in (1, 0)])

    restored = restore_prior(head, features, counts)

    assert restored.log_prior_shift[2] < head.log_prior_shift[2] - 0.1, "a bag is rarer than the chosen say"
    assert restored.multi_label


@pytest.mark.parametrize(
    ("targets", "message"),
    [(np.zeros((0, 2), int), "at least one"), (np.zeros((3, 3), int), "3 rows"), (np.full((3, 2), 2), "Targets are")],
)
def test_targets_that_make_no_sense_are_refused(rng, targets, message):
    features, _ = dressed(rng, len(targets))
    with pytest.raises(ValueError, match=message):
        train_multilabel_head(features, targets, range(2))


def test_a_saved_head_stays_one_for_several_labels(rng, tmp_path):
    features, targets = dressed(rng, 50)
    head = train_multilabel_head(features, targets, range(3))

    head.save(tmp_path / "head.safetensors")
    loaded = Head.load(tmp_path / "head.safetensors")

    assert loaded.multi_label
    assert probabilities(loaded, features).tobytes() == probabilities(head, features).tobytes()


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(1, 14),
    lengths=st.lists(st.integers(0, 9), max_size=4),
    top_k=st.integers(1, 12),
)
def test_scores_equal_naive_sigmoids_over_any_sharding(seed, classes, lengths, top_k):
    rng = np.random.default_rng(seed)
    head = Head(
        weight=rng.normal(size=(classes, 8)).astype(np.float32),
        bias=rng.normal(size=classes).astype(np.float32),
        temperature=float(rng.uniform(0.3, 3)),
        classes=np.arange(classes),
        log_prior_shift=rng.normal(size=classes).astype(np.float32),
        multi_label=True,
    )
    shards = [rng.normal(size=(length, 8)).astype(np.float16) for length in lengths]

    scores = score(head, shards, top_k)

    rows = np.concatenate([np.zeros((0, 8)), *shards])
    naive = expit((rows @ head.weight.T + head.bias) / head.temperature + head.log_prior_shift)
    ranked = -np.sort(-naive, axis=1)[:, :top_k]
    doubt = -(naive * np.log(naive) + (1 - naive) * np.log1p(-naive)).sum(1)
    assert np.allclose(scores.top_prob, ranked, atol=1e-3)
    assert np.allclose(np.take_along_axis(naive, scores.top_class.astype(int), 1), ranked, atol=1e-5)
    assert np.allclose(scores.margin, np.abs(2 * naive - 1).min(1), atol=1e-3)
    assert np.allclose(scores.entropy, doubt, rtol=2e-3, atol=2e-3)
    assert np.allclose(scores.class_sums, naive.sum(0), atol=1e-4)
