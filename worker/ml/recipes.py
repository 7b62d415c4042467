"""How a model is trained, as plain data: every setting with its bounds, three presets, and JSON both ways."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import timm

from worker.ml.backbones import DEFAULT_PRESET


class InvalidRecipe(ValueError):
    """A recipe that cannot be followed; `errors` maps the name of a setting to a sentence about it."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {sentence}" for name, sentence in errors.items()))
        self.errors = errors


@dataclass(frozen=True)
class Augmentation:
    """How a training picture is varied before the model sees it."""

    crop_scale: float = 0.6  # smallest share of the area that a random crop keeps; 1 always takes the centre crop
    flip_horizontal: bool = True
    flip_vertical: bool = False
    rotation: float = 0.0  # at most so many degrees either way
    brightness: float = 0.0  # colour jitter: a factor from [1 - x, 1 + x]
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0  # a shift from [-x, x] of the colour circle
    randaugment_ops: int = 0  # operations that RandAugment applies to each picture; 0: none (Cubuk et al. 2020)
    randaugment_magnitude: int = 9  # their strength, of 30


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training run does, besides its pictures."""

    backbone: str = DEFAULT_PRESET  # a timm name
    freeze: Literal["head", "last_stage", "full"] = "last_stage"  # what learns
    epochs: int = 15
    batch_size: int = 32
    lr: float = 5e-4  # AdamW's peak, for the classifier, which begins as a trained head
    backbone_lr: float = 0.5  # the peak for the layers that were trained before, as a share of `lr`
    weight_decay: float = 0.05
    warmup_epochs: float = 1.0  # linear warm-up; then the rate falls along a cosine
    final_lr: float = 0.01  # the rate at the end, as a share of the peak
    clip_norm: float = 1.0  # a gradient longer than this is shortened; 0: never
    dropout: float = 0.2  # of the features before the classifier
    drop_path: float = 0.0  # stochastic depth
    ema_decay: float = 0.0  # moving average of the weights, which is then the model; 0: off
    loss: Literal["cross_entropy", "focal", "class_balanced", "balanced_softmax"] = "balanced_softmax"
    focal_gamma: float = 2.0
    class_balanced_beta: float = 0.999
    label_smoothing: float = 0.0
    sampling: Literal["uniform", "square_root", "balanced"] = "uniform"  # a class is drawn as n, as sqrt(n), alike
    augmentation: Augmentation = field(default_factory=Augmentation)
    watch: Literal["macro_f1", "accuracy"] = "macro_f1"  # on the validation part: picks the best epoch
    patience: int = 5  # epochs without a better one after which training stops; 0: never
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    seed: int = 0

    def check(self) -> None:
        """Raise InvalidRecipe, naming every setting that is wrong."""
        if errors := _errors(self):
            raise InvalidRecipe(errors)

    def to_json(self) -> str:
        """The recipe as JSON with sorted keys: equal recipes give equal text."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read what `to_json` wrote; settings that are left out keep their defaults. Raises InvalidRecipe."""
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidRecipe({"recipe": f"is not JSON: {error}"}) from error
        return cls.from_values(values)

    @classmethod
    def from_values(cls, values: Any) -> Recipe:
        """A checked recipe from plain JSON values. Raises InvalidRecipe."""
        settings = _known(values, cls, "recipe")
        if "augmentation" in settings:
            augmentation = _known(settings["augmentation"], Augmentation, "augmentation")
            settings["augmentation"] = Augmentation(**augmentation)
        recipe = cls(**settings)
        recipe.check()
        return recipe


@dataclass(frozen=True)
class RecipePreset:
    """A recipe that the product offers."""

    name: str
    sentence: str
    recipe: Recipe


PRESETS: dict[str, RecipePreset] = {
    preset.name: preset
    for preset in (
        RecipePreset(
            "quick",
            "Trains only the classifier on top of a frozen backbone: minutes on any CPU.",
            Recipe(freeze="head", epochs=8, dropout=0.0, augmentation=Augmentation(crop_scale=1.0)),
        ),
        RecipePreset(
            "balanced",
            "Fine-tunes the backbone's last stage with light augmentation: a good first run.",
            Recipe(
                augmentation=Augmentation(rotation=10, brightness=0.2, contrast=0.2, saturation=0.1),
                ema_decay=0.98,
            ),
        ),
        RecipePreset(
            "best",
            "Fine-tunes every layer with RandAugment and averaged weights: hours without a GPU.",
            Recipe(
                freeze="full",
                epochs=40,
                lr=3e-4,
                warmup_epochs=3,
                drop_path=0.1,
                ema_decay=0.995,
                augmentation=Augmentation(crop_scale=0.4, randaugment_ops=2),
                patience=10,
            ),
        ),
    )
}

_CHOICES: dict[str, tuple[str, ...]] = {
    "freeze": ("head", "last_stage", "full"),
    "loss": ("cross_entropy", "focal", "class_balanced", "balanced_softmax"),
    "sampling": ("uniform", "square_root", "balanced"),
    "watch": ("macro_f1", "accuracy"),
    "precision": ("auto", "fp32", "bf16", "fp16"),
}

# Smallest and greatest value; a setting whose bounds are integers is an integer.
_BOUNDS: dict[str, tuple[float, float]] = {
    "epochs": (1, 1000),
    "batch_size": (2, 4096),
    "lr": (1e-7, 1.0),
    "backbone_lr": (0.0, 10.0),
    "weight_decay": (0.0, 1.0),
    "warmup_epochs": (0.0, 100.0),
    "final_lr": (0.0, 1.0),
    "clip_norm": (0.0, 1000.0),
    "dropout": (0.0, 0.9),
    "drop_path": (0.0, 0.9),
    "ema_decay": (0.0, 0.99999),
    "focal_gamma": (0.0, 10.0),
    "class_balanced_beta": (0.0, 0.99999),
    "label_smoothing": (0.0, 0.5),
    "patience": (0, 1000),
    "seed": (0, 2**32 - 1),
    "augmentation.crop_scale": (0.05, 1.0),
    "augmentation.rotation": (0.0, 180.0),
    "augmentation.brightness": (0.0, 1.0),
    "augmentation.contrast": (0.0, 1.0),
    "augmentation.saturation": (0.0, 1.0),
    "augmentation.hue": (0.0, 0.5),
    "augmentation.randaugment_ops": (0, 8),
    "augmentation.randaugment_magnitude": (0, 30),
}


def _known(values: Any, of: type, name: str) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise InvalidRecipe({name: "must be an object of settings"})
    names = {each.name for each in dataclasses.fields(of)}
    if unknown := sorted(str(key) for key in values if key not in names):
        raise InvalidRecipe(dict.fromkeys(unknown, "is not a setting"))
    return dict(values)


def _errors(recipe: Recipe) -> dict[str, str]:
    augmentation = {f"augmentation.{name}": value for name, value in vars(recipe.augmentation).items()}
    values = {**vars(recipe), **augmentation}
    found = {name: _number_error(values[name], *bounds) for name, bounds in _BOUNDS.items()}
    for name, choices in _CHOICES.items():
        found[name] = "" if values[name] in choices else f"must be one of {', '.join(choices)}"
    for name in ("augmentation.flip_horizontal", "augmentation.flip_vertical"):
        found[name] = "" if isinstance(values[name], bool) else "must be true or false"
    if not isinstance(recipe.backbone, str) or not timm.is_model(recipe.backbone):
        found["backbone"] = f"timm has no model named {recipe.backbone!r}"
    return {name: sentence for name, sentence in found.items() if sentence} or _contradictions(recipe)


def _contradictions(recipe: Recipe) -> dict[str, str]:
    """Settings that are each in bounds, but not together."""
    found = {}
    if recipe.warmup_epochs >= recipe.epochs:
        found["warmup_epochs"] = "must be shorter than the training"
    if recipe.loss == "focal" and recipe.label_smoothing:
        found["label_smoothing"] = "has no meaning for the focal loss"
    return found


def _number_error(value: Any, low: float, high: float) -> str:
    """What is wrong with a number; empty if nothing is."""
    whole = isinstance(low, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        return "must be a whole number" if whole else "must be a number"
    return "" if low <= value <= high else f"must be between {low:g} and {high:g}"
