"""One picture file to full-size sRGB pixels, or the reason why not; runs on files that nobody trusts."""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import pillow_heif
from PIL import AvifImagePlugin, Image, ImageFile, UnidentifiedImageError

from worker.media import sniff
from worker.media.colour import Loaded, to_srgb
from worker.media.limits import Limits
from worker.media.reasons import Reason, RejectedError

# Raster formats only, and no plugin that starts another program (EPS) or is a mere stub. TGA is last
# because it has no signature and would claim what belongs to others.
FORMATS = (
    "JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF", "BMP", "DIB", "JPEG2000", "PPM", "ICO", "CUR",
    "ICNS", "PSD", "SGI", "SUN", "PCX", "DCX", "DDS", "QOI", "FLI", "MSP", "PIXAR", "XBM", "XPM", "TGA",
)  # fmt: skip

_BROKEN = (
    SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError,
    EOFError, OSError, MemoryError, RuntimeError, struct.error, zlib.error,
)  # fmt: skip
# Trouble with the file itself. Other numbers (EINVAL) come from offsets in a broken picture.
_FILE_ERRORS = {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EIO, errno.ESTALE}
_ORIENTATION = 0x0112
_TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What decoders of WebP and JPEG 2000 take; when they run out, they say that the picture is broken.
_HUNGRY_BYTES_PER_PIXEL = 28
_GREY_ALPHA_16 = "LA;16B"
_SWAPPED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}

Image.MAX_IMAGE_PIXELS = None  # Pillow would only warn; `_check_pixels` rejects, before anything is decoded
Image.init()
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread would reserve address space of its own


@dataclass(frozen=True)
class Picture:
    """A decoded picture (mode RGB, upright, full size) and what its file said about itself.

    `format` is Pillow's name; `mode` the source's pixel type (`CMYK`, or `RGB;16` for 16 bits a channel);
    `exif_orientation` the orientation 1–8 that has been applied.
    """

    rgb: Image.Image
    format: str
    mode: str
    exif_orientation: int


def decode_rgb(path: Path, limits: Limits | None = None) -> Image.Image:
    """The full-size picture as a Pillow image of mode RGB in sRGB; raises RejectedError otherwise.

    EXIF orientation is applied, the profile converted to sRGB (perceptual), transparency put over white,
    16-bit samples divided by 257 and rounded. Of several frames the first is taken.
    """
    return decode(path, limits).rgb


def decode(path: Path, limits: Limits | None = None, admit: Callable[[int], None] | None = None) -> Picture:
    """Like `decode_rgb`, with the source's properties. `admit` sees the size in pixels before any is decoded."""
    limits = limits or Limits()
    check_file(path, limits)
    try:
        loaded, about = _load(path, limits, admit)
        return Picture(to_srgb(loaded), **about)
    except _BROKEN as error:
        raise _explained(error, path, limits) from error


def check_file(path: Path, limits: Limits) -> int:
    """The size of the file in bytes; raises RejectedError unless it is a plain file of acceptable size."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise RejectedError(Reason.UNREADABLE, error.strerror or "") from error
    if not stat.S_ISREG(status.st_mode):
        raise RejectedError(Reason.UNSAFE_PATH, "not a plain file")
    if status.st_size == 0:
        raise RejectedError(Reason.EMPTY_FILE)
    if status.st_size > limits.max_bytes:
        raise RejectedError(Reason.TOO_MANY_BYTES, f"{status.st_size} bytes, limit {limits.max_bytes}")
    return status.st_size


class _About(TypedDict):
    format: str
    mode: str
    exif_orientation: int


def _load(path: Path, limits: Limits, admit: Callable[[int], None] | None) -> tuple[Loaded, _About]:
    with Image.open(path, formats=FORMATS) as source:
        _check_pixels(source, limits)
        if admit:
            admit(source.width * source.height)
        about = _About(format=source.format or "", mode=source.mode, exif_orientation=1)
        # TIFF turns itself upright while loading; PNG may carry its EXIF at the end. Hence before and after.
        turned = _orientation(source) if about["format"] == "TIFF" else None
        rawmode = _rawmode(source)
        if rawmode == _GREY_ALPHA_16:  # Pillow would drop the low bytes; read as RGBA, all four bytes arrive
            _set_rawmode(source, "RGBA")
        source.load()
        _check_pixels(source, limits)
        _check_mode(source)
        turn = 1 if turned else _orientation(source)
        about["exif_orientation"] = turned or turn
        low = _low_bytes(path, rawmode)
        if low or rawmode == _GREY_ALPHA_16:
            about["mode"] = f"{rawmode.partition(';')[0]};16"
        loaded = Loaded(
            pixels=_upright(source, turn),
            low=_upright(low, turn) if low else None,
            grey_alpha=rawmode == _GREY_ALPHA_16,
            key=_transparent_colour(source, rawmode),
            profile=source.info.get("icc_profile") or None,
        )
    return loaded, about


def _check_pixels(source: Image.Image, limits: Limits) -> None:
    if source.width * source.height > limits.max_pixels:
        raise RejectedError(
            Reason.TOO_MANY_PIXELS, f"{source.width} × {source.height}, limit {limits.max_pixels} pixels"
        )
    if source.width * source.height == 0:
        raise RejectedError(Reason.CORRUPT, f"{source.width} × {source.height} pixels")


def _check_mode(source: Image.Image) -> None:
    """32-bit samples have no agreed range. Only a 16-bit PGM, which Pillow widens to 32, is an exception."""
    if source.mode == "F" or (source.mode == "I" and source.format != "PPM"):
        raise RejectedError(Reason.UNSUPPORTED_MODE, f"{source.format} of mode {source.mode}")


def _orientation(source: Image.Image) -> int:
    """EXIF orientation 1–8; a missing, broken or unknown one counts as 1, because the pixels are still good."""
    try:
        value = source.getexif().get(_ORIENTATION, 1)
    except _BROKEN:
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _rawmode(source: Image.Image) -> str:
    """How samples lie in the file, by Pillow's name (`RGB;16B`); empty where the plugin does not say."""
    tiles = getattr(source, "tile", None)
    if not tiles:
        return ""
    args = tiles[0].args
    return str(args[0] if isinstance(args, tuple) and args else args)


def _set_rawmode(source: ImageFile.ImageFile, rawmode: str) -> None:
    source.tile = [
        tile._replace(args=(rawmode, *tile.args[1:]) if isinstance(tile.args, tuple) else rawmode)
        for tile in source.tile
    ]


def _low_bytes(path: Path, rawmode: str) -> Image.Image | None:
    """The low bytes of 16-bit channels. Pillow keeps one byte a channel, so they take a second reading
    with the byte order reversed."""
    channels, _, order = rawmode.partition(";16")
    if channels not in ("RGB", "RGBA", "RGBX", "CMYK") or order not in _SWAPPED:
        return None
    with Image.open(path, formats=FORMATS) as source:
        _set_rawmode(source, f"{channels};16{_SWAPPED[order]}")
        source.load()
        return source


def _transparent_colour(source: Image.Image, rawmode: str) -> int | tuple[int, ...] | None:
    """The colour that a grey or RGB picture declares transparent, in units of its stored samples."""
    key = source.info.get("transparency")
    if source.mode not in ("1", "L", "I;16", "RGB") or not isinstance(key, int | tuple):
        return None
    # Pillow stretches 2 and 4 bits to the full range, but not the colour that refers to them.
    stretch = {"L;2": 85, "L;4": 17}.get(rawmode, 1)
    return key * stretch if isinstance(key, int) else key


def _explained(error: Exception, path: Path, limits: Limits) -> RejectedError:
    """The reason behind whatever a decoder raised."""
    if isinstance(error, OSError) and error.errno in _FILE_ERRORS:
        return RejectedError(Reason.UNREADABLE, error.strerror or "")
    with path.open("rb") as file:
        head = file.read(sniff.HEAD_BYTES)
    if (pixels := sniff.declared_pixels(head)) > limits.max_pixels:
        return RejectedError(Reason.TOO_MANY_PIXELS, f"{pixels} pixels, limit {limits.max_pixels}")
    rejection = _unidentified(head, path) if isinstance(error, UnidentifiedImageError) else _rejection(error)
    if rejection.reason is Reason.CORRUPT and pixels * _HUNGRY_BYTES_PER_PIXEL > limits.memory_bytes:
        return RejectedError(Reason.OUT_OF_MEMORY, rejection.detail)
    return rejection


def _unidentified(head: bytes, path: Path) -> RejectedError:
    if known := sniff.decodable_format(head):
        return _refusal_of_plugin(known, path)
    if foreign := sniff.foreign_format(head):
        return RejectedError(Reason.UNSUPPORTED_FORMAT, foreign)
    return RejectedError(Reason.NOT_AN_IMAGE)


def _refusal_of_plugin(file_format: str, path: Path) -> RejectedError:
    """Ask the one plugin again, because Pillow hides why a plugin did not want a file."""
    try:
        with path.open("rb") as file:
            Image.OPEN[file_format][0](file, b"")
    except _BROKEN as error:
        return _rejection(error)
    return RejectedError(Reason.CORRUPT, file_format)


def _rejection(error: Exception) -> RejectedError:
    message = str(error)
    lower = message.lower()
    reason = Reason.CORRUPT
    if isinstance(error, MemoryError) or "out of memory" in lower or "cannot allocate memory" in lower:
        reason = Reason.OUT_OF_MEMORY
    elif isinstance(error, NotImplementedError):
        reason = Reason.UNSUPPORTED_FORMAT
    elif "unknown pixel mode" in lower:
        reason = Reason.UNSUPPORTED_MODE
    elif isinstance(error, EOFError) or "truncated" in lower:
        reason = Reason.TRUNCATED
    return RejectedError(reason, message or type(error).__name__)
