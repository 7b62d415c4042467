"""Ridge-penalised logistic regression, softmax or sigmoids, by L-BFGS in float32 along scaled principal axes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Int64 = npt.NDArray[np.int64]

# Logits [n, K] -> sum of the losses (float64), its gradient by the logits [n, K] (may overwrite the logits).
Loss = Callable[[Tensor], tuple[Tensor, Tensor]]
# Unknowns -> value and gradient.
Objective = Callable[[Tensor], tuple[float, Tensor]]

TOLERANCE = 2e-6  # largest entry of the scaled gradient, a labelled row
STALLED = 2e-5  # of the loss, a labelled row, that the last `MEMORY` steps must have gained together
ITERATIONS = 200
MEMORY = 10  # pairs of steps that L-BFGS remembers
CURVATURE = 0.05  # p(1-p) of a typical row at the optimum
LEAST_POWER = 1e-3  # of an axis: below it the penalty leaves no weight


@dataclass(frozen=True)
class Axes:
    """Rows along the r principal axes that they span, and a last column of ones for the bias.

    The penalty does not change under rotation and no weight leaves the span, so the fit in r dimensions is the fit
    in d. Along these axes the curvature is known well enough, c p(1-p) power + 1, to divide each unknown by its root;
    that takes tens of iterations instead of hundreds.
    """

    rows: Tensor  # fp32 [n, r + 1] scaled
    scale: Tensor  # fp32 [r + 1]
    basis: Tensor  # fp32 [d, r]

    @classmethod
    def of(cls, features: npt.NDArray[np.floating], *, c: float) -> Axes:
        """Rotate and scale features [n, d] for an inverse regularisation of `c`."""
        x = torch.from_numpy(features.astype(np.float32))
        wide = len(x) < x.shape[1]
        power, vectors = torch.linalg.eigh(x @ x.T if wide else x.T @ x)
        kept = power > LEAST_POWER
        power, vectors = power[kept], vectors[:, kept]
        basis = x.T @ (vectors / power.sqrt()) if wide else vectors
        rows = vectors * power.sqrt() if wide else x @ basis
        curvature = c * CURVATURE
        scale = torch.cat([1 + curvature * power, torch.tensor([curvature * len(x)])]).rsqrt()
        return cls(torch.cat([rows, torch.ones(len(x), 1)], 1) * scale, scale, basis)

    def take(self, mask: npt.NDArray[np.bool_]) -> Axes:
        """Return some of the rows, on the same axes."""
        return Axes(self.rows[torch.from_numpy(mask)], self.scale, self.basis)

    def zeros(self, classes: int) -> Tensor:
        """Return unknowns [classes, r + 1] that say nothing."""
        return torch.zeros(classes, len(self.scale))

    def pack(self, weight: Tensor, bias: Tensor) -> Tensor:
        """Turn weights [K, d] and biases [K] into the unknowns [K, r + 1]."""
        return torch.column_stack([weight @ self.basis, bias]) / self.scale

    def unpack(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """Turn the unknowns into weights [K, d] and biases [K]."""
        scaled = unknowns * self.scale
        return scaled[:, :-1] @ self.basis.T, scaled[:, -1]


def fit(axes: Axes, loss: Loss, first: Tensor, *, c: float) -> Tensor:
    """Minimise c * loss + ||W||² / 2 from the unknowns `first` [K, r + 1]; the bias goes free."""
    n = len(axes.rows)
    penalty = axes.scale**2
    penalty[-1] = 0

    def objective(unknowns: Tensor) -> tuple[float, Tensor]:
        value, slope = loss(axes.rows @ unknowns.T)
        pull = unknowns * penalty
        value = c * value + (unknowns * pull).sum(dtype=torch.float64) / 2
        return float(value) / (c * n), pull.add_(slope.T @ axes.rows, alpha=c).div_(c * n)

    return minimise(objective, first)


def softmax_loss(targets: Int64, log_prior: Tensor) -> Loss:
    """Cross-entropy of softmax(logits + log_prior) for target columns [n].

    The prior in the loss is the logit adjustment of Menon et al. 2021, section 5: what is learnt goes without it.
    """
    columns = torch.from_numpy(targets).unsqueeze(1)

    def loss(logits: Tensor) -> tuple[Tensor, Tensor]:
        log_probs = torch.log_softmax(logits.add_(log_prior), dim=1)
        value = -log_probs.gather(1, columns).sum(dtype=torch.float64)
        return value, log_probs.exp_().scatter_add_(1, columns, torch.full_like(log_probs[:, :1], -1))

    return loss


def sigmoid_loss(targets: Tensor, log_odds: Tensor) -> Loss:
    """Sum of the binary cross-entropies of sigmoid(logits + log_odds) for targets [n, K]: 1, 0, or -1 for unknown."""
    known = targets >= 0
    wanted = targets.clamp(min=0).float()

    def loss(logits: Tensor) -> tuple[Tensor, Tensor]:
        logits.add_(log_odds)
        each = torch.nn.functional.softplus(logits) - logits * wanted
        return each.mul_(known).sum(dtype=torch.float64), logits.sigmoid_().sub_(wanted).mul_(known)

    return loss


def minimise(objective: Objective, first: Tensor) -> Tensor:
    """L-BFGS with backtracking (Nocedal and Wright 2006, algorithms 7.4 and 3.1) for a smooth convex objective."""
    point, (value, gradient) = first, objective(first)
    steps: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=MEMORY)  # (s, y, 1 / y·s)
    values = deque([float("inf")] * (MEMORY - 1) + [value], maxlen=MEMORY)
    for _ in range(ITERATIONS):
        if float(gradient.abs().max()) <= TOLERANCE:
            break
        direction = _descent(gradient, steps)
        whole = direction if steps else direction * min(1.0, 1 / float(gradient.abs().sum()))
        found = _search(objective, point, whole, value, float((whole * gradient).sum()))
        if found is None or values[0] - found[1] < STALLED:
            break
        ahead, value, new_gradient = found
        step, change = ahead - point, new_gradient - gradient
        bend = float((step * change).sum())
        if bend > 0:
            steps.append((step, change, 1 / bend))
        values.append(value)
        point, gradient = ahead, new_gradient
    return point


def _search(
    objective: Objective, point: Tensor, whole: Tensor, value: float, slope: float
) -> tuple[Tensor, float, Tensor] | None:
    """Halve the step until it lowers the value enough; point, value and gradient there, None within float32's noise."""
    share = 1.0
    while share > 1e-4:
        ahead = point + share * whole
        new_value, gradient = objective(ahead)
        if new_value <= value + 1e-4 * share * slope:
            return ahead, new_value, gradient
        share /= 2
    return None


def _descent(gradient: Tensor, steps: Sequence[tuple[Tensor, Tensor, float]]) -> Tensor:
    """-H gradient, with the inverse Hessian that the last steps suggest."""
    q = -gradient
    alphas = []
    for step, change, rho in reversed(steps):
        alphas.append(rho * float((step * q).sum()))
        q = q - alphas[-1] * change
    if steps:
        step, change, rho = steps[-1]
        q = q / (rho * float((change * change).sum()))
    for (step, change, rho), alpha in zip(steps, reversed(alphas), strict=True):
        q = q + (alpha - rho * float((change * q).sum())) * step
    return q
