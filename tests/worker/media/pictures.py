"""Small pictures of every odd kind, written byte by byte where no library writes them."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def gradient(width: int = 48, height: int = 32, channels: int = 3) -> npt.NDArray[np.uint8]:
    """A picture without symmetry, (height, width, channels), so that any turn or swap of channels shows."""
    rows, columns = np.mgrid[0:height, 0:width]
    planes = [rows * 7 + columns * (3 + 2 * channel) + 40 * channel for channel in range(channels)]
    return (np.stack(planes, axis=2) % 256).astype(np.uint8)


def saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples: npt.NDArray[np.uint16], depth: int, colour_type: int, *chunks: bytes) -> bytes:
    """A PNG of samples (height, width, channels) with `chunks` between header and data."""
    height, width = samples.shape[:2]
    flat = samples.reshape(height, -1)
    if depth == 16:
        rows = flat.astype(">u2").view(np.uint8).reshape(height, -1)
    elif depth == 8:
        rows = flat.astype(np.uint8)
    else:
        bits = (flat[..., None] >> np.arange(depth - 1, -1, -1) & 1).astype(np.uint8)
        rows = np.packbits(bits.reshape(height, -1), axis=1)
    data = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    return png_file(width, height, depth, colour_type, zlib.compress(data), *chunks)


def png_file(width: int, height: int, depth: int, colour_type: int, data: bytes, *chunks: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            png_chunk(b"IHDR", header),
            *chunks,
            png_chunk(b"IDAT", data),
            png_chunk(b"IEND", b""),
        )
    )


def blue_first_profile() -> bytes:
    """sRGB with the red and blue primaries exchanged: what is stored as red is meant as blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def linear_grey_profile() -> bytes:
    """A grey profile of gamma 1: the stored value is proportional to light."""
    xyz = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)
    text = b"text\0\0\0\0none\0\0\0\0"
    tags, body, start = b"", b"", 128 + 4 + 4 * 12
    for name, data in ((b"wtpt", xyz), (b"kTRC", curve), (b"desc", text), (b"cprt", text)):
        tags += name + struct.pack(">II", start + len(body), len(data))
        body += data
    size = start + len(body)
    header = struct.pack(">I", size) + b"\0\0\0\0" + b"\x02\x40\0\0" + b"mntrGRAYXYZ " + bytes(12) + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">iii", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", 4) + tags + body
