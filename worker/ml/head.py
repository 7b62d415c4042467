"""The linear head: multinomial logistic regression on cached embeddings, and the scoring of a pool with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import load_file, save_file
from scipy.optimize import minimize
from scipy.special import log_softmax
from threadpoolctl import threadpool_limits

from worker.ml.calibrate import fit_temperature

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

FOLDS = 5
ENOUGH_ROWS = 300  # held-out predictions after which no further fold is fitted
PRIOR_ROWS = 20  # held-out predictions that weigh as much as the belief in temperature 1
SCORE_CHUNK = 8192  # rows of a shard in float32 at once
# Logit of a class that nobody has labelled: low enough that it gets no mass at any temperature; the
# rank is subtracted from it so that such classes follow the others in the project's order.
UNSEEN_LOGIT = -1e4


@dataclass(frozen=True)
class Head:
    """A softmax classifier over unit-length embeddings: softmax((W h + b) / temperature + log_prior_shift)."""

    weight: Float32  # [C, d]
    bias: Float32  # [C]
    temperature: float
    classes: Int64  # [C] label class ids, in the project's order
    log_prior_shift: Float32  # [C] added to the log-probabilities before they are normalised again

    def save(self, path: Path) -> None:
        """Write the head to `path` as safetensors."""
        tensors: dict[str, npt.NDArray[Any]] = {
            "weight": self.weight,
            "bias": self.bias,
            "temperature": np.array([self.temperature]),
            "classes": self.classes,
            "log_prior_shift": self.log_prior_shift,
        }
        save_file(tensors, path)

    @classmethod
    def load(cls, path: Path) -> Head:
        """Read what `save` wrote."""
        tensors: dict[str, Any] = load_file(path)
        return cls(**{**tensors, "temperature": float(tensors["temperature"][0])})


@dataclass(frozen=True)
class Scores:
    """What a head says about N pictures, best class first; k = min(top_k, C)."""

    top_class: npt.NDArray[np.int16]  # [N, k] indexes into Head.classes
    top_prob: npt.NDArray[np.float16]  # [N, k]
    margin: npt.NDArray[np.float16]  # [N] p1 - p2; 1 if there is one class
    entropy: npt.NDArray[np.float16]  # [N] nats
    class_sums: Float64  # [C] sums of the probabilities: expected pictures a class


def train_head(
    features: npt.NDArray[np.floating[Any]],
    labels: npt.ArrayLike,
    class_ids: Sequence[int],
    *,
    c: float = 30.0,
    warm_start: Head | None = None,
    seed: int = 0,
) -> Head:
    """Fit multinomial logistic regression with inverse regularisation `c` and calibrate it.

    features [n, d] fp16 or fp32 unit rows, labels [n] class ids, class_ids all C classes of the project
    in order. A class without labels gets no mass. `warm_start` (same d) only saves iterations; `seed`
    deals the rows into the folds from whose held-out predictions the temperature comes.

    Which pictures carry labels says nothing about how often a class occurs, because a strategy chose
    them: the labelled set's prior is divided out again (logit adjustment, Menon et al. 2021, section 3).

    Raises ValueError without rows, or for a label that is not in `class_ids`.
    """
    classes = np.asarray(class_ids, np.int64)
    columns = _columns(np.asarray(labels, np.int64), classes)
    seen, targets = np.unique(columns, return_inverse=True)
    head = _unseen_head(classes, features.shape[1])
    head.bias[seen] = 0
    if len(seen) == 1:
        return head
    # The pools of BLAS threads cost more than they bring on matrices this small.
    with threadpool_limits(1, "blas"):
        rows, basis, power = _principal_axes(features)
        start = None if warm_start is None else _start_from(warm_start, classes[seen], basis)
        weight, bias = _fit(rows, power, targets, c=c, start=start)
        temperature = _held_out_temperature(rows, power, targets, c=c, seed=seed)
    head.weight[seen] = weight @ basis.T
    head.bias[seen] = bias
    counts = np.bincount(targets)
    head.log_prior_shift[seen] = -np.log((counts + 1) / (counts + 1).sum())
    return replace(head, temperature=temperature)


def score(head: Head, shards: Iterable[npt.NDArray[np.float16]], top_k: int = 10) -> Scores:
    """Probabilities of every row of `shards` (fp16 [n, d], may be memory-mapped), in constant memory.

    Ties in probability are broken by the logits, so that classes without mass keep the project's order.
    """
    parts: list[tuple[npt.NDArray[Any], ...]] = []
    sums = np.zeros(len(head.classes))
    for logits in _logits(head, shards):
        order = torch.topk(logits, min(top_k, logits.shape[1]), dim=1)
        log_probs = torch.log_softmax(logits, dim=1)
        probs = log_probs.exp()
        top = probs.gather(1, order.indices)
        margin = top[:, 0] - top[:, 1] if top.shape[1] > 1 else top[:, 0]
        entropy = -(probs * log_probs).sum(1)
        sums += probs.sum(0, dtype=torch.float64).numpy()
        halves = (values.half().numpy() for values in (top, margin, entropy))
        parts.append((order.indices.short().numpy(), *halves))
    if not parts:
        k = min(top_k, len(head.classes))
        parts = [(np.zeros((0, k), np.int16), np.zeros((0, k), np.float16), *[np.zeros(0, np.float16)] * 2)]
    top_class, top_prob, margins, entropies = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Scores(top_class, top_prob, margins, entropies, sums)


def probabilities(head: Head, features: npt.NDArray[np.floating[Any]]) -> Float32:
    """The full softmax, float32 [n, C], of a few rows."""
    chunks = [torch.softmax(logits, dim=1).numpy() for logits in _logits(head, [features])]
    return np.concatenate(chunks) if chunks else np.zeros((0, len(head.classes)), np.float32)


def _logits(head: Head, shards: Iterable[npt.NDArray[Any]]) -> Iterator[torch.Tensor]:
    weight = torch.from_numpy(head.weight / np.float32(head.temperature)).T.contiguous()
    bias = torch.from_numpy(head.bias / np.float32(head.temperature) + head.log_prior_shift)
    for shard in shards:
        for begin in range(0, len(shard), SCORE_CHUNK):
            rows = torch.from_numpy(np.array(shard[begin : begin + SCORE_CHUNK]))
            yield torch.addmm(bias, rows.float(), weight)


def _columns(labels: Int64, classes: Int64) -> Int64:
    if not len(labels):
        raise ValueError("A head needs at least one label.")
    order = np.argsort(classes)
    columns = order[np.searchsorted(classes, labels, sorter=order).clip(max=len(classes) - 1)]
    if not np.array_equal(classes[columns], labels):
        raise ValueError("A label is not among the project's classes.")
    return columns


def _unseen_head(classes: Int64, dim: int) -> Head:
    bias = (UNSEEN_LOGIT - np.arange(len(classes))).astype(np.float32)
    shift = np.zeros(len(classes), np.float32)
    return Head(np.zeros((len(classes), dim), np.float32), bias, 1.0, classes, shift)


def _principal_axes(features: npt.NDArray[Any]) -> tuple[Float64, Float64, Float64]:
    """`features` [n, d] in the r axes that they span: rows [n, r], basis [d, r], power [r].

    The penalty does not change under rotation and no weight leaves the span, so the fit in r dimensions
    is the fit in d; and along these axes the curvature is known well enough to precondition by it.
    """
    x = features.astype(np.float64)
    wide = len(x) < x.shape[1]
    power, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)
    kept = power > power[-1] * 1e-6
    power, vectors = power[kept], vectors[:, kept]
    if wide:
        return vectors * np.sqrt(power), x.T @ (vectors / np.sqrt(power)), power
    return x @ vectors, vectors, power


def _start_from(head: Head, seen_ids: Int64, basis: Float64) -> tuple[Float64, Float64]:
    """The old head's weights and biases for the seen classes; zero for those that it had not seen."""
    weight, bias = np.zeros((len(seen_ids), basis.shape[1])), np.zeros(len(seen_ids))
    known = {class_id: row for row, class_id in enumerate(head.classes.tolist())}
    for row, class_id in enumerate(seen_ids.tolist()):
        old = known.get(class_id)
        if old is not None and head.bias[old] > UNSEEN_LOGIT / 2:
            weight[row], bias[row] = head.weight[old] @ basis, head.bias[old]
    return weight, bias


def _fit(
    rows: Float64,
    power: Float64,
    targets: Int64,
    *,
    c: float,
    tolerance: float = 1e-6,
    start: tuple[Float64, Float64] | None = None,
) -> tuple[Float64, Float64]:
    """Minimise c * sum of cross-entropies + ||W||^2 / 2 by L-BFGS -> weight [K, r], bias [K].

    The unknowns are scaled by the curvature's order of magnitude along each axis, c p(1-p) power + 1,
    which takes tens of iterations instead of hundreds.
    """
    n, classes = len(rows), int(targets.max()) + 1
    curvature = 0.2 * c  # p(1-p) between 0 and .25
    scale = np.append(1 / np.sqrt(1 + curvature * power), 1 / np.sqrt(curvature * n))
    x = np.hstack([rows, np.ones((n, 1))]) * scale
    penalty = np.append(scale[:-1] ** 2, 0.0)
    onehot = np.eye(classes)[targets]

    def objective(flat: Float64) -> tuple[float, Float64]:
        w = flat.reshape(classes, -1)
        log_probs = log_softmax(x @ w.T, axis=1)
        loss = -c * (log_probs * onehot).sum() + (w * w * penalty).sum() / 2
        gradient = c * (np.exp(log_probs) - onehot).T @ x + w * penalty
        return loss / (c * n), gradient.ravel() / (c * n)

    first = np.zeros((classes, len(scale))) if start is None else np.column_stack(start) / scale
    options = {"maxiter": 200, "gtol": tolerance, "ftol": 1e-12}
    w = minimize(objective, first.ravel(), jac=True, method="L-BFGS-B", options=options).x
    w = w.reshape(classes, -1) * scale
    return w[:, :-1], w[:, -1]


def _held_out_temperature(rows: Float64, power: Float64, targets: Int64, *, c: float, seed: int) -> float:
    """Temperature from cross-validated logits, drawn towards 1 while few rows speak for it.

    A row says nothing if its class has no other label left in the fold's training part.
    """
    logits = np.full((len(rows), int(targets.max()) + 1), UNSEEN_LOGIT)
    usable = np.zeros(len(rows), bool)
    for held_out in _folds(targets, seed):
        seen, local = np.unique(targets[~held_out], return_inverse=True)
        if len(seen) < 2:
            continue
        if usable.sum() >= ENOUGH_ROWS:
            break
        weight, bias = _fit(rows[~held_out], power, local, c=c, tolerance=1e-5)
        logits[np.ix_(held_out, seen)] = rows[held_out] @ weight.T + bias
        usable |= held_out & np.isin(targets, seen)
    count = int(usable.sum())
    if count == 0:
        return 1.0
    return fit_temperature(logits[usable], targets[usable]) ** (count / (count + PRIOR_ROWS))


def _folds(targets: Int64, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
    """Masks of the held-out rows of each fold; every class is spread as evenly as its labels allow."""
    shuffled = np.random.default_rng(seed).random(len(targets))
    fold = np.empty(len(targets), np.int64)
    fold[np.lexsort((shuffled, targets))] = np.arange(len(targets)) % FOLDS
    for index in range(min(FOLDS, len(targets))):
        yield fold == index
