"""`saa inspect`: look at single images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from saa import modes
from saa.commands import terminal
from saa.commands.options import Device, Engine, Profile, Without


def inspect(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE", help="Picture files.")],
    prompts: Annotated[
        str, typer.Option(metavar="PROMPTS", help="A prompt file, or a shipped name such as mvtec/bottle.")
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Folder for maps, overlays and regions.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in place of a table.")] = False,
    engine: Engine = "auto",
    profile: Profile = None,
    without: Without = None,
    device: Device = None,
    reference: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What `saa fit` learned from other pictures of the product."),
    ] = None,
) -> None:
    """Inspect pictures one by one.

    With --reference each is judged against the product's pictures that `saa fit` was given, without it alone.
    One that cannot be read does not stop the others, but the exit code is 1.
    With -o each leaves <stem>.map.tiff, <stem>.overlay.png and <stem>.json.
    """
    from saa import config
    from saa.commands import inspecting

    mode = modes.BATCH if reference else modes.SINGLE
    recipe = config.load(prompts, engine, mode, profile=profile, without=without or (), device=device)
    answers = inspecting.answers(images, recipe, prompts, out, reference)
    failures = inspecting.print_json(answers) if as_json else inspecting.print_tables(answers)
    if failures:
        terminal.note(f"{failures} of {len(images)} images failed")
        raise typer.Exit(1)
