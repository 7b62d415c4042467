"""The local copies of a bucket's pictures stay within their limit; what was used last stays longest."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.common import cache
from annotator.common.cache import REST, STEP, Keeper, cache_root, kept, trim

MINUTE = 60


@pytest.fixture(autouse=True)
def own_folder(settings, data_dir) -> None:
    settings.DATA_DIR = data_dir


def keep(number: int, *, size: int, minutes_ago: float) -> Path:
    """Put a file into the cache as if it had been fetched and used so long ago."""
    content = bytes([number % 256]) * size
    path = cache_root() / f"{number:02d}" / f"thumb.jpg.{hashlib.sha256(content).hexdigest()}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    then = time.time() - minutes_ago * MINUTE
    os.utime(path, (then, then))
    return path


def there() -> dict[str, int]:
    return {path.parent.name: path.stat().st_size for path in cache_root().rglob("*") if path.is_file()}


def test_above_the_limit_the_longest_unused_go(data_dir):
    for number in range(10):
        keep(number, size=100, minutes_ago=20 + 10 * number)

    assert trim(500) == 600

    assert set(there()) == {"00", "01", "02", "03"}, "four fifths of the limit are left"


def test_within_the_limit_nothing_goes():
    keep(1, size=100, minutes_ago=10_000)

    assert trim(100) == 0
    assert there() == {"01": 100}


def test_a_copy_that_is_used_counts_as_new(data_dir):
    first, second = keep(1, size=100, minutes_ago=600), keep(2, size=100, minutes_ago=300)

    assert kept(first.with_name("thumb.jpg")) == first
    trim(150)

    assert set(there()) == {"01"}
    assert not second.exists()


def test_what_somebody_may_be_reading_stays_even_above_the_limit():
    keep(1, size=100, minutes_ago=0)
    keep(2, size=100, minutes_ago=(REST - 30) / MINUTE)

    assert trim(10) == 0
    assert set(there()) == {"01", "02"}


def test_without_a_cache_there_is_nothing_to_do():
    assert trim(0) == 0


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(st.tuples(st.integers(1, 300), st.integers(15, 5000)), max_size=12),
    limit=st.integers(0, 2000),
)
def test_it_always_ends_within_the_limit_and_in_order_of_use(files, limit):
    for path in list(cache_root().rglob("*.*")):
        path.unlink()
    for number, (size, minutes) in enumerate(files):
        keep(number, size=size, minutes_ago=minutes)
    before = there()

    freed = trim(limit)

    left = there()
    assert sum(left.values()) + freed == sum(before.values())
    assert sum(left.values()) <= max(limit, 0)
    gone = {int(name) for name in before if name not in left}
    for name in left:
        younger = [number for number in gone if files[number][1] * MINUTE + STEP < files[int(name)][1] * MINUTE]
        assert not younger, "something used later went before it"


def test_the_keeper_looks_at_first_and_then_after_every_twentieth_of_the_limit(settings, monkeypatch):
    looks: list[int] = []
    monkeypatch.setattr(cache, "trim", lambda: looks.append(1))
    monkeypatch.setattr(cache.threading, "Thread", InPlace)
    settings.CACHE_BYTES = 1000
    keeper = Keeper()

    keeper.fetched(1)
    assert len(looks) == 1
    for _ in range(5):
        keeper.fetched(10)
    assert len(looks) == 1
    keeper.fetched(10)
    assert len(looks) == 2


class InPlace:
    """A thread that runs at once."""

    def __init__(self, target, **_: object) -> None:
        self.start = target
