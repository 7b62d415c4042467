"""Each loss is what its paper defines, and reduces to cross-entropy where it should."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from worker.ml.losses import BalancedSoftmax, ClassBalanced, CrossEntropy, Focal, class_weights, make_loss
from worker.ml.recipes import Recipe

CLASSES = 4

seeds = st.integers(0, 2**32 - 1)
count_lists = st.lists(st.integers(1, 100_000), min_size=CLASSES, max_size=CLASSES).map(np.array)


def batch(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(3 * rng.normal(size=(6, CLASSES)))
    return logits, torch.from_numpy(rng.integers(0, CLASSES, 6))


def own(values, targets):
    """The value of each row at its label."""
    return np.asarray(values)[np.arange(len(targets)), targets.numpy()]


def test_a_recipe_names_its_loss():
    counts = np.array([10, 20, 30, 40])
    made = {name: make_loss(Recipe(loss=name), counts) for name in ("cross_entropy", "focal", "class_balanced")}

    logits, targets = batch(0)
    assert all(loss(logits, targets).shape == (6,) for loss in made.values())
    assert isinstance(made["focal"], Focal)
    assert isinstance(make_loss(Recipe(), counts), BalancedSoftmax)


@settings(deadline=None)
@given(seed=seeds, gamma=st.floats(0, 5))
def test_focal_is_cross_entropy_times_a_power_of_what_is_missing(seed, gamma):
    logits, targets = batch(seed)
    p = own(softmax(logits.numpy(), axis=1), targets)
    assert np.allclose(Focal(gamma)(logits, targets), -((1 - p) ** gamma) * np.log(p), atol=1e-6)


@settings(deadline=None)
@given(seed=seeds)
def test_focal_without_focus_is_cross_entropy(seed):
    logits, targets = batch(seed)
    assert torch.allclose(Focal(0.0)(logits, targets), CrossEntropy()(logits, targets))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_has_a_gradient_even_where_the_model_is_certain(gamma):
    logits = torch.tensor([[200.0, 0.0], [0.0, 200.0]], requires_grad=True)
    Focal(gamma)(logits, torch.tensor([0, 0])).sum().backward()
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[1, 0] < 0, "the wrong one is still pulled up"


@settings(deadline=None)
@given(counts=count_lists, beta=st.floats(0, 0.99999))
def test_class_weights_are_inverse_effective_numbers(counts, beta):
    weights = class_weights(counts, beta)
    # E_n = 1 + beta + ... + beta^(n-1), the expected volume of n samples
    effective = np.array([sum(beta ** np.arange(n)) for n in counts])
    assert np.allclose(weights * effective, (weights * effective)[0], rtol=1e-4)
    assert weights.sum() == pytest.approx(CLASSES)


def test_class_weights_go_from_equal_to_inverse_counts():
    counts = np.array([1, 10, 100, 1000])
    assert np.allclose(class_weights(counts, 0.0), 1)
    limit = class_weights(counts, 1 - 1e-9)
    assert np.allclose(limit * counts, (limit * counts)[0], rtol=1e-4)


@settings(deadline=None)
@given(seed=seeds, counts=count_lists)
def test_class_balanced_weighs_the_cross_entropy_of_the_label(seed, counts):
    logits, targets = batch(seed)
    expected = CrossEntropy()(logits, targets).numpy() * class_weights(counts, 0.999)[targets.numpy()]
    assert np.allclose(ClassBalanced(counts, 0.999)(logits, targets), expected, rtol=1e-4)


@settings(deadline=None)
@given(seed=seeds, counts=count_lists)
def test_balanced_softmax_multiplies_each_class_by_its_count(seed, counts):
    logits, targets = batch(seed)
    mass = counts * np.exp(logits.numpy())
    expected = -np.log(own(mass / mass.sum(1, keepdims=True), targets))
    assert np.allclose(BalancedSoftmax(counts)(logits, targets), expected, atol=1e-4)


@settings(deadline=None)
@given(seed=seeds, count=st.integers(1, 1000))
def test_on_a_balanced_set_balanced_softmax_is_cross_entropy(seed, count):
    logits, targets = batch(seed)
    counts = np.full(CLASSES, count)
    assert torch.allclose(BalancedSoftmax(counts)(logits, targets), CrossEntropy()(logits, targets), atol=1e-5)


def test_what_balanced_softmax_learns_has_the_training_shares_divided_out():
    """Pictures that say nothing: cross-entropy learns the classes' shares, balanced softmax none of them."""
    counts = np.array([900, 90, 9, 1])
    targets = torch.from_numpy(np.repeat(np.arange(CLASSES), counts))
    learned = {}
    for name, loss in (("plain", CrossEntropy()), ("balanced", BalancedSoftmax(counts))):
        bias = torch.zeros(CLASSES, requires_grad=True)
        optimizer = torch.optim.LBFGS([bias], max_iter=100, line_search_fn="strong_wolfe")

        def closure(optimizer=optimizer, bias=bias, loss=loss):
            optimizer.zero_grad()
            value = loss(bias.expand(len(targets), -1), targets).mean()
            value.backward()
            return value

        optimizer.step(closure)
        learned[name] = softmax(bias.detach().numpy())
    assert np.allclose(learned["plain"], counts / counts.sum(), atol=1e-2)
    assert np.allclose(learned["balanced"], 1 / CLASSES, atol=1e-2)


@settings(deadline=None)
@given(seed=seeds, smoothing=st.floats(0, 0.5))
def test_smoothing_spreads_the_target(seed, smoothing):
    logits, targets = batch(seed)
    log_p = log_softmax(logits.numpy(), axis=1)
    expected = -(1 - smoothing) * own(log_p, targets) - smoothing * log_p.mean(1)
    assert np.allclose(CrossEntropy(smoothing)(logits, targets), expected, atol=1e-6)
