"""results.csv: the ledger as a table."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from saa.runs.folder import writing
from saa.runs.ledger import Ledger
from saa.runs.outcome import STAGES

_FIRST = (
    "product", "name", "defect", "state", "score", "height", "width", "num_regions", "image_path",
    "mask_path", "image_sha256", "error", "mode",
)  # fmt: skip
_LAST = ("ignore_path", "mask_kind", "track", "error_class")
DIFFERING = ("attempts", *(f"seconds_{stage}" for stage in STAGES), "seconds")
"""The columns in which two runs of one plan may differ: how often an image was begun until its row was written, which
a killed worker or `--retry-failed` raises, and what it took, as a whole and by stage. They come last."""
COLUMNS = (*("status" if column == "state" else column for column in _FIRST), "notes", *_LAST, *DIFFERING)
"""The header. All but `DIFFERING` are the same in every run of one plan, whoever inspects the images and however often
it was killed."""


def write(path: Path, ledger: Ledger) -> None:
    """Write a row for each image that has been dealt with, sorted by (product, name), atomically.

    Scores are written so that they read back exactly. Paths are relative to the data set's root where they
    lie inside it. `notes` are those of the product and of the image, joined by "; ". A stage that was not
    timed is empty.

    Raises:
        RunError: the file cannot be written.
    """
    with writing(path) as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in ledger.rows((*_FIRST, "note", "notes", *_LAST, "attempts", "timings", "seconds")):
            first, (note, notes, *last, attempts, timings, seconds) = row[: len(_FIRST)], row[len(_FIRST) :]
            joined = "; ".join(str(each) for each in (note, notes) if each)
            writer.writerow([*first, joined, *last, attempts, *_by_stage(str(timings)), f"{seconds:.3f}"])


def _by_stage(timings: str) -> list[str]:
    found = json.loads(timings)
    return [f"{found[stage]:.3f}" if stage in found else "" for stage in STAGES]
