"""Answers that are not JSON."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.common.responses import FORMULA_STARTS, content_type, csv_lines, csv_response, safe_cell

ANY_BYTES = "application/octet-stream"


def test_rows_stream_as_a_csv_attachment():
    response = csv_response("balance.csv", ["class", "labelled"], [["cat", 3], ["d,og", 4]])

    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="balance.csv"'
    assert b"".join(response.streaming_content) == b'class,labelled\r\ncat,3\r\n"d,og",4\r\n'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1, 0.5, None, "cat", "1-2", ""])
def test_numbers_and_plain_text_stay_as_they_are(value):
    assert safe_cell(value) == value


@settings(deadline=None)
@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=2)))
def test_whatever_the_cells_hold_none_is_a_formula_and_none_is_lost(rows):
    text = "".join(csv_lines(["a", "b"], rows))

    read = list(csv.reader(io.StringIO(text, newline="")))

    assert len(read) == len(rows) + 1
    for row, cells in zip(rows, read[1:], strict=True):
        assert [cell for cell in cells if cell.startswith(FORMULA_STARTS)] == []
        assert [cell.removeprefix("'") for cell in cells] == [cell.removeprefix("'") for cell in row]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("SVG", ANY_BYTES), ("HTML", ANY_BYTES), ("", ANY_BYTES)],
)
def test_only_plain_pictures_are_named_as_such(kind, expected):
    assert content_type(kind) == expected
