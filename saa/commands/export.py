"""`saa export`: a run's results in other programs' formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from saa import plugins
from saa.commands import terminal
from saa.commands.options import RunFolder

_KINDS = plugins.kinds("exports")


def export(
    run: RunFolder,
    to: Annotated[str, typer.Option(metavar="|".join(_KINDS), help="The format.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="The file.", show_default="RUN/export.<format>"),
    ] = None,
    regions: Annotated[
        bool,
        typer.Option(
            "--regions", help="In tables, a row a region instead of one an image. coco always has both."
        ),
    ] = False,
    min_score: Annotated[
        float | None,
        typer.Option(
            metavar="SCORE",
            help="Leave out what scores lower: regions, or images in a table of images.",
            show_default="leave out nothing",
        ),
    ] = None,
) -> None:
    """Write a run's results for other programs.

    csv, jsonl and parquet are tables; coco has the regions with masks, for CVAT, FiftyOne and pycocotools.
    Image paths are relative to the data set's folder.
    """
    from saa.answers import Answers
    from saa.commands import unfinished

    kind = plugins.load("exports", to)
    file = out or run / f"export{'-regions' * (regions and to != 'coco')}{kind.SUFFIX}"
    _refuse_own(run, file)
    unfinished.warn(run)
    kind.write(Answers(run, by_region=regions, min_score=min_score), file)
    terminal.say(str(file))


def _refuse_own(run: Path, file: Path) -> None:
    """Never write over what the run itself needs.

    Raises:
        RunError: that is what was asked for.
    """
    from saa.errors import RunError
    from saa.runs import folder

    own = folder.RunFolder(run)
    if file.resolve() in {path.resolve() for path in (own.manifest, own.ledger, own.lock, own.results)}:
        raise RunError(f"{file}: expected a file that is not the run's own, got this; give -o another one")
