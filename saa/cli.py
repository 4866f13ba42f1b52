"""The command line. Exit codes: 0 done, 1 some images failed, 2 user error, 3 our bug, 130 interrupted."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

import saa
from saa.commands import benchmark, demo, evaluate, export, fit, inspect, models, prompts, run, status
from saa.commands.terminal import note, tolerate_any_text
from saa.errors import SaaError

app = typer.Typer(
    name="saa",
    help="Zero-shot industrial inspection: prompt files in, anomaly maps, regions and a report out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("inspect")(inspect.inspect)
app.command("run")(run.run)
app.command("export")(export.export)
app.command("status")(status.status)
app.command("benchmark")(benchmark.benchmark)
app.command("fit")(fit.fit)
app.command("evaluate")(evaluate.evaluate)
app.command("report")(evaluate.report)
app.command("demo")(demo.demo)
app.add_typer(prompts.app, name="prompts")
app.add_typer(models.app, name="models")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"saa {saa.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Zero-shot industrial inspection: prompt files in, anomaly maps, regions and a report out."""


def main() -> None:
    """Run a command and exit; the one place that catches."""
    tolerate_any_text()
    try:
        app(prog_name="saa")
    except SaaError as error:
        note(str(error))
        sys.exit(2)
    except Exception as bug:
        traceback.print_exc()
        note(f"saa {saa.__version__} has a bug; please report the lines above, and the command you gave")
        raise SystemExit(3) from bug
