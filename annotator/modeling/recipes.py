"""The settings of a training run as the web knows them: names, bounds and presets, without the code that follows them.

A copy of `worker.ml.recipes` that imports nothing heavy; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.common.errors import DomainError

Values = dict[str, Any]
DEFAULT_BACKBONE = "tf_efficientnet_lite0"


@dataclass(frozen=True)
class Setting:
    """One setting of a recipe. A number has bounds, and is whole if they are; a text is one of the choices."""

    name: str  # dotted: augmentation.rotation
    default: Any
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """Return integer, number, boolean, choice or text."""
        if isinstance(self.default, bool):
            return "boolean"
        if self.choices:
            return "choice"
        if self.low is None:
            return "text"
        return "integer" if isinstance(self.low, int) else "number"

    def error(self, value: Any) -> str:
        """Say what is wrong with a value; empty if nothing is."""
        kind = self.type
        if kind == "boolean":
            return "" if isinstance(value, bool) else "must be true or false"
        if kind == "choice":
            return "" if value in self.choices else f"must be one of {', '.join(self.choices)}"
        if kind == "text":
            return "" if isinstance(value, str) and _BACKBONE.fullmatch(value) else "must be the name of a timm model"
        return self._number_error(value)

    def schema(self) -> Values:
        """Return the setting's JSON schema."""
        kinds: dict[str, Values] = {
            "boolean": {"type": "boolean"},
            "choice": {"type": "string", "enum": list(self.choices)},
            "text": {"type": "string", "maxLength": 200},
        }
        return kinds.get(self.type, {"type": self.type, "minimum": self.low, "maximum": self.high})

    def _number_error(self, value: Any) -> str:
        whole = self.type == "integer"
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            return "must be a whole number" if whole else "must be a number"
        assert self.low is not None
        assert self.high is not None
        return "" if self.low <= value <= self.high else f"must be between {self.low:g} and {self.high:g}"


_BACKBONE = re.compile(r"[A-Za-z0-9_.-]{1,200}")

SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("backbone", DEFAULT_BACKBONE),
        Setting("freeze", "last_stage", choices=("head", "last_stage", "full")),
        Setting("epochs", 15, 1, 1000),
        Setting("batch_size", 32, 2, 4096),
        Setting("lr", 5e-4, 1e-7, 1.0),
        Setting("backbone_lr", 0.5, 0.0, 10.0),
        Setting("weight_decay", 0.05, 0.0, 1.0),
        Setting("warmup_epochs", 1.0, 0.0, 100.0),
        Setting("final_lr", 0.01, 0.0, 1.0),
        Setting("clip_norm", 1.0, 0.0, 1000.0),
        Setting("dropout", 0.2, 0.0, 0.9),
        Setting("drop_path", 0.0, 0.0, 0.9),
        Setting("ema_decay", 0.0, 0.0, 0.99999),
        Setting("loss", "balanced_softmax", choices=("cross_entropy", "focal", "class_balanced", "balanced_softmax")),
        Setting("focal_gamma", 2.0, 0.0, 10.0),
        Setting("class_balanced_beta", 0.999, 0.0, 0.99999),
        Setting("label_smoothing", 0.0, 0.0, 0.5),
        Setting("sampling", "uniform", choices=("uniform", "square_root", "balanced")),
        Setting("augmentation.crop_scale", 0.6, 0.05, 1.0),
        Setting("augmentation.flip_horizontal", True),
        Setting("augmentation.flip_vertical", False),
        Setting("augmentation.rotation", 0.0, 0.0, 180.0),
        Setting("augmentation.brightness", 0.0, 0.0, 1.0),
        Setting("augmentation.contrast", 0.0, 0.0, 1.0),
        Setting("augmentation.saturation", 0.0, 0.0, 1.0),
        Setting("augmentation.hue", 0.0, 0.0, 0.5),
        Setting("augmentation.randaugment_ops", 0, 0, 8),
        Setting("augmentation.randaugment_magnitude", 9, 0, 30),
        Setting("watch", "macro_f1", choices=("macro_f1", "accuracy")),
        Setting("patience", 5, 0, 1000),
        Setting("precision", "auto", choices=("auto", "fp32", "bf16", "fp16")),
        Setting("seed", 0, 0, 2**32 - 1),
    )
}

# What each preset changes, and what it is good for.
_PRESETS: dict[str, tuple[str, Values]] = {
    "quick": (
        "Trains only the classifier on top of a frozen backbone: minutes on any CPU.",
        {"freeze": "head", "epochs": 8, "dropout": 0.0, "augmentation": {"crop_scale": 1.0}},
    ),
    "balanced": (
        "Fine-tunes the backbone's last stage with light augmentation: a good first run.",
        {
            "augmentation": {"rotation": 10, "brightness": 0.2, "contrast": 0.2, "saturation": 0.1},
            "ema_decay": 0.98,
        },
    ),
    "best": (
        "Fine-tunes every layer with RandAugment and averaged weights: hours without a GPU.",
        {
            "freeze": "full",
            "epochs": 40,
            "lr": 3e-4,
            "warmup_epochs": 3,
            "drop_path": 0.1,
            "ema_decay": 0.995,
            "augmentation": {"crop_scale": 0.4, "randaugment_ops": 2},
            "patience": 10,
        },
    ),
}


def preset_sentence(preset: str) -> str:
    """Say what a preset is good for."""
    return _PRESETS[preset][0]


def recipe_of(preset: str, changes: Mapping[str, Any] | None = None) -> Values:
    """Return all settings of a preset with some of them changed, nested as JSON has them."""
    flat = {name: setting.default for name, setting in SETTINGS.items()}
    return nested(flat | flattened(_PRESETS[preset][1]) | flattened(changes or {}))


def check_recipe(preset: str, changes: Any) -> None:
    """Check changed settings, by themselves and together with the preset.

    Raises:
        DomainError: with a sentence for every setting that is wrong, under `recipe.<name>`.
    """
    errors = setting_errors(changes) or _contradictions(recipe_of(preset, changes))
    if errors:
        name, sentence = next(iter(errors.items()))
        raise DomainError(
            f"{name} {sentence}.", errors={f"recipe.{name}": [f"{name} {text}."] for name, text in errors.items()}
        )


def setting_errors(changes: Any) -> dict[str, str]:
    """Return {name: what is wrong with it} for settings, each by itself."""
    if not isinstance(changes, Mapping) or not isinstance(changes.get("augmentation", {}), Mapping):
        return {"recipe": "must be an object of settings"}
    flat = flattened(changes)
    errors = {
        name: SETTINGS[name].error(value) if name in SETTINGS else "is not a setting" for name, value in flat.items()
    }
    return {name: sentence for name, sentence in errors.items() if sentence}


def _contradictions(recipe: Values) -> dict[str, str]:
    """Settings that are each in bounds, but not together."""
    found = {}
    if recipe["warmup_epochs"] >= recipe["epochs"]:
        found["warmup_epochs"] = "must be shorter than the training"
    if recipe["loss"] == "focal" and recipe["label_smoothing"]:
        found["label_smoothing"] = "has no meaning for the focal loss"
    return found


def flattened(values: Mapping[str, Any]) -> Values:
    """Return nested settings under dotted names."""
    flat: Values = {}
    for name, value in values.items():
        if name == "augmentation" and isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            flat[str(name)] = value
    return flat


def nested(flat: Mapping[str, Any]) -> Values:
    """Return dotted settings as JSON nests them."""
    values: Values = {}
    for name, value in flat.items():
        outer, _, inner = name.partition(".")
        if inner:
            values.setdefault(outer, {})[inner] = value
        else:
            values[name] = value
    return values


def _schema() -> Values:
    """Return the JSON schema of changed settings."""
    properties = nested({name: setting.schema() for name, setting in SETTINGS.items()})
    inner = {"type": "object", "properties": properties["augmentation"], "additionalProperties": False}
    return {"type": "object", "properties": properties | {"augmentation": inner}, "additionalProperties": False}


@extend_schema_field(_schema())
class RecipeField(serializers.Field[Any, Any, Any, Any]):
    """Settings that differ from the preset. Each is checked by itself; the service checks them together."""

    def to_internal_value(self, data: Any) -> Values:
        if errors := setting_errors(data):
            raise serializers.ValidationError({name: [f"{name} {text}."] for name, text in errors.items()})
        return nested(flattened(data))

    def to_representation(self, value: Any) -> Any:
        return value
