"""Answers that are not JSON: pictures, which never change under their address, and CSV, which streams."""

from __future__ import annotations

import csv
import mimetypes
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from annotator.common import blobs

FOREVER = "private, max-age=31536000, immutable"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def blob_response(
    request: HttpRequest, sha256: str, variant: str, *, picture_format: str = "JPEG", filename: str = ""
) -> HttpResponseBase:
    """Answer with a variant of a picture, or 304 when the browser has it.

    An original is bytes from somebody: it is offered for saving, in its own type, and may run nothing.

    Raises:
        FileNotFoundError: the storage has no such blob.
    """
    tag = f'"{sha256}-{variant}"'
    if tag in request.headers.get("If-None-Match", ""):
        response: HttpResponseBase = HttpResponseNotModified()
    else:
        original = variant == blobs.ORIGINAL
        response = FileResponse(
            blobs.local_path(sha256, variant).open("rb"),
            as_attachment=original,
            filename=filename if original else "",
            content_type=content_type(picture_format) if original else "image/jpeg",
        )
        response["X-Content-Type-Options"] = "nosniff"
        if original:
            response["Content-Security-Policy"] = "sandbox"
    response["Cache-Control"] = FOREVER
    response["ETag"] = tag
    return response


def content_type(picture_format: str) -> str:
    """Return the media type of one of Pillow's formats; anything that is not plainly a picture is just bytes."""
    guess = mimetypes.types_map.get(f".{picture_format.lower()}", "")
    return guess if guess.startswith("image/") and "svg" not in guess else "application/octet-stream"


def csv_response(filename: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Stream rows as a CSV attachment; no cell can be taken for a formula by a spreadsheet."""
    response = StreamingHttpResponse(csv_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    return response


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file."""
    writer = csv.writer(_Echo())
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])


def safe_cell(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


class _Echo:
    """A file whose `write` hands the line back, which is all that `csv.writer` needs."""

    def write(self, line: str) -> str:
        return line
