"""`saa prompts`: start, import, check and find prompt files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from saa.commands.importing import from_files, from_words, write_new
from saa.commands.terminal import note, say
from saa.errors import PromptError

app = typer.Typer(
    help="Start, import, check and find prompt files.", no_args_is_help=True, rich_markup_mode=None
)

_IMPORTS = """\b
saa prompts import mvtec_parameters.py -o prompts
saa prompts import --product bolt --pair 'crack. dark hole.=bolt' --sentence 'the image of bolt
  have 1 dissimilar bolt, with a maximum of 5 anomaly. The anomaly would not exceed 0.3 object area.'
"""


@app.command()
def new(
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="The product's name in the data set.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="The file.", show_default="PRODUCT.yaml here"),
    ] = None,
) -> None:
    """Write a commented prompt file to start from."""
    from saa.prompt_starter import file_name, starter

    path = out or Path(file_name(product))
    write_new(path, starter(product))
    say(f"{path}; check it with: saa prompts lint {path}")


@app.command("import", epilog=_IMPORTS)
def import_(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE.py", help="Its files of parameters; they are read, not executed."),
    ] = None,
    product: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead of files: one product's name in the data set.")
    ] = None,
    sentence: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With --product: its property sentence.")
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CAPTION=FILTER",
            help="With --product: a caption and its filter phrase, 'black hole. crack.=bolt'; once for each pair.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="PATH", help="The folder; with --product, the file.", show_default="here"
        ),
    ] = None,
) -> None:
    """Turn prompts of the code released with SAA+ into prompt files.

    What is odd about them is told. No file is overwritten.
    """
    if files and not (product or sentence or pair):
        from_files(files, out or Path())
    elif not files and product and sentence:
        from_words(product, sentence, pair or [], out)
    else:
        got = "both" if files else "one without the other" if product or sentence else "neither"
        raise PromptError(
            f"import: expected files, or --product and --sentence, got {got}; see saa prompts import --help"
        )


@app.command()
def lint(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files, folders or shipped names such as mvtec.")
    ],
) -> None:
    """Check prompt files.

    Exit code 2 if one has mistakes, 0 if there are only warnings.
    """
    from saa.prompt_lint import lint as check

    findings = check(paths)
    for finding in findings:
        say(str(finding))
    errors = sum(finding.severity == "error" for finding in findings)
    note(f"{_counted(errors, 'error')}, {_counted(len(findings) - errors, 'warning')}")
    if errors:
        raise typer.Exit(2)


@app.command()
def schema() -> None:
    """Print the JSON Schema of prompt files, for editors."""
    from saa import config

    say(json.dumps(config.json_schema(), indent=2))


@app.command("list")
def list_shipped() -> None:
    """Print the names of the shipped prompt files."""
    from saa import config

    for name in config.shipped_names():
        say(name)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + "s" * (count != 1)
