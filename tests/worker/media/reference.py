"""A second, plain and slow conversion of any picture to sRGB over white, to compare the product's own with."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import Image, ImageCms

Bytes = npt.NDArray[np.uint8]
Wide = npt.NDArray[np.int64]

pillow_heif.register_heif_opener()

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_PLAIN_PNG_PIXELS = 4_000_000  # the PNG reader below is slow; past this Pillow reads the samples


def reference_rgb(path: Path) -> Bytes:
    """The picture's first frame, upright, (height, width, 3) in 8-bit sRGB over white."""
    with Image.open(path) as image:
        small = image.width * image.height <= _PLAIN_PNG_PIXELS
        if image.format == "PNG" and small:
            colour, alpha = _read_png(path.read_bytes())
        else:
            colour, alpha = _read_other(image)
        image.load()
        colour = _in_srgb(colour, image.info.get("icc_profile"), image.mode)
        orientation = image.getexif().get(0x0112, 1)
    if colour.shape[2] == 1:
        colour = np.repeat(colour, 3, axis=2)
    if alpha is not None:
        cover = alpha.astype(np.int64)[..., None]
        colour = ((colour * cover + 255 * (255 - cover) + 127) // 255).astype(np.uint8)
    return _turned(colour, orientation)


def _turned(pixels: Bytes, orientation: int) -> Bytes:
    """Undo an EXIF orientation, by the definition of where the stored row 0 and column 0 are."""
    if orientation not in range(1, 9):
        return pixels
    if orientation >= 5:  # rows and columns are exchanged
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _in_srgb(colour: Bytes, profile: bytes | None, mode: str) -> Bytes:
    """By the profile where there is one; profiles of the wrong kind of colour are ignored."""
    if not profile or mode in ("CMYK", "LAB"):
        return colour
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        grey = source.profile.xcolor_space.strip() == "GRAY"
        if grey and colour.shape[2] == 3:
            return colour
        if not grey and colour.shape[2] == 1:
            colour = np.repeat(colour, 3, axis=2)
        image = Image.fromarray(colour[..., 0] if grey else colour)
        result = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return colour
    return np.asarray(result)


def _read_other(image: Image.Image) -> tuple[Bytes, Bytes | None]:
    """Colour (1 or 3 channels) and alpha of any picture that Pillow reads."""
    wide = image.mode.startswith("I")
    image.load()
    key = image.info.get("transparency")
    if wide:
        grey = (np.asarray(image).astype(np.int64) * 2 + 257) // 514
        return grey.astype(np.uint8)[..., None], None
    if image.mode == "P":
        entries = np.array(image.getpalette("RGBA"), np.uint8).reshape(-1, 4)
        table = np.tile(np.array([0, 0, 0, 255], np.uint8), (256, 1))
        table[: len(entries)] = entries
        if isinstance(key, int):
            table[key, 3] = 0
        elif key:
            table[: len(key), 3] = np.frombuffer(key, np.uint8)
        pixels = table[np.asarray(image)]
        return pixels[..., :3], pixels[..., 3]
    if image.mode == "CMYK":
        inks = np.asarray(image).astype(np.int64)
        paper = 255 - inks[..., 3:]
        return (paper - (inks[..., :3] * paper + 127) // 255).astype(np.uint8), None
    if image.mode == "YCbCr":
        return np.asarray(image.convert("RGB")), None
    array = np.asarray(image.convert("L") if image.mode == "1" else image)
    array = array[..., None] if array.ndim == 2 else array
    if array.shape[2] in (2, 4):
        return array[..., :-1], array[..., -1]
    if isinstance(key, int):
        return array, np.where(array[..., 0] == key, 0, 255).astype(np.uint8)
    return array, None


def _read_png(data: bytes) -> tuple[Bytes, Bytes | None]:
    """Colour and alpha of a PNG, straight from its specification."""
    chunks: dict[bytes, bytes] = {}
    place = 8
    while place < len(data) and b"IEND" not in chunks:
        (length,) = struct.unpack_from(">I", data, place)
        kind = data[place + 4 : place + 8]
        if kind != b"IDAT" or b"fdAT" not in chunks:
            chunks[kind] = chunks.get(kind, b"") + data[place + 8 : place + 8 + length]
        place += length + 12
    width, height, depth, colour_type, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    raw = zlib.decompress(chunks[b"IDAT"])
    channels = _CHANNELS[colour_type]
    samples = np.zeros((height, width, channels), np.int64)
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    for left, top, step_x, step_y in passes:
        columns, rows = -(-(width - left) // step_x), -(-(height - top) // step_y)
        if columns > 0 and rows > 0:
            part, raw = _unfiltered(raw, columns, rows, depth, channels)
            samples[top::step_y, left::step_x] = part
    return _png_colour(samples, depth, colour_type, chunks)


def _unfiltered(raw: bytes, columns: int, rows: int, depth: int, channels: int) -> tuple[Wide, bytes]:
    stride = (columns * channels * depth + 7) // 8
    step = max(1, channels * depth // 8)
    above = bytes(stride)
    lines = []
    for row in range(rows):
        start = row * (stride + 1)
        line = bytearray(raw[start + 1 : start + 1 + stride])
        kind = raw[start]
        for i in range(stride) if kind else ():
            left, up = line[i - step] if i >= step else 0, above[i]
            corner = above[i - step] if i >= step else 0
            line[i] = (line[i] + (0, left, up, (left + up) // 2, _paeth(left, up, corner))[kind]) & 255
        above = bytes(line)
        lines.append(above)
    array = np.frombuffer(b"".join(lines), np.uint8).reshape(rows, stride)
    if depth == 16:
        values = array.astype(np.int64)[:, 0::2] * 256 + array[:, 1::2]
    elif depth == 8:
        values = array.astype(np.int64)
    else:
        bits = np.unpackbits(array, axis=1)[:, : columns * channels * depth].reshape(rows, -1, depth)
        values = bits.astype(np.int64) @ (1 << np.arange(depth - 1, -1, -1))
    return values.reshape(rows, columns, channels), raw[rows * (stride + 1) :]


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


def _png_colour(samples: Wide, depth: int, colour_type: int, chunks: dict[bytes, bytes]) -> tuple[Bytes, Bytes | None]:
    clear = chunks.get(b"tRNS")
    if colour_type == 3:
        table = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
        table = np.concatenate([table, np.zeros((256 - len(table), 3), np.uint8)])
        opacity = np.full(256, 255, np.uint8)
        if clear:
            opacity[: len(clear)] = np.frombuffer(clear, np.uint8)
        return table[samples[..., 0]], opacity[samples[..., 0]]
    top = (1 << depth) - 1
    eight = ((samples * 255 * 2 + top) // (2 * top)).astype(np.uint8)  # for 16 bits: divided by 257, rounded
    if colour_type in (4, 6):
        return eight[..., :-1], eight[..., -1]
    if clear:
        key = np.frombuffer(clear, ">u2")[: samples.shape[2]]
        return eight, np.where((samples == key).all(axis=2), 0, 255).astype(np.uint8)
    return eight, None
