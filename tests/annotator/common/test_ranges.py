"""Downloads in pieces: what a Range header gets, and that pieces make the whole."""

from __future__ import annotations

import itertools

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from annotator.common.ranges import Unsatisfiable, byte_range, file_response

CONTENT = bytes(range(200))
TAG = '"abc"'


@pytest.fixture
def ask(tmp_path):
    """Return a function that asks for the file with headers and returns (status, body, response)."""
    path = tmp_path / "export.zip"
    path.write_bytes(CONTENT)

    def send(**headers: str):
        request = RequestFactory().get("/", headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = file_response(request, path, sha256="abc", filename="Käse 1.zip", content_type="application/zip")
        body = b"".join(response) if response.streaming else response.content
        return response.status_code, body, response

    return send


def test_without_a_range_the_whole_file_is_sent_under_its_name(ask):
    status, body, response = ask()

    assert (status, body) == (200, CONTENT)
    assert response["Content-Length"] == "200"
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"] == TAG
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''K%C3%A4se%201.zip"
    assert response["Content-Type"] == "application/zip"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=150-", 150, 200),
        ("bytes=-5", 195, 200),
        ("bytes=190-1000", 190, 200),
        ("bytes=-1000", 0, 200),
    ],
)
def test_one_range_is_answered_with_that_part(ask, asked, start, stop):
    status, body, response = ask(Range=asked)

    assert (status, body) == (206, CONTENT[start:stop])
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/200"
    assert response["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["bytes=200-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused_with_the_length(ask, asked):
    status, body, response = ask(Range=asked)

    assert (status, body, response["Content-Range"]) == (416, b"", "bytes */200")


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-3", "bytes=", "bytes=-", "lines=1-2", "bytes=a-b", "0-5"])
def test_several_ranges_and_nonsense_get_the_whole_file(ask, asked):
    status, body, _ = ask(Range=asked)

    assert (status, body) == (200, CONTENT)


def test_a_part_of_another_version_is_not_sent(ask):
    assert ask(Range="bytes=10-", If_Range=TAG)[0] == 206
    assert ask(Range="bytes=10-", If_Range='"other"')[:2] == (200, CONTENT)
    assert ask(Range="bytes=10-", If_Range="Wed, 21 Oct 2026 07:28:00 GMT")[:2] == (200, CONTENT)


@pytest.mark.parametrize("known", [TAG, f'"x", W/{TAG}', "*"])
def test_who_has_the_file_gets_nothing(ask, known):
    assert ask(If_None_Match=known)[:2] == (304, b"")
    assert ask(If_None_Match='"other"')[0] == 200


@given(st.integers(0, 10_000), st.lists(st.integers(0, 10_000), max_size=8))
def test_pieces_make_the_whole(size, cuts):
    borders = sorted({0, size, *(cut for cut in cuts if cut < size)})
    parts = [byte_range(f"bytes={a}-{b - 1}", size) for a, b in itertools.pairwise(borders)]

    assert parts == list(itertools.pairwise(borders))


@given(st.text(alphabet="0123456789-=,bytes ", max_size=40), st.integers(0, 1000))
def test_whatever_the_header_says_a_range_lies_within_the_file(header, size):
    try:
        found = byte_range(f"bytes={header}", size)
    except Unsatisfiable:
        return
    assert found is None or 0 <= found[0] < found[1] <= size
