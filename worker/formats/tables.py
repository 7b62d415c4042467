"""Tables of pictures and labels, one row a picture: CSV, JSON lines and Parquet, written row by row."""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

GROUP = 10_000  # rows of a Parquet row group


@dataclass(frozen=True, slots=True)
class Record:
    """What an export says of a picture.

    Attributes:
        file: path inside the archive, empty in a plain table.
        sha256: of the file in the archive; in a plain table of the original picture.
        trust: how the label came to be, in a word.
        origin: how the person said it (single, verify, bulk, import), empty when nobody did.
        annotator: who said it.
        suggestion, confidence, head: what the machine said, and which one.
        source: the path that the picture was imported from.
        group: position of the first picture of its duplicate group.
        blind: it belongs to the blind test set.
        labels, absent: where a picture may have several labels, all that it has and those verified to be absent;
            `label` is then the first, or empty. Tables have these columns where they are made for them.
    """

    file: str
    sha256: str
    label: str
    trust: str
    split: str
    origin: str
    annotator: str
    suggestion: str
    confidence: float | None
    head: str
    source: str
    position: int
    group: int
    blind: bool
    labels: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


SETS = ("labels", "absent")
COLUMNS = tuple(field.name for field in fields(Record) if field.name not in SETS)
values: Callable[[Record], tuple[Any, ...]] = attrgetter(*COLUMNS)
_TYPES = {"confidence": pa.float64(), "position": pa.int64(), "group": pa.int64(), "blind": pa.bool_()}
_TYPES |= dict.fromkeys(SETS, pa.list_(pa.string()))


class Table(ABC):
    """A table that is being written; use it in a with statement. With `several`, it has the columns of `SETS`, too."""

    def __init__(self, *, several: bool) -> None:
        self.columns = (*COLUMNS, *SETS) if several else COLUMNS
        self.values: Callable[[Record], tuple[Any, ...]] = attrgetter(*self.columns)

    @abstractmethod
    def add(self, records: Sequence[Record]) -> None:
        """Append rows."""

    @abstractmethod
    def close(self) -> None:
        """Write what is left to write."""

    def __enter__(self) -> Table:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class CsvTable(Table):
    """CSV with a header; a set is a JSON list. `safe` makes a cell harmless to spreadsheets."""

    def __init__(self, path: Path, safe: Callable[[Any], Any], *, several: bool = False) -> None:
        super().__init__(several=several)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._safe = safe
        self._writer.writerow(self.columns)

    def add(self, records: Sequence[Record]) -> None:
        """Append rows; what is not known is an empty cell."""
        safe = self._safe
        self._writer.writerows([safe(_cell(value)) for value in self.values(record)] for record in records)

    def close(self) -> None:
        """Flush the file."""
        self._file.close()


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else value


class JsonLinesTable(Table):
    """One JSON object a line."""

    def __init__(self, path: Path, *, several: bool = False) -> None:
        super().__init__(several=several)
        self._file = path.open("w", encoding="utf-8")

    def add(self, records: Sequence[Record]) -> None:
        """Append rows; what is not known is null or empty."""
        for record in records:
            line = json.dumps(dict(zip(self.columns, self.values(record), strict=True)), ensure_ascii=False)
            self._file.write(f"{line}\n")

    def close(self) -> None:
        """Flush the file."""
        self._file.close()


class ParquetTable(Table):
    """Parquet."""

    def __init__(self, path: Path, *, several: bool = False) -> None:
        super().__init__(several=several)
        self._schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in self.columns])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def add(self, records: Sequence[Record]) -> None:
        """Append rows as one row group."""
        if records:
            columns = zip(*map(self.values, records), strict=True)
            arrays = [pa.array(column, kind.type) for column, kind in zip(columns, self._schema, strict=True)]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema), row_group_size=GROUP)

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()
