"""Image folders and tables: rows and files agree, and cells cannot run as formulas."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from worker.formats.card import Card
from worker.formats.image_folder import HuggingFace, ImageFolder
from worker.formats.packing import ZipArchive
from worker.formats.tables import COLUMNS, CsvTable, JsonLinesTable, ParquetTable, Record, values

RECORD = Record(
    file="",
    sha256="ab",
    label="cat",
    trust="human",
    split="train",
    origin="single",
    annotator="ann",
    suggestion="dog",
    confidence=0.75,
    head="v1.2",
    source="holiday/rex.jpg",
    position=7,
    group=3,
    blind=False,
)
UNKNOWN = replace(RECORD, suggestion="", confidence=None, head="", annotator="=1+1")


def safe(value):
    return f"'{value}" if str(value).startswith("=") else value


@pytest.mark.parametrize("layout", [ImageFolder, HuggingFace])
def test_every_picture_has_a_row_that_names_it(layout, tmp_path):
    picture = tmp_path / "picture"
    picture.write_bytes(b"\xff\xd8\xff")
    packed = io.BytesIO()

    with (
        ZipArchive(packed, tmp_path) as archive,
        layout(archive, tmp_path, {"cat": "cat", "a/b": "a_b"}, safe) as folder,
    ):
        added = folder.add(RECORD, picture, "JPEG")
        folder.add(replace(UNKNOWN, position=8, label="a/b", split="test"), picture, "PNG")
        folder.finish(Card("Pets", [], []))

    assert added.file == "train/cat/rex_7.jpg"
    with zipfile.ZipFile(packed) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode())))
        assert [row["file"] for row in rows] == ["train/cat/rex_7.jpg", "test/a_b/rex_8.png"]
        assert rows[1]["annotator"] == "'=1+1"
        assert archive.read("classes.txt") == b"cat\na/b\n"
        assert archive.read(rows[0]["file"]) == b"\xff\xd8\xff"
        if layout is HuggingFace:
            line = json.loads(archive.read("test/metadata.jsonl"))
            assert (line["file_name"], line["label"]) == ("a_b/rex_8.png", "a/b")


def test_tables_hold_every_column_and_say_what_is_not_known(tmp_path):
    records = [RECORD, UNKNOWN]
    tables = {
        "csv": CsvTable(tmp_path / "csv", safe),
        "jsonl": JsonLinesTable(tmp_path / "jsonl"),
        "parquet": ParquetTable(tmp_path / "parquet"),
    }
    for table in tables.values():
        with table:
            table.add(records)

    expected = [dict(zip(COLUMNS, values(record), strict=True)) for record in records]
    assert [json.loads(line) for line in (tmp_path / "jsonl").read_text().splitlines()] == expected
    assert pq.read_table(tmp_path / "parquet").to_pylist() == expected
    cells = list(csv.DictReader((tmp_path / "csv").open()))
    assert (cells[0]["confidence"], cells[1]["confidence"], cells[1]["annotator"]) == ("0.75", "", "'=1+1")


def test_tables_of_nothing_have_their_columns(tmp_path):
    for table in (CsvTable(tmp_path / "csv", safe), ParquetTable(tmp_path / "parquet")):
        with table:
            table.add([])

    assert (tmp_path / "csv").read_text() == ",".join(COLUMNS) + "\n"
    assert pq.read_table(tmp_path / "parquet").column_names == list(COLUMNS)
