"""`saa prompts`: start, check and find prompt files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from saa.commands.terminal import note, say
from saa.errors import PromptError

app = typer.Typer(help="Start, check and find prompt files.", no_args_is_help=True, rich_markup_mode=None)


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

    text = starter(product)
    path = out or Path(file_name(product))
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise PromptError(f"{path}: expected no such file yet, got one; give -o another name") from error
    except OSError as error:
        raise PromptError(
            f"{path}: expected to be writable, got {error.strerror}; give -o another place"
        ) from error
    say(f"{path}; check it with: saa prompts lint {path}")


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
