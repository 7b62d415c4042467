"""What training minimises: cross-entropy, and three ways to make rare or hard pictures count for more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from worker.ml.recipes import Recipe

# (logits fp32 [b, C], targets int64 [b]) -> losses fp32 [b], one a picture. A mean over the pictures, not over their
# weights, is what a batch taken in parts adds up to.
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class CrossEntropy(nn.Module):
    """-log p of the label; with `smoothing`, that share of the target is spread over all classes."""

    def __init__(self, smoothing: float = 0.0) -> None:
        super().__init__()
        self.smoothing = smoothing

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(logits, targets, label_smoothing=self.smoothing, reduction="none")


class Focal(nn.Module):
    """(1 - p)^gamma times the cross-entropy: easy pictures fade (Lin et al. 2017, equation 4)."""

    def __init__(self, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        log_p = torch.log_softmax(logits, dim=1).gather(1, targets[:, None]).squeeze(1)
        # 1 - p from the logarithm is exact near p = 1; at zero the power's slope would be infinite for gamma < 1.
        rest = (-torch.expm1(log_p)).clamp_min(1e-12)
        return -(rest**self.gamma) * log_p


class ClassBalanced(nn.Module):
    """Cross-entropy weighted by the inverse effective number of a class's pictures (Cui et al. 2019, equation 11)."""

    weights: torch.Tensor

    def __init__(self, counts: npt.NDArray[np.int64], beta: float, smoothing: float = 0.0) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.register_buffer("weights", torch.from_numpy(class_weights(counts, beta)).float())

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        losses = functional.cross_entropy(logits, targets, label_smoothing=self.smoothing, reduction="none")
        return losses * self.weights[targets]


class BalancedSoftmax(nn.Module):
    """Cross-entropy of logits + log(pictures of the class): what is learned has the training set's shares divided out
    (Ren et al. 2020, equation 3; logit adjustment with tau = 1).
    """

    log_counts: torch.Tensor

    def __init__(self, counts: npt.NDArray[np.int64], smoothing: float = 0.0) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.register_buffer("log_counts", torch.from_numpy(np.log(counts)).float())

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        adjusted = logits + self.log_counts
        return functional.cross_entropy(adjusted, targets, label_smoothing=self.smoothing, reduction="none")


def class_weights(counts: npt.NDArray[np.int64], beta: float) -> npt.NDArray[np.float64]:
    """Weights [C] proportional to (1 - beta) / (1 - beta^n), summing to C (Cui et al. 2019, section 3.2).

    beta = 0 weighs every class alike; beta towards 1, by 1 / n. Counts must be positive.
    """
    # expm1 keeps the digits of 1 - beta^n for a beta near 1.
    effective = -np.expm1(counts * np.log(beta)) / (1 - beta) if beta > 0 else np.ones(len(counts))
    return len(counts) * (1 / effective) / (1 / effective).sum()


def make_loss(recipe: Recipe, counts: npt.NDArray[np.int64]) -> nn.Module:
    """The recipe's loss for a training set with `counts` [C] pictures a class, all positive."""
    if recipe.loss == "focal":
        return Focal(recipe.focal_gamma)
    if recipe.loss == "class_balanced":
        return ClassBalanced(counts, recipe.class_balanced_beta, recipe.label_smoothing)
    if recipe.loss == "balanced_softmax":
        return BalancedSoftmax(counts, recipe.label_smoothing)
    return CrossEntropy(recipe.label_smoothing)
