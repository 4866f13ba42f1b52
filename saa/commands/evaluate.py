"""`saa evaluate` and `saa report`: what a run's saved maps are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from saa.commands import terminal
from saa.commands.options import Root, RunFolder


def evaluate(
    run: RunFolder,
    protocol: Annotated[
        str | None,
        typer.Option(
            metavar="released|native|HxW",
            help="Maps at 400x400 as published, as they are, or at this height and width, such as 256x256.",
            show_default="native for road scenes, else released",
        ),
    ] = None,
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

    Prints a table and writes RUN/metrics.json.
    """
    from saa.commands import scoring

    scoring.evaluate(run, protocol, root, id_run)


def report(
    run: RunFolder,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="The page.", show_default="RUN/report.html"),
    ] = None,
    root: Root = None,
) -> None:
    """Write a run's results as one page with pictures.

    A FILE that ends in .md gets the table of figures alone, as Markdown.
    """
    from saa.commands import scoring

    terminal.say(str(scoring.report(run, out, root)))
