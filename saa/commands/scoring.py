"""The work behind `saa evaluate` and `saa report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from saa import plugins, tables
from saa.commands.terminal import note, say, show
from saa.evaluate import evaluate as score_maps
from saa.runs import ledger
from saa.runs.folder import RunFolder

if TYPE_CHECKING:
    from rich.table import Table


def evaluate(run: Path, protocol: str | None, root: Path | None, id_run: Path | None = None) -> None:
    """Score the maps of `run`, write its metrics.json and print the tables, one for each mode.

    Raises:
        SaaError: no such protocol, or the run or its data set is damaged.
    """
    warn_unfinished(run)
    evaluation = score_maps(run, protocol=protocol, root=root, id_run=id_run)
    found = [_drawn(table) for table in tables.tables(evaluation)]
    for table in found[:-1]:
        show(table, gap=1)
        say("")
    for table in found[-1:]:
        table.caption = "\n".join(tables.notes(evaluation))
        show(table, gap=1)


def report(run: Path, out: Path | None, root: Path | None) -> Path:
    """Write the page of `run`, or its table as Markdown if `out` ends in `.md`; return where it lies.

    Raises:
        SaaError: the run is damaged, or the page cannot be written.
    """
    warn_unfinished(run)
    page = out or run / "report.html"
    if page.suffix.lower() == ".md":
        plugins.load("reports", "markdown").write(run, page)
    else:
        plugins.load("reports", "html").write(run, page, root=root)
    return page


def warn_unfinished(run: Path) -> None:
    """Say so if images of the run have not been dealt with yet."""
    path = RunFolder(run).ledger
    if path.is_file():
        with ledger.opened(path) as rows:
            pending = rows.counts().pending
        if pending:
            note(f"{run}: {pending} images are still to be inspected; give the `saa run` command again")


def _drawn(table: tables.Table) -> Table:
    from rich.table import Table

    drawn = Table(title=table.title)
    for index, title in enumerate(table.header):
        drawn.add_column(title, justify="left" if index < table.text_columns else "right")
    for row in table.rows:
        drawn.add_row(*row)
    drawn.add_section()
    for row in table.foot:
        drawn.add_row(*row, style="bold")
    return drawn
