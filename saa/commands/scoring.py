"""The work behind `saa evaluate` and `saa report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from saa import compared, plugins, tables
from saa.commands import terminal, unfinished
from saa.commands.terminal import say, show, tell
from saa.errors import RunError
from saa.evaluate import evaluate as score_maps
from saa.evaluation import Evaluation

if TYPE_CHECKING:
    from rich.table import Table

_LONG, _LONG_WORD = 6, 10


def evaluate(run: Path, protocol: str | None, root: Path | None, id_run: Path | None = None) -> None:
    """Score the maps of `run`, write its metrics.json and print the tables, one for each mode.

    Raises:
        SaaError: no such protocol, or the run or its data set is damaged.
    """
    evaluation = scored(run, protocol, root, id_run)
    print_tables(tables.brief(evaluation), tables.notes(evaluation))


def scored(
    run: Path, protocol: str | None, root: Path | None = None, id_run: Path | None = None
) -> Evaluation:
    """Score the maps of `run` with progress on stderr, and write its metrics.json.

    Raises:
        SaaError: no such protocol, or the run or its data set is damaged.
    """
    unfinished.warn(run)
    with terminal.counting("evaluating") as watch:
        return score_maps(run, protocol=protocol, root=root, id_run=id_run, watch=watch)


def print_tables(found: Sequence[tables.Table], notes: Sequence[str], *, width: int | None = None) -> None:
    """Tables one below the other, and what there is to be said of them; `width` as in `terminal.show`."""
    for index, table in enumerate(found):
        if index:
            say("")
        show(_drawn(table), gap=1, width=width, whole=True)
    tell(notes, width=width)


def report(run: Path, out: Path | None, root: Path | None) -> Path:
    """Write the page of `run`, or its table as Markdown if `out` ends in `.md`; return where it lies.

    Raises:
        SaaError: the run is damaged, or the page cannot be written.
    """
    unfinished.warn(run)
    page = out or run / "report.html"
    if page.suffix.lower() == ".md":
        plugins.load("reports", "markdown").write(run, page)
    else:
        with terminal.counting("drawing") as watch:
            plugins.load("reports", "html").write(run, page, root=root, watch=watch)
    return page


def compare(runs: Sequence[Path], out: Path | None, root: Path | None) -> Path:
    """Write several runs side by side, as a page or as Markdown if `out` ends in `.md`; return where it lies.

    Raises:
        SaaError: a run is damaged or not evaluated, or they cannot be compared.
    """
    if root is not None:
        raise RunError(
            f"--root: expected none for several runs, of which no picture is shown, got {root}; leave it out"
        )
    page = out or Path("comparison.html")
    plugins.load("reports", "comparison").write(compared.read(compared.names(runs)), page)
    return page


def _drawn(table: tables.Table) -> Table:
    from rich.table import Table

    drawn = Table(title=table.title)
    for index, title in enumerate(table.header):
        justify: Literal["left", "right"] = "left" if index < table.text_columns else "right"
        words = justify == "left" and not any(" " in row[index] for row in (*table.rows, *table.foot))
        head = title if justify == "left" else _broken(title)
        drawn.add_column(head, justify=justify, overflow="fold", no_wrap=words)
    for row in table.rows:
        drawn.add_row(*row)
    drawn.add_section()
    for row in table.foot:
        drawn.add_row(*row, style="bold")
    return drawn


def _broken(title: str) -> str:
    """A heading of numbers, of which long ones are broken at spaces, and long words of them at hyphens."""
    if len(title) <= _LONG:
        return title
    return "\n".join(word.replace("-", "-\n") if len(word) > _LONG_WORD else word for word in title.split())
