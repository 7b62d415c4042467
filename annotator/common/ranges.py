"""Answers with a file that is downloaded in pieces: a transfer that broke off goes on where it stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

PIECE = 1 << 20
ONE_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


class Unsatisfiable(Exception):
    """The range begins beyond the end of the file."""


def file_response(
    request: HttpRequest, path: Path, *, sha256: str, filename: str, content_type: str
) -> HttpResponseBase:
    """Answer with a file that never changes, or with the part of it that a Range header asks for (RFC 9110, 14).

    A range that cannot be read, and several ranges at once, are answered with the whole file, as is a range of
    another version (If-Range).

    Raises:
        FileNotFoundError: there is no such file.
    """
    size, tag = path.stat().st_size, f'"{sha256}"'
    if _names(request.headers.get("If-None-Match", ""), tag):
        response: HttpResponseBase = HttpResponseNotModified()
    else:
        try:
            response = _part(request, path, size, tag) or FileResponse(path.open("rb"))
        except Unsatisfiable:
            response = HttpResponse(status=416)
            response["Content-Range"] = f"bytes */{size}"
        response["Content-Type"] = content_type
        response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
        response["X-Content-Type-Options"] = "nosniff"
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = tag
    return response


def _names(header: str, tag: str) -> bool:
    return header.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in header.split(",")]


def _part(request: HttpRequest, path: Path, size: int, tag: str) -> StreamingHttpResponse | None:
    """Answer 206, or return None when the whole file is to be sent. Raises Unsatisfiable."""
    if request.headers.get("If-Range", tag) != tag:
        return None
    asked = byte_range(request.headers.get("Range", ""), size)
    if asked is None:
        return None
    start, stop = asked
    response = StreamingHttpResponse(_read(path.open("rb"), start, stop), status=206)
    response["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response["Content-Length"] = str(stop - start)
    return response


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """Return (start, stop) of a header's only range, stop excluded; None when the header is to be ignored.

    Raises:
        Unsatisfiable: nothing of the file lies within the range.
    """
    found = ONE_RANGE.fullmatch(header.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise Unsatisfiable
    return start, stop


def _read(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < stop and (piece := file.read(min(PIECE, stop - start))):
            start += len(piece)
            yield piece
