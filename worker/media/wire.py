"""The language between importer and decoder: a JSON header with its length before it, then raw bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from typing import Any

MAX_HEADER = 1 << 16
MAX_BLOBS = 1 << 25
BLOBS = 3


class WireError(Exception):
    """The other side said something that is not a message."""


def pack(header: dict[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """One message. Lone surrogates in paths (names that are not UTF-8) survive as JSON escapes."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    return b"".join((struct.pack(">I", len(text)), text, *blobs))


def receive(read: Callable[[int], bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """One message; `read(n)` must give exactly n bytes. Raises WireError before reading anything oversized."""
    (length,) = struct.unpack(">I", read(4))
    if length > MAX_HEADER:
        raise WireError(f"header of {length} bytes")
    try:
        header = json.loads(read(length))
    except ValueError as error:
        raise WireError(f"header is not JSON: {error}") from error
    sizes = header.pop("blobs", None) if isinstance(header, dict) else None
    if not isinstance(sizes, list) or len(sizes) > BLOBS or not all(type(size) is int for size in sizes):
        raise WireError("header does not say which bytes follow")
    if min(sizes, default=0) < 0 or sum(sizes) > MAX_BLOBS:
        raise WireError(f"blobs of {sizes} bytes")
    return header, [read(size) for size in sizes]
