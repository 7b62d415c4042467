"""The linear head: logistic regression on cached embeddings, and the scoring of a pool with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor

from worker.ml.calibrate import fit_sigmoid_temperature, fit_temperature
from worker.ml.logistic import Axes, Loss, fit, sigmoid_loss, softmax_loss
from worker.ml.priors import class_shares

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

FOLDS = 5
ENOUGH_ROWS = 300  # held-out predictions after which no further fold is fitted
PRIOR_ROWS = 20  # held-out predictions that weigh as much as the belief in temperature 1
# How far the prior is moved from "all alike" to the pool's shares, in logarithms. A strategy picks what is hard, so the
# held-out labels make the head less sure of itself than it may be on the pool, and the whole prior outweighs it.
RESTORED = 0.5
SCORE_CHUNK = 1024  # rows in float32 at once: what is made of them stays in the processor's cache
# Logit of a class that nobody has labelled: low enough that it gets no mass at any temperature; the
# rank is subtracted from it so that such classes follow the others in the project's order.
UNSEEN_LOGIT = -1e4


@dataclass(frozen=True)
class Head:
    """A classifier over unit-length embeddings: softmax((W h + b) / temperature + log_prior_shift).

    W h + b speaks of the picture alone, as if all classes were equally frequent; `log_prior_shift` adds what is
    believed about that (see `restore_prior`). With `multi_label` each class has a sigmoid of its own in place of the
    softmax, and the shift is the logarithm of its odds.
    """

    weight: Float32  # [C, d]
    bias: Float32  # [C]
    temperature: float
    classes: Int64  # [C] label class ids, in the project's order
    log_prior_shift: Float32  # [C]
    multi_label: bool = False

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """Whether each class had labels, bool [C]."""
        return self.bias > UNSEEN_LOGIT / 2

    def save(self, path: Path) -> None:
        """Write the head to `path` as safetensors."""
        tensors: dict[str, npt.NDArray[Any]] = {
            "weight": self.weight,
            "bias": self.bias,
            "temperature": np.array([self.temperature]),
            "classes": self.classes,
            "log_prior_shift": self.log_prior_shift,
            "multi_label": np.array([self.multi_label]),
        }
        save_file(tensors, path)

    @classmethod
    def load(cls, path: Path) -> Head:
        """Read what `save` wrote, also before there were multi-label heads."""
        tensors: dict[str, Any] = load_file(path)
        multi_label = bool(tensors.pop("multi_label", [False])[0])
        return cls(**{**tensors, "temperature": float(tensors["temperature"][0]), "multi_label": multi_label})


@dataclass(frozen=True)
class Scores:
    """What a head says about N pictures, best class first; k = min(top_k, C)."""

    top_class: npt.NDArray[np.int16]  # [N, k] indexes into Head.classes
    top_prob: npt.NDArray[np.float16]  # [N, k]
    margin: npt.NDArray[np.float16]  # [N] p1 - p2, 1 if there is one class; multi-label: min over classes of |2p - 1|
    entropy: npt.NDArray[np.float16]  # [N] nats; multi-label: summed over the classes
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

    Which pictures carry labels says little about how often a class occurs, because a strategy chose them: their
    shares are part of the loss (logit adjustment, Menon et al. 2021, section 5), so that the head is without any
    prior and takes all classes for equally frequent until `restore_prior`.

    Raises ValueError without rows, or for a label that is not in `class_ids`.
    """
    classes = np.asarray(class_ids, np.int64)
    columns = _columns(np.asarray(labels, np.int64), classes)
    seen, targets = np.unique(columns, return_inverse=True)
    head = _unseen_head(classes, features.shape[1])
    head.bias[seen] = 0
    if len(seen) == 1:
        return head
    axes = Axes.of(features, c=c)
    temperature, first = _held_out_temperature(axes, targets, c=c, seed=seed)
    if warm_start is not None:
        first = _start_from(warm_start, classes[seen], axes)
    weight, bias = axes.unpack(fit(axes, _softmax_targets(targets), first, c=c))
    head.weight[seen], head.bias[seen] = weight.numpy(), bias.numpy()
    return replace(head, temperature=temperature)


def train_multilabel_head(
    features: npt.NDArray[np.floating[Any]],
    targets: npt.NDArray[np.integer[Any]],
    class_ids: Sequence[int],
    *,
    c: float = 30.0,
    warm_start: Head | None = None,
    seed: int = 0,
) -> Head:
    """`train_head` where any number of classes may be present: a sigmoid each, fitted at once.

    targets [n, C]: 1 present, 0 absent, -1 nobody has said, which is left out. A class of which only one of the two
    was ever said gets its share of the answers (Jeffreys' estimate) for every picture, one without answers no mass.
    The shift is the labelled shares' log odds: a class is seldom as often present as absent.

    Raises ValueError without rows, or for targets of another shape or other values.
    """
    classes = np.asarray(class_ids, np.int64)
    targets = _checked_targets(targets, len(features), len(classes))
    yes, no = (targets == 1).sum(0), (targets == 0).sum(0)
    head = replace(_unseen_head(classes, features.shape[1]), multi_label=True)
    said = yes + no > 0
    head.bias[said] = 0
    head.log_prior_shift[said] = np.log((yes + 0.5) / (no + 0.5))[said]
    both = np.flatnonzero((yes > 0) & (no > 0))
    if not len(both):
        return head
    axes = Axes.of(features, c=c)
    split, log_odds = targets[:, both], head.log_prior_shift[both]
    temperature, first = _held_out_sigmoid_temperature(axes, split, log_odds, c=c, seed=seed)
    if warm_start is not None and warm_start.multi_label:
        first = _start_from(warm_start, classes[both], axes)
    weight, bias = axes.unpack(fit(axes, _sigmoid_targets(split, log_odds), first, c=c))
    head.weight[both], head.bias[both] = weight.numpy(), bias.numpy()
    return replace(head, temperature=temperature)


def restore_prior(head: Head, rows: npt.NDArray[np.floating[Any]], counts: npt.NDArray[Any]) -> Head:
    """The head with class shares between equal ones and the pool's, for suggestions: see `priors.class_shares`.

    rows [n, d] a sample of the pictures without a label, counts [C] labels given a class; for a multi-label head
    counts [C, 2], how often it was said to be present and absent, whose odds take the place of equal shares.
    """
    shift = np.zeros(len(head.classes), np.float32)
    plain = np.concatenate([*_logits(replace(head, log_prior_shift=shift), [rows]), np.zeros((0, len(shift)))])
    seen = np.flatnonzero(head.seen)
    if head.multi_label:
        for column in seen:
            base = (counts[column] + 0.5) / (counts[column].sum() + 1)
            odds = np.column_stack([plain[:, column], np.zeros(len(plain))])
            logs = np.log([class_shares(odds, counts[column], base=base), base])
            shift[column] = np.dot([RESTORED, 1 - RESTORED], logs[:, 0] - logs[:, 1])
    elif len(seen):
        shares = class_shares(plain[:, seen], counts[seen]) ** RESTORED
        shift[seen] = np.log(shares / shares.sum())
    return replace(head, log_prior_shift=shift)


def score(head: Head, shards: Iterable[npt.NDArray[np.float16]], top_k: int = 10) -> Scores:
    """Probabilities of every row of `shards` (fp16 [n, d], may be memory-mapped), in constant memory.

    Ties in probability are broken by the logits, so that classes without mass keep the project's order.
    """
    classes = len(head.classes)
    k = min(top_k, classes)
    sums = torch.zeros(classes, dtype=torch.float64)
    nothing = np.zeros(0, np.float16)
    parts: list[tuple[npt.NDArray[Any], ...]] = [
        (np.zeros((0, k), np.int16), np.zeros((0, k), np.float16), nothing, nothing)
    ]
    judge = _judge_sigmoids if head.multi_label else _judge_softmax
    for logits in _logits(head, shards):
        best, order = torch.topk(logits, k, dim=1)
        top, margin, entropy = judge(logits, best, sums)
        parts.append((order.short().numpy(), *(values.half().numpy() for values in (top, margin, entropy))))
    top_class, top_prob, margins, entropies = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Scores(top_class, top_prob, margins, entropies, sums.numpy())


def probabilities(head: Head, features: npt.NDArray[np.floating[Any]]) -> Float32:
    """The full softmax, or each class's sigmoid, float32 [n, C], of a few rows."""
    squash = torch.sigmoid if head.multi_label else _softmax
    chunks = [squash(logits).numpy() for logits in _logits(head, [features])]
    return np.concatenate(chunks) if chunks else np.zeros((0, len(head.classes)), np.float32)


def _softmax(logits: Tensor) -> Tensor:
    return torch.softmax(logits, dim=1)


def _logits(head: Head, shards: Iterable[npt.NDArray[Any]]) -> Iterator[Tensor]:
    weight = torch.from_numpy(head.weight / np.float32(head.temperature)).T.contiguous()
    bias = torch.from_numpy(head.bias / np.float32(head.temperature) + head.log_prior_shift)
    wide = torch.empty(SCORE_CHUNK, len(weight))
    for shard in shards:
        for begin in range(0, len(shard), SCORE_CHUNK):
            rows = torch.from_numpy(np.array(shard[begin : begin + SCORE_CHUNK]))
            yield torch.addmm(bias, wide[: len(rows)].copy_(rows), weight)


def _judge_softmax(logits: Tensor, best: Tensor, sums: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Top probabilities, margins and entropies out of one exponential of the logits, which are overwritten."""
    logits -= best[:, :1]
    odds = logits.exp()
    total = odds.sum(1, keepdim=True)
    sums += (total.reciprocal().T @ odds)[0]
    entropy = total[:, 0].log() - odds.mul_(logits).sum(1) / total[:, 0]
    top = (best - best[:, :1]).exp_() / total
    margin = top[:, 0] - top[:, 1] if top.shape[1] > 1 else top[:, 0]
    return top, margin, entropy


def _judge_sigmoids(logits: Tensor, best: Tensor, sums: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Top probabilities, margins and entropies of independent classes."""
    probs = logits.sigmoid()
    sums += probs.sum(0)
    entropy = (torch.nn.functional.softplus(logits) - logits * probs).sum(1)
    return best.sigmoid(), probs.mul_(2).sub_(1).abs_().amin(1), entropy


def _columns(labels: Int64, classes: Int64) -> Int64:
    if not len(labels):
        raise ValueError("A head needs at least one label.")
    order = np.argsort(classes)
    columns = order[np.searchsorted(classes, labels, sorter=order).clip(max=len(classes) - 1)]
    if not np.array_equal(classes[columns], labels):
        raise ValueError("A label is not among the project's classes.")
    return columns


def _checked_targets(targets: npt.NDArray[np.integer[Any]], rows: int, classes: int) -> Int64:
    if not rows:
        raise ValueError("A head needs at least one label.")
    if targets.shape != (rows, classes):
        raise ValueError(f"There are {rows} rows and {classes} classes, but the targets are {targets.shape}.")
    if not np.isin(targets, (-1, 0, 1)).all():
        raise ValueError("Targets are 1 (present), 0 (absent) or -1 (unknown).")
    return targets.astype(np.int64)


def _unseen_head(classes: Int64, dim: int) -> Head:
    bias = (UNSEEN_LOGIT - np.arange(len(classes))).astype(np.float32)
    shift = np.zeros(len(classes), np.float32)
    return Head(np.zeros((len(classes), dim), np.float32), bias, 1.0, classes, shift)


def _log_shares(targets: Int64) -> Float64:
    return np.log(np.bincount(targets) / len(targets))


def _softmax_targets(targets: Int64) -> Loss:
    return softmax_loss(targets, torch.from_numpy(_log_shares(targets)).float())


def _sigmoid_targets(targets: Int64, log_odds: Float32) -> Loss:
    return sigmoid_loss(torch.from_numpy(targets), torch.from_numpy(log_odds))


def _start_from(head: Head, ids: Int64, axes: Axes) -> Tensor:
    """The old head as unknowns for some classes; zero for those that it had not seen."""
    known = {int(head.classes[row]): row for row in np.flatnonzero(head.seen)}
    rows = [known.get(class_id) for class_id in ids.tolist()]
    weight = np.stack([np.zeros_like(head.weight[0]) if row is None else head.weight[row] for row in rows])
    bias = np.array([0 if row is None else head.bias[row] for row in rows], np.float32)
    return axes.pack(torch.from_numpy(weight), torch.from_numpy(bias))


def _held_out_temperature(axes: Axes, targets: Int64, *, c: float, seed: int) -> tuple[float, Tensor]:
    """Temperature from cross-validated logits, drawn towards 1 while few rows speak for it; where a fit may begin.

    A row says nothing if its class has no other label left in the fold's training part.
    """
    log_shares = _log_shares(targets)
    logits = np.full((len(targets), len(log_shares)), -np.inf)
    usable = np.zeros(len(targets), bool)
    first = axes.zeros(len(log_shares))
    for held_out in _folds(targets, seed):
        seen, local = np.unique(targets[~held_out], return_inverse=True)
        told = held_out & np.isin(targets, seen)
        if len(seen) < 2 or not told.any():
            continue
        if usable.sum() >= ENOUGH_ROWS:
            break
        found = fit(axes.take(~held_out), _softmax_targets(local), axes.zeros(len(seen)), c=c)
        logits[np.ix_(held_out, seen)] = axes.take(held_out).rows @ found.T
        first[seen] = found
        usable |= told
    temperature = 1.0
    if usable.any():
        temperature = fit_temperature(logits[usable], targets[usable], log_shares)
    return _drawn_to_one(temperature, int(usable.sum())), first


def _held_out_sigmoid_temperature(
    axes: Axes, targets: Int64, log_odds: Float32, *, c: float, seed: int
) -> tuple[float, Tensor]:
    """`_held_out_temperature` for targets [n, K] of 1, 0 and -1."""
    logits = np.zeros(targets.shape)
    told = np.full(targets.shape, -1)
    first = axes.zeros(targets.shape[1])
    for held_out in _folds(np.zeros(len(targets), np.int64), seed):
        if (told >= 0).any(1).sum() >= ENOUGH_ROWS:
            break
        rest = targets[~held_out]
        both = np.flatnonzero((rest == 1).any(0) & (rest == 0).any(0))
        if not len(both):
            continue
        loss = _sigmoid_targets(rest[:, both], log_odds[both])
        found = fit(axes.take(~held_out), loss, axes.zeros(len(both)), c=c)
        cells = np.ix_(held_out, both)
        logits[cells], told[cells] = axes.take(held_out).rows @ found.T, targets[cells]
        first[both] = found
    temperature = 1.0
    if (told >= 0).any():
        temperature = fit_sigmoid_temperature(logits, told, log_odds)
    return _drawn_to_one(temperature, int((told >= 0).any(1).sum())), first


def _drawn_to_one(temperature: float, rows: int) -> float:
    return temperature ** (rows / (rows + PRIOR_ROWS))


def _folds(targets: Int64, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
    """Masks of the held-out rows of each fold; every class is spread as evenly as its labels allow."""
    shuffled = np.random.default_rng(seed).random(len(targets))
    fold = np.empty(len(targets), np.int64)
    fold[np.lexsort((shuffled, targets))] = np.arange(len(targets)) % FOLDS
    for index in range(min(FOLDS, len(targets))):
        yield fold == index
