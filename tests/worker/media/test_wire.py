"""Messages between importer and decoder arrive whole, and nonsense is noticed before it is read."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.media import wire


def reader(data: bytes) -> Callable[[int], bytes]:
    return io.BytesIO(data).read


@settings(deadline=None)
@given(
    path=st.text(st.characters(), max_size=200),
    blobs=st.lists(st.binary(max_size=300), max_size=wire.BLOBS),
)
def test_a_message_arrives_as_it_was_sent(path: str, blobs: list[bytes]) -> None:
    assert wire.receive(reader(wire.pack({"path": path}, blobs))) == ({"path": path}, blobs)


def test_a_name_that_is_not_utf8_survives() -> None:
    header, _ = wire.receive(reader(wire.pack({"path": "caf\udce9.jpg"})))
    assert header["path"] == "caf\udce9.jpg"


def framed(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", wire.MAX_HEADER + 1),
        framed(b"not json"),
        framed(b"[]"),
        framed(b"{}"),
        framed(json.dumps({"blobs": "many"}).encode()),
        framed(json.dumps({"blobs": [1.5]}).encode()),
        framed(json.dumps({"blobs": [-1]}).encode()),
        framed(json.dumps({"blobs": [wire.MAX_BLOBS + 1]}).encode()),
        framed(json.dumps({"blobs": [1] * 9}).encode()),
        framed(b"\xff\xfe"),
    ],
)
def test_nonsense_is_no_message(data: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.receive(reader(data))
