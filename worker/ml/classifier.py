"""A backbone with a classifier on top: how it is built, which of its layers learn, and what it says of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import timm
import torch
from PIL import Image
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from worker.ml.backbones import MODEL_ARGS, load_backbone
from worker.ml.device import Compute
from worker.ml.embed import DECODERS, centre_crop, decode
from worker.ml.head import train_head

# Files of pictures, or the pictures themselves, uint8 [n, h, w, 3].
Pictures = Sequence[Path] | npt.NDArray[np.uint8]
OnBatch = Callable[[int], None]  # is told the number of pictures done so far


def silent(done: int) -> None:
    """An OnBatch for those whom nobody asks."""


class PictureUnreadable(Exception):
    """A picture that a model is to learn from, or to be judged by, cannot be read."""

    code = "picture_unreadable"


@dataclass(frozen=True)
class Frame:
    """The picture that a model expects; satisfies `embed.Framing`."""

    input_px: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str
    crop_pct: float


def build_classifier(
    name: str,
    classes: int,
    *,
    dropout: float = 0.0,
    drop_path: float = 0.0,
    weights_folder: Path | None = None,
    allow_hub: bool = False,
) -> tuple[nn.Module, Frame]:
    """The timm model `name` in fp32 on the CPU, its backbone with real weights, its classifier fresh from torch's
    generator: [b, 3, px, px] -> logits [b, classes].

    Raises what `load_backbone` raises.
    """
    compute = Compute(torch.device("cpu"), torch.float32)
    backbone = load_backbone(name, weights_folder=weights_folder, allow_hub=allow_hub, compute=compute)
    model = create(name, classes, drop_rate=dropout, drop_path_rate=drop_path or None)
    model.load_state_dict(backbone.model.state_dict(), strict=False)  # all but the classifier
    frame = Frame(backbone.input_px, backbone.mean, backbone.std, backbone.interpolation, backbone.crop_pct)
    return model, frame


def create(name: str, classes: int, **options: Any) -> nn.Module:
    """timm's model `name` with random weights, built as this product builds it."""
    return timm.create_model(name, num_classes=classes, **MODEL_ARGS.get(name, {}), **options)


def freeze(model: nn.Module, what: str) -> None:
    """Let learn the classifier ("head"), what follows the last downsampling too ("last_stage"), or all ("full").

    A transformer does not downsample: its last quarter of blocks is its last stage.
    """
    learns = what == "full"
    boundary = f"{_last_before_last_stage(model)}." if what == "last_stage" else ""
    passed = False
    for name, parameter in model.named_parameters():
        inside = bool(boundary) and name.startswith(boundary)
        passed = passed or inside
        parameter.requires_grad_(learns or (passed and not inside))
    for parameter in last_layer(model).parameters():
        parameter.requires_grad_(True)


def set_training(model: nn.Module) -> None:
    """Training mode for what learns; what is frozen drops nothing.

    Batch normalisation keeps the statistics that the backbone came with, also where its scale and shift learn: with
    the few hundred steps of a fine-tuning the running ones lag behind, and the model is judged by other activations
    than it was trained on.
    """
    model.train()
    for module in model.modules():
        parameters = list(module.parameters())
        frozen = bool(parameters) and not any(parameter.requires_grad for parameter in parameters)
        if frozen or isinstance(module, _BatchNorm):
            module.eval()


def last_layer(model: Any) -> nn.Linear:
    """The classifier of a timm model."""
    return model.get_classifier()


def _last_before_last_stage(model: Any) -> str:
    stages = list(model.feature_info)
    last = stages[-1]["reduction"]
    before = [stage for stage in stages if stage["reduction"] < last] or stages[: len(stages) * 3 // 4]
    return before[-1]["module"]


def picture(pictures: Pictures, row: int) -> Image.Image:
    """One picture, RGB. Raises PictureUnreadable."""
    if isinstance(pictures, np.ndarray):
        return Image.fromarray(pictures[row])
    image = decode(pictures[row])
    if image is None:
        raise PictureUnreadable(f"{pictures[row]} cannot be read as a picture.")
    return image


def normalise(pixels: torch.Tensor, frame: Frame, device: torch.device) -> torch.Tensor:
    """uint8 [b, 3, px, px] anywhere -> what the model reads, fp32 channels-last on `device`."""
    mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (frame.mean, frame.std))
    images = pixels.to(device, non_blocking=True).float().div_(255).sub_(mean).div_(std)
    return images.contiguous(memory_format=torch.channels_last)


def predict(
    model: nn.Module,
    frame: Frame,
    pictures: Pictures,
    rows: npt.ArrayLike,
    *,
    compute: Compute,
    batch_size: int = 32,
    on_batch: OnBatch = silent,
) -> npt.NDArray[np.float32]:
    """Logits fp32 [len(rows), C] of the centre crops of some rows; the model must be in eval mode on the device.

    Raises PictureUnreadable, and whatever `on_batch` raises.
    """
    batches = _batches(pictures, np.asarray(rows, np.int64), frame, batch_size, on_batch)
    with torch.inference_mode(), autocast(compute):
        logits = [model(normalise(batch, frame, compute.device)).float().cpu() for batch in batches]
    if not logits:
        return np.zeros((0, last_layer(model).out_features), np.float32)
    return torch.cat(logits).numpy()


def start_from_head(
    model: Any,
    frame: Frame,
    pictures: Pictures,
    rows: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
    *,
    compute: Compute,
    on_batch: OnBatch = silent,
) -> None:
    """Give the last layer the weights of a head trained on the backbone's features of some labelled rows.

    Fine-tuning that begins with a random classifier first spoils the features that it should refine (Kumar et al.
    2022, section 3.3). labels [len(rows)] index the classes. The model is left in eval mode on the device.
    """
    model.eval().to(compute.device)
    batches = _batches(pictures, rows, frame, 32, on_batch)
    with torch.inference_mode(), autocast(compute):
        inputs = (model.forward_features(normalise(batch, frame, compute.device)) for batch in batches)
        features = torch.cat([model.forward_head(each, pre_logits=True).float().cpu() for each in inputs])
    length = features.norm(dim=1, keepdim=True)
    layer = last_layer(model)
    head = train_head((features / length).numpy(), labels, range(layer.out_features))
    with torch.no_grad():
        # The head reads vectors of unit length, the last layer reads them as they are.
        layer.weight.copy_(torch.from_numpy(head.weight) / length.mean())
        layer.bias.copy_(torch.from_numpy(head.bias + head.log_prior_shift))


def autocast(compute: Compute) -> torch.autocast:
    """Arithmetic in the compute's dtype where that is safe; nothing changes for fp32."""
    return torch.autocast(compute.device.type, compute.dtype, enabled=compute.dtype != torch.float32)


def _batches(
    pictures: Pictures, rows: npt.NDArray[np.int64], frame: Frame, batch_size: int, on_batch: OnBatch
) -> Iterator[torch.Tensor]:
    """uint8 [b, 3, px, px] a batch; threads decode it."""

    def crop(row: int) -> npt.NDArray[np.uint8]:
        return centre_crop(picture(pictures, row), frame)

    with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as pool:
        for start in range(0, len(rows), batch_size):
            crops = pool.map(crop, rows[start : start + batch_size].tolist())
            yield torch.from_numpy(np.stack(list(crops))).permute(0, 3, 1, 2)
            on_batch(min(start + batch_size, len(rows)))
