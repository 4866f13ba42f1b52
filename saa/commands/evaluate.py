"""`saa evaluate` and `saa report`: what a run's saved maps are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from saa.commands import terminal
from saa.commands.options import Protocol, Root, RunFolder


def evaluate(
    run: RunFolder,
    protocol: Protocol = None,
    root: Root = None,
    id_run: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN2",
            help="Of road scenes: tell how many pixels of this run on normal pictures stay below the thresholds.",
        ),
    ] = None,
) -> None:
    """Score a run's saved maps.

    Prints a table and writes RUN/metrics.json and RUN/metrics.csv.
    """
    from saa.commands import scoring

    scoring.evaluate(run, protocol, root, id_run)


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="The folder that `saa run -o` wrote; several are compared."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="The page.",
            show_default="RUN/report.html; comparison.html for several",
        ),
    ] = None,
    root: Root = None,
) -> None:
    """Write a run's results as one page with pictures, or several runs side by side.

    Several runs must have been evaluated by one protocol on one data set.
    Each figure is told with its difference to the first run, category by category.
    A FILE that ends in .md gets the tables of figures alone, as Markdown.
    """
    from saa.commands import scoring

    page = scoring.report(runs[0], out, root) if len(runs) == 1 else scoring.compare(runs, out, root)
    terminal.say(str(page))
