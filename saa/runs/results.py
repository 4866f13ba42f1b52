"""results.csv: the ledger as a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from saa.runs.folder import write_text
from saa.runs.ledger import Ledger

_FIRST = (
    "product", "name", "defect", "state", "score", "height", "width", "num_regions", "image_path",
    "mask_path", "image_sha256", "error", "mode",
)  # fmt: skip
_LAST = ("ignore_path", "mask_kind", "track", "seconds")
COLUMNS = (*("status" if column == "state" else column for column in _FIRST), "notes", *_LAST)
"""The header. `seconds` comes last and is the only column that differs between two runs of one plan."""


def write(path: Path, ledger: Ledger) -> None:
    """Write a row for each image that has been dealt with, sorted by (product, name), atomically.

    Scores are written so that they read back exactly. Paths are relative to the data set's root where they
    lie inside it. `notes` are those of the product and of the image, joined by "; ".

    Raises:
        RunError: the file cannot be written.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in ledger.rows((*_FIRST, "note", "notes", *_LAST)):
        first, (note, notes, *last, seconds) = row[: len(_FIRST)], row[len(_FIRST) :]
        joined = "; ".join(str(each) for each in (note, notes) if each)
        writer.writerow([*first, joined, *last, f"{seconds:.3f}"])
    write_text(path, table.getvalue())
