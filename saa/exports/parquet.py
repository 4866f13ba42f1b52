"""A table as Parquet, for pandas, Polars, DuckDB and the like; what a row has not is null."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

from saa import whole_files
from saa.answers import Answers
from saa.errors import ModelError
from saa.runs.folder import unwritable

SUFFIX = ".parquet"
T = TypeVar("T")
_ROWS = 10_000
"""Rows that are held and written together."""


def write(answers: Answers, out: Path) -> None:
    """Write the rows of `answers` to `out`, with types.

    Raises:
        ModelError: pyarrow is not installed.
        RunError: a file of the run is missing or damaged, or `out` cannot be written.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ModelError(
            f"parquet: expected pyarrow, got {error}; install it with: pip install 'saa[export]'"
        ) from error
    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in answers.columns.items()])
    try:
        with whole_files.writing(out) as file, pq.ParquetWriter(file, schema) as table:
            for rows in _batches(answers.rows(), _ROWS):
                table.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))
    except OSError as error:
        raise unwritable(out, error) from error


def _batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, size)):
        yield batch
