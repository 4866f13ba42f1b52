"""results.csv: the ledger as a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from saa.runs.folder import write_text
from saa.runs.ledger import Ledger

_LEDGER_COLUMNS = (
    "product", "name", "defect", "state", "score", "height", "width", "num_regions", "image_path",
    "mask_path", "image_sha256", "error", "seconds",
)  # fmt: skip
COLUMNS = tuple("status" if column == "state" else column for column in _LEDGER_COLUMNS)
"""The header. `seconds` comes last and is the only column that differs between two runs of one plan."""


def write(path: Path, ledger: Ledger) -> None:
    """Write a row for each image that has been dealt with, sorted by (product, name), atomically.

    Scores are written so that they read back exactly. Paths are relative to the data set's root where they
    lie inside it.

    Raises:
        RunError: the file cannot be written.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for *row, seconds in ledger.rows(_LEDGER_COLUMNS):
        writer.writerow([*row, f"{seconds:.3f}"])
    write_text(path, table.getvalue())
