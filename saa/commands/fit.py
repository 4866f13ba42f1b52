"""`saa fit`: learn from a product's own pictures what is normal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from saa import modes
from saa.commands import log_lines, terminal
from saa.commands.options import Device, Engine, LogJson, Profile, Without


def fit(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Pictures of one product, also in sub-folders.")
    ],
    prompts: Annotated[
        str, typer.Option(metavar="PROMPTS", help="A prompt file, or a shipped name such as mvtec/bottle.")
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="FILE", help="The reference, such as bottle.ref.")
    ],
    engine: Engine = "auto",
    profile: Profile = None,
    without: Without = None,
    device: Device = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
    log_json: LogJson = False,
) -> None:
    """Learn from a product's unlabelled pictures what is normal.

    Nobody has to sort them: defective ones may be among them.
    `saa inspect --reference FILE` then judges new pictures against them.
    A picture that cannot be read is left out, and the exit code is 1.
    """
    from saa import config
    from saa.commands import fitting

    with log_lines.written(wanted=log_json):
        recipe = config.load(
            prompts, engine, modes.BATCH, profile=profile, without=without or (), device=device
        )
        left_out = fitting.fit(folder, recipe, prompts, out, overwrite=overwrite)
        if left_out:
            terminal.note(f"{left_out} image{'s' * (left_out > 1)} left out, which could not be read")
            raise typer.Exit(1)
