"""One optimisation step, in whatever precision and memory the device has, and all that must be kept between two."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from worker.ml.augment import derived_seed
from worker.ml.checkpoint import Tensors
from worker.ml.classifier import Frame, autocast, freeze, last_layer, normalise, set_training
from worker.ml.device import Compute
from worker.ml.recipes import Recipe


class TrainingDiverged(Exception):
    """The loss is no longer a number."""

    code = "diverged"
    hint = "Train again with a lower learning rate, or in fp32."


class Learner:
    """A model, its moving average, and the AdamW optimizer that trains it (Loshchilov & Hutter 2019)."""

    def __init__(self, model: nn.Module, frame: Frame, loss: nn.Module, recipe: Recipe, compute: Compute) -> None:
        freeze(model, recipe.freeze)
        self.model = model.to(compute.device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).eval() if recipe.ema_decay else None
        self.frame, self.recipe, self.compute = frame, recipe, compute
        self.loss = loss.to(compute.device)
        self.optimizer = torch.optim.AdamW(_groups(self.model, recipe), lr=recipe.lr)
        self.scaler = torch.amp.GradScaler(compute.device.type, enabled=compute.dtype == torch.float16)
        self.parts = 1  # into which a batch is split to fit the memory
        set_training(self.model)

    def learn(self, pixels: torch.Tensor, targets: torch.Tensor, *, step: int, rate: float) -> float:
        """Take one step at `rate` times the peak learning rates -> the mean loss of the batch.

        pixels uint8 [b, 3, px, px], targets int64 [b]. A batch that does not fit the memory is halved, again and
        again, and its gradients are summed; raises torch.OutOfMemoryError if one picture does not fit, and
        TrainingDiverged.
        """
        while (loss := self._gradients(pixels, targets, step)) is None:
            self.parts *= 2
        if not math.isfinite(loss):
            raise TrainingDiverged(f"The loss became {loss} at step {step}.")
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["peak"]
        self.scaler.unscale_(self.optimizer)
        if self.recipe.clip_norm:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()
        self._follow(step)
        return loss

    @contextmanager
    def judged(self) -> Iterator[nn.Module]:
        """The model as it would be used now, in eval mode: the moving average if there is one."""
        if self.average is not None:
            yield self.average
            return
        self.model.eval()
        yield self.model
        set_training(self.model)

    def tensors(self) -> Tensors:
        """Everything that a step changes, under names that `restore` knows."""
        named = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        if self.average is not None:
            named |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        for index, parameter in enumerate(self._parameters()):
            moments = self.optimizer.state[parameter]
            named |= {f"optimizer.{index}.{name}": tensor for name, tensor in moments.items()}
        return named

    def counters(self) -> dict[str, Any]:
        """What `tensors` leaves out, as JSON values."""
        return {"parts": self.parts, "scaler": self.scaler.state_dict()}

    def restore(self, tensors: Tensors, counters: dict[str, Any]) -> None:
        """Go back to where `tensors` and `counters` were taken."""
        self.model.load_state_dict(_below("model.", tensors))
        if self.average is not None:
            self.average.load_state_dict(_below("average.", tensors))
        for index, parameter in enumerate(self._parameters()):
            moments = _below(f"optimizer.{index}.", tensors)
            # In the parameter's own memory layout: another one would be summed in another order.
            self.optimizer.state[parameter] = {
                name: torch.empty_like(parameter).copy_(value) if value.shape == parameter.shape else value
                for name, value in moments.items()
            }
        self.parts = counters["parts"]
        self.scaler.load_state_dict(counters["scaler"])

    def _gradients(self, pixels: torch.Tensor, targets: torch.Tensor, step: int) -> float | None:
        """Gradients of the batch's mean loss, part by part -> that loss; None if the memory did not suffice."""
        total = 0.0
        try:
            for part, (some, theirs) in enumerate(
                zip(pixels.tensor_split(self.parts), targets.tensor_split(self.parts), strict=True)
            ):
                torch.manual_seed(derived_seed(self.recipe.seed, step, part))  # dropout and stochastic depth
                with autocast(self.compute):
                    logits = self.model(normalise(some, self.frame, self.compute.device))
                losses = self.loss(logits.float(), theirs.to(self.compute.device))
                loss = losses.sum() / len(targets)
                self.scaler.scale(loss).backward()
                total += loss.item()
        except torch.OutOfMemoryError:
            if self.parts * 2 > len(targets):
                raise
            self.optimizer.zero_grad()
            if self.compute.device.type == "cuda":
                torch.cuda.empty_cache()
            return None
        return total

    def _follow(self, step: int) -> None:
        """Move the average towards the model; early on faster, so that it forgets where it began."""
        if self.average is None:
            return
        decay = min(self.recipe.ema_decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for mean, value in zip(self.average.state_dict().values(), self.model.state_dict().values(), strict=True):
                if mean.is_floating_point():
                    mean.lerp_(value, 1 - decay)
                else:
                    mean.copy_(value)

    def _parameters(self) -> list[nn.Parameter]:
        return [parameter for group in self.optimizer.param_groups for parameter in group["params"]]


def _groups(model: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """AdamW's groups: the classifier at the peak rate, the rest at its share; biases and norms do not decay."""
    classifier = {id(parameter) for parameter in last_layer(model).parameters()}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in model.parameters():
        if parameter.requires_grad:
            peak = recipe.lr * (1.0 if id(parameter) in classifier else recipe.backbone_lr)
            decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((peak, decay), []).append(parameter)
    return [
        {"params": parameters, "peak": peak, "lr": peak, "weight_decay": decay}
        for (peak, decay), parameters in groups.items()
    ]


def _below(prefix: str, tensors: Tensors) -> Tensors:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
