"""Pictures to embeddings: decode, crop as the backbone expects, run it, normalise to unit length."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import simplejpeg
import torch
from PIL import Image

from worker.ml.backbones import Backbone

DECODERS = 2  # threads; decoding a 320-px derivative takes a small part of the model's time
_JPEG_MAGIC = b"\xff\xd8\xff"
_RESAMPLING = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


class Framing(Protocol):
    """How a model wants its pictures cut; a Backbone is one."""

    @property
    def input_px(self) -> int:
        """Side of the square that the model reads."""

    @property
    def crop_pct(self) -> float:
        """Side of the centre crop, as a share of the short side."""

    @property
    def interpolation(self) -> str:
        """ "bicubic" or "bilinear"."""


def embed_images(
    paths: Sequence[Path | None],
    backbone: Backbone,
    *,
    batch_size: int = 32,
    on_batch: Callable[[int], None] | None = None,
) -> tuple[npt.NDArray[np.float16], list[int]]:
    """Embed the derivatives at `paths` -> (float16 [n, dim], unit rows; indexes that failed, zero rows).

    A path that is None, unreadable or not a picture fails alone. `on_batch` is called after each batch
    with the number of pictures done so far. The same paths in the same batches give the same bytes: a
    failed picture keeps its (blank) place in the batch.
    """
    embeddings = np.zeros((len(paths), backbone.dim), np.float16)
    failed: list[int] = []
    done = 0
    for pictures in _decoded_batches(paths, backbone, batch_size):
        rows = _embed_batch(pictures, backbone)
        for offset, picture in enumerate(pictures):
            if picture is None:
                failed.append(done + offset)
            else:
                embeddings[done + offset] = rows[offset]
        done += len(pictures)
        if on_batch is not None:
            on_batch(done)
    return embeddings, failed


def read_crop(path: Path | None, framing: Framing) -> npt.NDArray[np.uint8] | None:
    """The centre crop of a picture at the model's input size, uint8 [px, px, 3]; None if unreadable."""
    image = decode(path) if path is not None else None
    return None if image is None else centre_crop(image, framing)


def decode(path: Path) -> Image.Image | None:
    """The RGB picture at `path`; None if there is none."""
    try:
        data = path.read_bytes()
        if data.startswith(_JPEG_MAGIC):
            return Image.fromarray(simplejpeg.decode_jpeg(data, colorspace="RGB"))
        return Image.open(io.BytesIO(data)).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def centre_crop(image: Image.Image, framing: Framing) -> npt.NDArray[np.uint8]:
    """timm's evaluation transform (resize the short side to px / crop_pct, crop the centre) in one resize
    of the cropped box, uint8 [px, px, 3].
    """
    side = min(image.size) * framing.crop_pct
    left, top = (image.width - side) / 2, (image.height - side) / 2
    size = (framing.input_px, framing.input_px)
    box = (left, top, left + side, top + side)
    return np.asarray(image.resize(size, _RESAMPLING[framing.interpolation], box=box))


def _decoded_batches(
    paths: Sequence[Path | None], backbone: Backbone, batch_size: int
) -> Iterator[list[npt.NDArray[np.uint8] | None]]:
    """Batches of crops; the next batch decodes while the caller works on the present one."""
    with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as pool:
        ahead: list[Future[npt.NDArray[np.uint8] | None]] = []
        for start in range(0, len(paths), batch_size):
            batch = paths[start : start + batch_size]
            present, ahead = ahead, [pool.submit(read_crop, path, backbone) for path in batch]
            if present:
                yield [future.result() for future in present]
        if ahead:
            yield [future.result() for future in ahead]


def _embed_batch(pictures: Sequence[npt.NDArray[np.uint8] | None], backbone: Backbone) -> npt.NDArray[np.float16]:
    device, dtype = backbone.compute.device, backbone.compute.dtype
    blank = np.zeros((backbone.input_px, backbone.input_px, 3), np.uint8)
    pixels = torch.from_numpy(np.stack([blank if picture is None else picture for picture in pictures]))
    mean = torch.tensor(backbone.mean, device=device).view(1, 3, 1, 1)
    std = torch.tensor(backbone.std, device=device).view(1, 3, 1, 1)
    with torch.inference_mode():
        # [b, h, w, c] seen as [b, c, h, w] already has the channels-last layout.
        images = pixels.to(device).permute(0, 3, 1, 2).float().div_(255).sub_(mean).div_(std)
        features = backbone.model(images.to(dtype, memory_format=torch.channels_last)).float()
        return torch.nn.functional.normalize(features, dim=1).half().cpu().numpy()
