"""report.md: the figures of a run as a table for a wiki or a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from saa import metrics_file, records, tables
from saa.evaluation import Evaluation
from saa.records import Records
from saa.reports._care import care
from saa.runs.folder import write_text


def write(run: Path, out: Path) -> None:
    """Write the tables of `run`, with its protocol, modes and what it leaves out, to `out`.

    Raises:
        RunError: the run is damaged, or `out` cannot be written.
    """
    found, figures = records.read(run), metrics_file.read(run)
    failed = sum(row.failed for row in found.rows)
    about = (
        f"Engine {found.manifest.get('engine', 'unknown')}, mode {found.modes()}, "
        f"{len(found.rows)} images, {failed} failed."
    )
    lines = ["# Inspection report", "", about, ""]
    lines += _figures(figures) if figures else ["Not evaluated yet: run `saa evaluate` first.", ""]
    write_text(out, "\n".join([*lines, *_with_care(found)]))


def _figures(figures: Evaluation) -> list[str]:
    lines = []
    for table in tables.tables(figures):
        numbers = len(table.header) - table.text_columns
        lines += [
            f"{_cell(table.title)}:",
            "",
            _line(table.header),
            f"|{'---|' * table.text_columns}{'---:|' * numbers}",
            *(_line([_cell(cell) for cell in row]) for row in table.rows),
            *(_line([f"**{_cell(row[0])}**", *map(_cell, row[1:])]) for row in table.foot),
            "",
        ]
    return [*lines, *(f"- {_cell(note)}" for note in tables.notes(figures)), ""]


def _with_care(found: Records) -> list[str]:
    noted = care(found)
    if not noted.products and not noted.images:
        return []
    return [
        "## Images to look at with care",
        "",
        *([noted.summary, ""] if noted.summary else []),
        *(f"- {_cell(product)}, all images: {_cell(note)}" for product, note in noted.products),
        *(f"- {_cell(row.product)} {_cell(row.name)}: {_cell(note)}" for row, note in noted.images),
        "",
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Text that neither ends a table's cell nor starts markup."""
    return "".join(f"\\{letter}" if letter in "\\|*_`<[" else letter for letter in " ".join(text.split()))
