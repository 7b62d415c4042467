"""The linear head learns from a few labels in seconds, admits what it has not seen, and scores any pool."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from tests.worker.ml.synthetic import clusters
from worker.ml.head import Head, probabilities, restore_prior, score, train_head


def test_a_head_learns_the_classes_from_a_few_labels_each(rng):
    features, truth = clusters(rng, count=400, classes=4)
    class_ids = [70, 10, 30, 20]
    labels = np.array(class_ids)[truth]

    head = train_head(features[:24], labels[:24], class_ids)
    scores = score(head, [features[24:]])

    predicted = head.classes[scores.top_class[:, 0]]
    assert (predicted == labels[24:]).mean() > 0.95
    assert head.classes.tolist() == class_ids


def test_it_is_the_regularised_optimum(rng):
    features, truth = clusters(rng, count=120, classes=3, spread=1.5)

    head = train_head(features, truth, range(3), c=5.0)

    reference = LogisticRegression(C=5.0, tol=1e-8, max_iter=5000).fit(features.astype(float), truth)
    assert np.allclose(head.weight, reference.coef_, atol=2e-3)
    intercept = head.bias + np.log(np.bincount(truth) / len(truth))  # the loss knew the labels' shares
    assert np.allclose(intercept - intercept.mean(), reference.intercept_ - reference.intercept_.mean(), atol=2e-3)


@pytest.mark.parametrize("count", [20, 200], ids=["fewer rows than dimensions", "more rows than dimensions"])
def test_a_warm_start_changes_the_way_but_not_the_destination(rng, count):
    features, truth = clusters(rng, count=count, classes=4, dim=64)
    old = train_head(features[: count // 2], truth[: count // 2], range(4))

    cold = train_head(features, truth, range(4))
    warm = train_head(features, truth, range(4), warm_start=old)

    assert np.allclose(probabilities(cold, features), probabilities(warm, features), atol=5e-3)


def test_the_same_labels_and_seed_give_the_same_bytes(rng):
    features, truth = clusters(rng, count=60, classes=5)

    first, second = (train_head(features, truth, range(5), seed=3) for _ in range(2))

    assert first.weight.tobytes() == second.weight.tobytes()
    assert first.temperature == second.temperature


def test_a_class_without_labels_gets_no_mass_and_ranks_last_in_the_projects_order(rng):
    features, truth = clusters(rng, count=40, classes=2)

    head = train_head(features, np.array([5, 8])[truth], [3, 5, 9, 8, 1])
    scores = score(head, [features])

    assert scores.class_sums[[0, 2, 4]].max() == 0
    assert head.classes[scores.top_class[:, 2:]].tolist() == [[3, 9, 1]] * 40
    assert np.isfinite(scores.entropy).all()


@pytest.mark.parametrize("class_ids", [[4], [2, 4, 6]], ids=["one class in all", "one class labelled"])
def test_a_single_labelled_class_is_certain(rng, class_ids):
    features, _ = clusters(rng, count=6, classes=1)

    scores = score(train_head(features[:2], [4, 4], class_ids), [features])

    assert np.array(class_ids)[scores.top_class[:, 0]].tolist() == [4] * 6
    assert scores.top_prob[:, 0].tolist() == scores.margin.tolist() == [1] * 6


def test_one_label_of_each_of_many_classes_is_enough(rng):
    features, truth = clusters(rng, count=200, classes=200, dim=64)

    head = train_head(features, truth, range(200))

    assert (score(head, [features]).top_class[:, 0] == truth).all()
    assert head.temperature == 1.0


def test_no_label_or_an_unknown_one_is_refused(rng):
    features, _ = clusters(rng, count=2, classes=2)
    with pytest.raises(ValueError, match="at least one label"):
        train_head(features[:0], [], [1, 2])
    with pytest.raises(ValueError, match="not among"):
        train_head(features, [1, 3], [1, 2])


def test_the_labelled_sets_shares_do_not_become_the_predictions_prior(rng):
    """A strategy that asked about one class nine times as often says nothing about the pool."""
    features, truth = clusters(rng, count=2000, classes=2, spread=2.5)
    chosen = np.concatenate([np.flatnonzero(truth == 0)[:180], np.flatnonzero(truth == 1)[:20]])

    head = train_head(features[chosen], truth[chosen], range(2))
    pool = np.setdiff1d(np.arange(2000), chosen)

    share = score(head, [features[pool]]).class_sums[0] / len(pool)
    with_prior = replace(head, log_prior_shift=np.log([0.9, 0.1]).astype(np.float32))
    share_with_prior = score(with_prior, [features[pool]]).class_sums[0] / len(pool)
    assert share == pytest.approx(0.5, abs=0.03)
    assert share_with_prior > 0.55


def test_restoring_the_prior_makes_suggestions_follow_the_pool(rng):
    """Labels were chosen evenly; of the pool four in five are of the first class."""
    features, truth = clusters(rng, count=3000, classes=3, spread=2.0)
    pool = np.flatnonzero((truth != 1) & (rng.random(3000) < np.where(truth == 0, 1, 0.25)))[300:]
    head = train_head(features[:300], truth[:300] + 40, [39, 40, 41, 42])

    restored = restore_prior(head, features[pool], np.array([0, 100, 100, 100]))

    share = np.exp(restored.log_prior_shift)
    assert share[1:].sum() == pytest.approx(1)
    assert share[1] > 0.4, "40 is most of the pool"
    assert share[1] > share[3] > share[2], "41 is in the labels and nowhere in the pool"
    accuracy, before = (
        (one.classes[probabilities(one, features[pool]).argmax(1)] - 40 == truth[pool]).mean()
        for one in (restored, head)
    )
    assert accuracy > before
    assert score(restored, [features[pool]]).class_sums[0] == 0, "39 has no label"


def test_a_head_from_before_there_were_several_labels_a_picture_is_read(rng, tmp_path):
    features, truth = clusters(rng, count=50, classes=3)
    head = train_head(features, truth, range(3))
    old = {name: getattr(head, name) for name in ("weight", "bias", "classes", "log_prior_shift")}
    save_file(old | {"temperature": np.array([head.temperature])}, tmp_path / "head.safetensors")

    loaded = Head.load(tmp_path / "head.safetensors")

    assert not loaded.multi_label
    assert probabilities(loaded, features).tobytes() == probabilities(head, features).tobytes()


def test_a_saved_head_scores_like_the_original(rng, tmp_path):
    features, truth = clusters(rng, count=50, classes=3)
    head = train_head(features, truth + 7, [7, 8, 9])

    head.save(tmp_path / "head.safetensors")
    loaded = Head.load(tmp_path / "head.safetensors")

    assert probabilities(loaded, features).tobytes() == probabilities(head, features).tobytes()
    assert loaded.classes.tolist() == [7, 8, 9]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(1, 14),
    lengths=st.lists(st.integers(0, 9), max_size=4),
    top_k=st.integers(1, 12),
)
def test_scores_equal_a_naive_softmax_over_any_sharding(seed, classes, lengths, top_k):
    rng = np.random.default_rng(seed)
    head = Head(
        weight=rng.normal(size=(classes, 8)).astype(np.float32),
        bias=rng.normal(size=classes).astype(np.float32),
        temperature=float(rng.uniform(0.3, 3)),
        classes=np.arange(classes),
        log_prior_shift=rng.normal(size=classes).astype(np.float32),
    )
    shards = [rng.normal(size=(length, 8)).astype(np.float16) for length in lengths]

    scores = score(head, shards, top_k)

    rows = np.concatenate([np.zeros((0, 8)), *shards])
    naive = softmax((rows @ head.weight.T + head.bias) / head.temperature + head.log_prior_shift, axis=1)
    ranked = -np.sort(-naive, axis=1)
    k = min(top_k, classes)
    assert scores.top_class.dtype == np.int16
    assert scores.top_class.shape == scores.top_prob.shape == (len(rows), k)
    assert np.allclose(np.take_along_axis(naive, scores.top_class.astype(int), 1), ranked[:, :k], atol=1e-5)
    assert np.allclose(scores.top_prob, ranked[:, :k], atol=1e-3)
    assert np.allclose(scores.class_sums, naive.sum(0), atol=1e-4)
    assert np.allclose(scores.entropy, -(naive * np.log(naive)).sum(1), atol=2e-3)
    second = ranked[:, 1] if classes > 1 and k > 1 else 0
    assert np.allclose(scores.margin, ranked[:, 0] - second, atol=1e-3)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(6, 40))
def test_turning_the_embedding_space_changes_no_probability(seed, count):
    rng = np.random.default_rng(seed)
    features, truth = clusters(rng, count=count, classes=3, dim=16)
    features = features.astype(np.float32)
    rotation = np.linalg.qr(rng.normal(size=(16, 16)))[0].astype(np.float32)

    plain = probabilities(train_head(features, truth, range(3)), features)
    turned = probabilities(train_head(features @ rotation, truth, range(3)), features @ rotation)

    assert np.allclose(plain, turned, atol=0.02)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_naming_the_classes_in_another_order_changes_no_weight(seed):
    rng = np.random.default_rng(seed)
    features, truth = clusters(rng, count=30, classes=4, dim=16)
    order = rng.permutation(4)

    plain = train_head(features, truth, range(4))
    reordered = train_head(features, truth, order.tolist())

    assert np.allclose(plain.weight[order], reordered.weight, atol=0.02)
    assert np.allclose(plain.log_prior_shift[order], reordered.log_prior_shift)
