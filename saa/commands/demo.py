"""`saa demo`: the whole idea on pictures drawn in code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from saa.commands import log_lines, terminal
from saa.commands.options import Engine, LogJson, Workers


def demo(
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for pictures, run and report.")
    ] = Path("demo-run"),
    workers: Workers = None,
    engine: Engine = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Forget an earlier demo in the folder.")
    ] = False,
    log_json: LogJson = False,
) -> None:
    """Show it all on pictures drawn in code.

    Draws parts with defects, compares those of each product with each other by shipped prompts, evaluates,
    writes a report.
    A demonstration: drawn pictures say nothing about accuracy on real ones.
    """
    from saa.commands import scoring
    from saa.commands.planning import plan
    from saa.commands.run import execute
    from saa.demo import draw
    from saa.prompt_files import shipped_root

    with log_lines.written(wanted=log_json):
        pictures, folder = out / "data", out / "run"
        terminal.note(f"drawing parts with defects into {pictures}")
        draw(pictures)
        prompts = str(shipped_root() / "demo")  # in full: the user may have a folder called demo
        execute(plan(pictures, "mvtec", prompts, engine=engine), folder, workers=workers, overwrite=overwrite)
        scoring.evaluate(folder, "released", None)
        report = scoring.report(folder, None, None)
        terminal.say("")
        terminal.say("Drawn pictures: a demonstration, no evidence of accuracy on real ones.")
        terminal.say(f"report: {report.resolve()}")
