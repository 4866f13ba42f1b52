"""A table as JSON lines: one object a row, with numbers as numbers and null for what a row has not."""

from __future__ import annotations

import json
from pathlib import Path

from saa.answers import Answers
from saa.runs.folder import writing

SUFFIX = ".jsonl"


def write(answers: Answers, out: Path) -> None:
    """Write the rows of `answers` to `out`.

    Raises:
        RunError: a file of the run is missing or damaged, or `out` cannot be written.
    """
    with writing(out) as file:
        for row in answers.rows():
            file.write(f"{json.dumps(row, ensure_ascii=False)}\n")
