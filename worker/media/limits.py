"""How much one picture may cost before it is turned away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds for one picture; crossing any of them rejects the picture and nothing else.

    `memory_bytes` is the whole address space (RLIMIT_AS) of the process that decodes, interpreter and
    libraries (about 150 MB) included, so that the sum over an importer stays predictable.
    """

    max_pixels: int = 150_000_000
    max_bytes: int = 100_000_000
    seconds: float = 20.0
    memory_bytes: int = 1_000_000_000
