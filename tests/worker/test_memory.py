"""A worker that is idle again holds no more memory than it needs."""

from __future__ import annotations

import psutil

from worker.tasks import give_memory_back

SMALL = 1024  # bytes: below what the C library asks the kernel for one by one


def held() -> int:
    """Megabytes that this process holds."""
    return psutil.Process().memory_info().rss // 2**20


def test_what_a_job_has_freed_goes_back_to_the_host():
    pieces = [bytearray(SMALL) for _ in range(300_000)]
    full, last = held(), pieces[-1]
    del pieces
    give_memory_back()
    assert held() < full - 200
    assert len(last) == SMALL, "it lies above all that was freed"
