"""What a training run does about classes of unequal size, read off its recipe, as numbers and as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from annotator.modeling.balance.spread import effective_samples

POWERS = {"uniform": 1.0, "square_root": 0.5, "balanced": 0.0}  # a class of n is drawn as n to this power
NAMED = 8  # classes that a sentence names

SENTENCES = {
    "cross_entropy": "Loss: cross-entropy. Every picture counts alike, so large classes weigh more than small ones.",
    "focal": (
        "Loss: focal (γ = {gamma:g}). Pictures that the model is sure of count less; class sizes are not evened out."
    ),
    "class_balanced": (
        "Loss: class-balanced (β = {beta:g}). A picture of {smallest} weighs {times:.1f} times as much as "
        "one of {largest}."
    ),
    "balanced_softmax": (
        "Loss: balanced softmax. The classes' shares in the training set are divided out, so that {smallest} "
        "with {fewest} is not given up for {largest} with {most}."
    ),
    "uniform": "Sampling: every training picture once an epoch; {smallest} is {share:.1%} of them.",
    "square_root": (
        "Sampling: classes by the square root of their size. A picture of {smallest} is seen {seen_small:.1f} times "
        "an epoch, one of {largest} {seen_large:.1f} times."
    ),
    "balanced": (
        "Sampling: all classes alike. A picture of {smallest} is seen {seen_small:.1f} times an epoch, "
        "one of {largest} {seen_large:.1f} times."
    ),
    "left_out": "Left out, since the training part has no picture of them: {names}.",
}


def plan(recipe: Mapping[str, Any], train: np.ndarray, names: list[str]) -> dict[str, Any]:
    """Return what the recipe does for training sets of `train` (int64 [C]) pictures a class.

    `weights` and `seen` (lists of C, None for a class without training pictures) are the weight of a picture in the
    loss and how often it is seen in an epoch. `points` are what `sentences` say, as codes with values.
    """
    weights, seen = _weights(recipe, train), _seen(recipe, train)
    points = [*_evening_out(recipe, train, names, weights, seen), _augmentation(recipe.get("augmentation", {}))]
    without = [name for name, count in zip(names, train, strict=True) if count == 0]
    if without and train.any():
        shown = ", ".join(without[:NAMED]) + (" …" if len(without) > NAMED else "")
        points.append({"code": "left_out", "values": {"names": shown, "number": len(without)}})
    return {
        "loss": recipe["loss"],
        "sampling": recipe["sampling"],
        "augmentation": dict(recipe.get("augmentation", {})),
        "weights": weights,
        "seen": seen,
        "points": points,
        "sentences": [sentence(point) for point in points],
    }


def sentence(point: Mapping[str, Any]) -> str:
    """Say a point in English."""
    code, values = point["code"], point["values"]
    return _variations(values) if code == "augmentation" else SENTENCES[code].format(**values)


def _evening_out(
    recipe: Mapping[str, Any],
    train: np.ndarray,
    names: list[str],
    weights: list[float | None],
    seen: list[float | None],
) -> list[dict[str, Any]]:
    """The points on loss and sampling, by the example of the smallest and the largest class."""
    known = np.flatnonzero(train)
    if not len(known):
        return []
    small, large = known[np.argmin(train[known])], known[np.argmax(train[known])]
    values = {
        "smallest": names[small],
        "largest": names[large],
        "fewest": int(train[small]),
        "most": int(train[large]),
        "share": float(train[small] / train.sum()),
        "gamma": recipe.get("focal_gamma"),
        "beta": recipe.get("class_balanced_beta"),
        "times": round((weights[small] or 1) / (weights[large] or 1), 3),
        "seen_small": seen[small],
        "seen_large": seen[large],
    }
    return [{"code": recipe[part], "values": values} for part in ("loss", "sampling")]


def _weights(recipe: Mapping[str, Any], train: np.ndarray) -> list[float | None]:
    """A picture's weight in the loss, by class; they add up to the number of classes that are trained."""
    known = train > 0
    weights = np.ones(len(train))
    if recipe["loss"] == "class_balanced" and known.any():
        inverse = 1 / effective_samples(train[known], recipe["class_balanced_beta"])
        weights[known] = inverse * known.sum() / inverse.sum()
    return [round(float(weight), 4) if there else None for weight, there in zip(weights, known, strict=True)]


def _seen(recipe: Mapping[str, Any], train: np.ndarray) -> list[float | None]:
    """How often a training picture is seen in an epoch in the mean, by class."""
    known = train > 0
    drawn = np.zeros(len(train))
    drawn[known] = train[known].astype(np.float64) ** POWERS[recipe["sampling"]]
    times = drawn * train.sum() / max(drawn.sum(), 1e-12) / np.maximum(train, 1)
    return [round(float(value), 4) if there else None for value, there in zip(times, known, strict=True)]


def _augmentation(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The point on augmentation: only what is switched on."""
    neutral = {"crop_scale": 1.0}
    on = {name: value for name, value in settings.items() if value and value != neutral.get(name)}
    if "randaugment_ops" not in on:
        on.pop("randaugment_magnitude", None)
    return {"code": "augmentation", "values": on}


def _variations(values: Mapping[str, Any]) -> str:
    """Say which variations of a picture the model sees."""
    said = {
        "crop_scale": "random crops down to {:.0%} of the area",
        "flip_horizontal": "mirrored",
        "flip_vertical": "upside down",
        "rotation": "turned by up to {:g}°",
        "brightness": "brightness ±{:.0%}",
        "contrast": "contrast ±{:.0%}",
        "saturation": "saturation ±{:.0%}",
        "hue": "hue ±{:.0%} of the colour circle",
        "randaugment_ops": "RandAugment with {} operations",
    }
    parts = [text.format(values[name]) for name, text in said.items() if name in values]
    if not parts:
        return "Augmentation: none; small classes are seen in the same pictures again and again."
    return f"Augmentation, for all classes alike: {', '.join(parts)}."
