"""Several runs side by side, as a page or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from saa import comparison
from saa.compared import Compared
from saa.reports import _marks, _pages
from saa.runs.folder import write_text

_TITLE = "Comparison of runs"


def write(compared: Sequence[Compared], out: Path) -> None:
    """Write the tables of `saa.comparison` to `out`: as Markdown if it ends in `.md`, else as a page without network.

    Raises:
        RunError: `out` cannot be written.
    """
    notes = comparison.notes(compared)
    if out.suffix.lower() == ".md":
        lines = [line for table in comparison.tables(compared) for line in _marks.table(table)]
        write_text(out, "\n".join([f"# {_TITLE}", "", *lines, *_marks.notes(notes)]))
        return
    page = _pages.rendered(
        "comparison.html.j2",
        title=_TITLE,
        about=comparison.about_runs(compared),
        overviews=comparison.overviews(compared),
        means=comparison.means(compared),
        tables=comparison.by_category(compared),
        notes=notes,
    )
    write_text(out, page)
