"""What a file that no decoder accepts really is, judged by its first bytes and never by its name."""

from __future__ import annotations

import math
import struct

HEAD_BYTES = 4096

_DECODED = (
    ("PNG", b"\x89PNG\r\n\x1a\n"),
    ("JPEG", b"\xff\xd8\xff"),
    ("GIF", b"GIF87a"),
    ("GIF", b"GIF89a"),
    ("TIFF", b"II*\x00"),
    ("TIFF", b"MM\x00*"),
    ("JPEG2000", b"\x00\x00\x00\x0cjP  \r\n\x87\n"),
    ("JPEG2000", b"\xff\x4f\xff\x51"),
    ("PSD", b"8BPS"),
    ("QOI", b"qoif"),
    ("DDS", b"DDS "),
)
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}

_NOT_DECODED = (
    ("PDF", b"%PDF"),
    ("PostScript", b"%!PS"),
    ("PostScript", b"\xc5\xd0\xd3\xc6"),
    ("JPEG XL", b"\xff\x0a"),
    ("JPEG XL", b"\x00\x00\x00\x0cJXL \r\n\x87\n"),
    ("OpenEXR", b"\x76\x2f\x31\x01"),
    ("Radiance HDR", b"#?RADIANCE"),
    ("FITS", b"SIMPLE  ="),
    ("WMF", b"\xd7\xcd\xc6\x9a"),
)


def decodable_format(head: bytes) -> str | None:
    """The format, by Pillow's name, that these first bytes announce, if it is one that we decode."""
    if head[4:8] == b"ftyp":
        brands = {head[start : start + 4] for start in (8, *range(16, _box_end(head), 4))}
        if brands & _AVIF_BRANDS:
            return "AVIF"
        return "HEIF" if brands & _HEIF_BRANDS else None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return next((name for name, signature in _DECODED if head.startswith(signature)), None)


def foreign_format(head: bytes) -> str | None:
    """The name of a picture format that we do not decode, if these first bytes announce one."""
    if b"<svg" in head:
        return "SVG"
    return next((name for name, signature in _NOT_DECODED if head.startswith(signature)), None)


def declared_pixels(head: bytes) -> int:
    """Pixels that a WebP, AVIF, HEIF or JPEG 2000 header claims; 0 where it says nothing.

    Decoders of these formats allocate or refuse before they tell the size.
    """
    if head[:4] == b"RIFF" and len(head) >= 30:
        return _webp_pixels(head)
    if head[4:8] == b"ftyp" and 0 <= (extent := head.find(b"ispe")) <= len(head) - 16:
        return math.prod(struct.unpack_from(">II", head, extent + 8))
    if head[4:8] == b"jP  " and 0 <= (extent := head.find(b"ihdr")) <= len(head) - 12:
        return math.prod(struct.unpack_from(">II", head, extent + 4))
    if head[:4] == b"\xff\x4f\xff\x51" and len(head) >= 16:
        return math.prod(struct.unpack_from(">II", head, 8))
    return 0


def _webp_pixels(head: bytes) -> int:
    match head[12:16]:
        case b"VP8X":
            return math.prod(int.from_bytes(head[start : start + 3], "little") + 1 for start in (24, 27))
        case b"VP8L":
            packed = int.from_bytes(head[21:25], "little")
            return ((packed & 0x3FFF) + 1) * ((packed >> 14 & 0x3FFF) + 1)
        case b"VP8 ":
            return math.prod(side & 0x3FFF for side in struct.unpack_from("<HH", head, 26))
    return 0


def _box_end(head: bytes) -> int:
    return min(int.from_bytes(head[:4], "big"), len(head))
