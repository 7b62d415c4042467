"""Pictures to embeddings: decode, crop as the backbone expects, and let the engine run it, all at the same time."""

from __future__ import annotations

import io
import math
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import simplejpeg
import torch
from PIL import Image
from torch import nn

from worker.ml.backbones import Backbone
from worker.ml.engine import WORTH_MEASURING, Engine
from worker.ml.engine.backends import Features, Pixels, threads
from worker.ml.engine.choice import SAMPLE

DECODERS = 2  # threads of those who decode for training and judging
CHUNK = 8  # pictures that a thread decodes at a time
_JPEG_MAGIC = b"\xff\xd8\xff"
_RESAMPLING = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
}
_TORCHS = ("bicubic", "bilinear")  # in which torch resizes bytes, four times as fast as Pillow
_UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
_WHOLE_PIXELS = 100  # side of a crop from which half a pixel of its place does not matter


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
    backbone: Backbone | Engine,
    *,
    batch_size: int | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> tuple[npt.NDArray[np.float16], list[int]]:
    """Embed the derivatives at `paths` -> (float16 [n, dim], unit rows; indexes that failed, zero rows).

    A path that is None, unreadable or not a picture fails alone. `on_batch` is called after each batch, which is the
    engine's unless `batch_size` says otherwise, with the number of pictures done so far. The same paths in the same
    batches give the same bytes: a failed picture keeps its (blank) place in the batch.
    """
    engine = backbone if isinstance(backbone, Engine) else Engine(backbone)
    if not engine.settled():
        engine.prepare(_sample(paths, engine.backbone) if len(paths) >= WORTH_MEASURING else None)
    embeddings = np.zeros((len(paths), engine.dim), np.float16)
    failed: list[int] = []
    with closing(_computed(paths, engine, batch_size or engine.batch)) as batches:
        for start, features, unreadable in batches:
            embeddings[start : start + len(features)] = features
            failed += [start + offset for offset in unreadable]
            if on_batch is not None:
                on_batch(start + len(features))
    embeddings[failed] = 0
    engine.release()
    return embeddings, failed


def _sample(paths: Sequence[Path | None], framing: Framing) -> Pixels | None:
    """Some of the first pictures, for the engine to measure on; None if hardly one can be read."""
    crops = [read_crop(path, framing) for path in paths[: 2 * SAMPLE]]
    readable = [crop for crop in crops if crop is not None][:SAMPLE]
    return np.stack(readable) if len(readable) > 1 else None


def _computed(
    paths: Sequence[Path | None], engine: Engine, size: int
) -> Generator[tuple[int, Features, list[int]], None, None]:
    """Where each batch starts, its features and the offsets of unreadable pictures, in order.

    While the lanes compute, other threads decode what comes next; not more than a batch further than the lanes need,
    so that memory does not grow with the number of pictures.
    """
    px, lanes = engine.backbone.input_px, engine.lanes
    with (
        ThreadPoolExecutor(_decoders(engine), thread_name_prefix="decode") as decoders,
        ThreadPoolExecutor(lanes, thread_name_prefix="compute") as computers,
    ):
        ahead: deque[tuple[int, Future[tuple[Features, list[int]]]]] = deque()
        for start in range(0, len(paths), size):
            batch = paths[start : start + size]
            pixels = np.zeros((len(batch), px, px, 3), np.uint8)
            parts = [
                decoders.submit(_decode_some, batch, pixels, at, engine.backbone) for at in range(0, len(batch), CHUNK)
            ]
            ahead.append((start, computers.submit(_compute, engine, pixels, parts)))
            if len(ahead) > lanes + 1:
                first, future = ahead.popleft()
                yield first, *future.result()
        for start, future in ahead:
            yield start, *future.result()


def _decoders(engine: Engine) -> int:
    """Threads that decode: a GPU needs all, beside a CPU's own work a quarter is enough."""
    return threads() if engine.backbone.compute.device.type == "cuda" else max(2, threads() // 4)


def _decode_some(batch: Sequence[Path | None], pixels: Pixels, start: int, framing: Framing) -> list[int]:
    """Put the crops of a chunk of the batch into their places -> the offsets of those that cannot be read."""
    unreadable = []
    for offset, path in enumerate(batch[start : start + CHUNK], start):
        crop = read_crop(path, framing)
        if crop is None:
            unreadable.append(offset)
        else:
            pixels[offset] = crop
    return unreadable


def _compute(engine: Engine, pixels: Pixels, parts: Sequence[Future[list[int]]]) -> tuple[Features, list[int]]:
    unreadable = [offset for part in parts for offset in part.result()]
    return engine.run(pixels), unreadable


def read_crop(path: Path | None, framing: Framing) -> Pixels | None:
    """The centre crop of a picture at the model's input size, uint8 [px, px, 3]; None if unreadable.

    A JPEG at least twice as large as is needed is decoded to the smallest size that suffices, of the eighths that
    libjpeg-turbo offers; it takes longer for more than a half than for the whole.
    """
    try:
        data = path.read_bytes() if path is not None else b""
        if data.startswith(_JPEG_MAGIC):
            needed = math.ceil(framing.input_px / framing.crop_pct)
            pixels = simplejpeg.decode_jpeg(data, colorspace="RGB", min_height=needed, min_width=needed, min_factor=2)
        else:
            pixels = np.array(Image.open(io.BytesIO(data)).convert("RGB"))
    except _UNREADABLE:
        return None
    return _crop(pixels, framing)


def _crop(pixels: Pixels, framing: Framing) -> Pixels:
    """What `centre_crop` gives, by torch where that is as good: the box of whole pixels, resized to [px, px, 3]."""
    height, width = pixels.shape[:2]
    side, px = round(min(height, width) * framing.crop_pct), framing.input_px
    if side < _WHOLE_PIXELS or framing.interpolation not in _TORCHS:
        return centre_crop(Image.fromarray(pixels), framing)
    top, left = (height - side) // 2, (width - side) // 2
    box = torch.from_numpy(pixels[top : top + side, left : left + side]).permute(2, 0, 1)[None]
    resized = nn.functional.interpolate(box, (px, px), mode=framing.interpolation, antialias=True)
    return resized[0].permute(1, 2, 0).numpy()


def decode(path: Path) -> Image.Image | None:
    """The RGB picture at `path`; None if there is none."""
    try:
        data = path.read_bytes()
        if data.startswith(_JPEG_MAGIC):
            return Image.fromarray(simplejpeg.decode_jpeg(data, colorspace="RGB"))
        return Image.open(io.BytesIO(data)).convert("RGB")
    except _UNREADABLE:
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
