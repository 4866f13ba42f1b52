"""report.md: the figures of a run as tables for a wiki or a pull request."""

from __future__ import annotations

from pathlib import Path

from saa import metrics_file, published, records, tables
from saa.evaluation import Evaluation
from saa.records import Records
from saa.reports import _marks
from saa.reports._care import care
from saa.runs.folder import write_text


def write(run: Path, out: Path) -> None:
    """Write the tables of `run`, with its protocol, modes and what it leaves out, to `out`.

    Raises:
        RunError: the run is damaged, or `out` cannot be written.
    """
    found, figures = records.read(run), metrics_file.read(run)
    lines = ["# Inspection report", "", *_marks.notes(_about(found, figures))]
    lines += _figures(found, figures) if figures else ["Not evaluated yet: run `saa evaluate` first.", ""]
    write_text(out, "\n".join([*lines, *_with_care(found)]))


def _about(found: Records, figures: Evaluation | None) -> list[str]:
    """What the figures depend on most."""
    about = found.manifest
    data_set = about.get("dataset", {})
    name = Path(str(data_set.get("root", ""))).name
    failed = sum(row.failed for row in found.rows)
    return [
        f"Engine {about.get('engine', 'unknown')}, mode {found.modes()}, {len(found.rows)} images, {failed} failed.",
        f"Data set {name} ({data_set.get('format', 'unknown')}), split {data_set.get('split', 'test')}.",
        *([f"Protocol {tables.protocol_name(figures.protocol)}."] if figures else []),
    ]


def _figures(found: Records, figures: Evaluation) -> list[str]:
    lines = [line for table in tables.tables(figures) for line in _marks.table(table)]
    lines += _marks.notes(tables.notes(figures))
    beside, sources = published.tables(found, figures), published.notes(found, figures)
    if beside or sources:
        lines += ["## Published figures", ""]
    lines += [line for table in beside for line in _marks.table(table)]
    return [*lines, *_marks.notes(sources)]


def _with_care(found: Records) -> list[str]:
    noted = care(found)
    if not noted.products and not noted.images:
        return []
    return [
        "## Images to look at with care",
        "",
        *([noted.summary, ""] if noted.summary else []),
        *_marks.notes(
            [
                *(f"{product}, all images: {note}" for product, note in noted.products),
                *(f"{row.product} {row.name}: {note}" for row, note in noted.images),
            ]
        ),
    ]
