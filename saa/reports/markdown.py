"""report.md: the figures of a run as a table for a wiki or a pull request."""

from __future__ import annotations

from pathlib import Path

from saa import evaluation, records
from saa.evaluation import Evaluation
from saa.runs.folder import write_text


def write(run: Path, out: Path) -> None:
    """Write the table of `run`, with its protocol and what it leaves out, to `out`.

    Raises:
        RunError: the run is damaged, or `out` cannot be written.
    """
    found, figures = records.read(run), evaluation.load(run)
    failed = sum(row.failed for row in found.rows)
    about = (
        f"Engine {found.manifest.get('engine', 'unknown')}, mode {found.manifest.get('mode', 'unknown')}, "
        f"{len(found.rows)} images, {failed} failed."
    )
    lines = ["# Inspection report", "", about, ""]
    lines += _table(figures) if figures else ["Not evaluated yet: run `saa evaluate` first.", ""]
    write_text(out, "\n".join(lines))


def _table(figures: Evaluation) -> list[str]:
    headings = ["category", *map(evaluation.heading, figures.metrics), "images", "failed"]
    rows = [
        [
            _cell(product),
            *(evaluation.percent(category.scores[name]) for name in figures.metrics),
            str(category.num_images),
            str(category.num_failed),
        ]
        for product, category in figures.categories.items()
    ]
    rows.append([f"**{evaluation.MEAN}**", *map(evaluation.percent, figures.mean.values()), "", ""])
    return [
        f"Protocol {figures.protocol}; percent.",
        "",
        f"| {' | '.join(headings)} |",
        f"|---|{'---:|' * (len(headings) - 1)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        *(f"- {_cell(note)}" for note in evaluation.notes(figures)),
        "",
    ]


def _cell(text: str) -> str:
    """Text that neither ends a table's cell nor starts markup."""
    return "".join(f"\\{letter}" if letter in "\\|*_`<[" else letter for letter in " ".join(text.split()))
