"""Embeddings and predictions beside the labels: a `.npy` written row by row, and Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

EMBEDDINGS, PREDICTIONS = "embeddings.npy", "predictions.parquet"
PREDICTION = pa.schema(
    [
        ("position", pa.int64()),
        ("head", pa.string()),
        ("classes", pa.list_(pa.string())),
        ("confidences", pa.list_(pa.float32())),
    ]
)


class EmbeddingsFile:
    """Writes float16 [rows, dim] in parts; use it in a with statement."""

    def __init__(self, path: Path, rows: int, dim: int) -> None:
        self._file = path.open("wb")
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype("<f2")), "fortran_order": False, "shape": (rows, dim)}
        np.lib.format.write_array_header_1_0(self._file, header)

    def __enter__(self) -> EmbeddingsFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, part: np.ndarray) -> None:
        """Append rows."""
        self._file.write(np.ascontiguousarray(part, "<f2").tobytes())


class PredictionsFile:
    """Writes the best classes of each picture, best first; use it in a with statement."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, PREDICTION, compression="zstd")

    def __enter__(self) -> PredictionsFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def add(self, rows: Sequence[tuple[int, str, Sequence[tuple[str, float]]]]) -> None:
        """Append (position, head, [(class, confidence), …]) of pictures; an empty list where nothing is predicted."""
        lines = [
            {
                "position": position,
                "head": head,
                "classes": [name for name, _ in best],
                "confidences": [confidence for _, confidence in best],
            }
            for position, head, best in rows
        ]
        self._writer.write_table(pa.Table.from_pylist(lines, schema=PREDICTION))
