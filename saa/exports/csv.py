"""A table as CSV in UTF-8 with a header; what a row has not is empty."""

from __future__ import annotations

import csv
from pathlib import Path

from saa.answers import Answers
from saa.runs.folder import writing

SUFFIX = ".csv"


def write(answers: Answers, out: Path) -> None:
    """Write the rows of `answers` to `out`; numbers read back exactly.

    Raises:
        RunError: a file of the run is missing or damaged, or `out` cannot be written.
    """
    with writing(out) as file:
        table = csv.DictWriter(file, tuple(answers.columns), lineterminator="\n")
        table.writeheader()
        table.writerows(answers.rows())
