"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from saa import storage
from saa.engines import AUTO, ENGINES
from saa.foundation import devices
from saa.plugins import kinds
from saa.profiles import ABLATIONS

Engine = Annotated[
    str,
    typer.Option(
        metavar="|".join((AUTO, *ENGINES)), help="What does the seeing; auto takes the best that is ready."
    ),
]
PROFILES = "|".join(dict.fromkeys(name for each in ENGINES.values() for name in each.profiles))
"""All profiles of all engines, for people."""
Profile = Annotated[
    str | None,
    typer.Option(
        metavar=PROFILES,
        help="How the engine does what the publications leave open: paper and released as published, "
        "vanilla is SAA without hybrid prompts; utad, clipseg and winclip are other methods to compare with.",
        show_default="the prompt file's, or default",
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        metavar="|".join(ABLATIONS), help="Leave this part of the method out, for ablations; may be repeated."
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(get_args(devices.Device)),
        help="Where networks run.",
        show_default="the prompt file's, or cpu",
    ),
]
SINGLE, BATCH = "single", "batch"
MODES = (AUTO, SINGLE, BATCH)
"""What may be asked for; `auto` is batch where the engine has it and a product has enough images."""
Mode = Annotated[
    str,
    typer.Option(
        metavar="|".join(MODES),
        help="batch compares a product's unlabelled images with each other; auto does so where there are enough.",
    ),
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder that `saa run -o` wrote.")]
Root = Annotated[
    Path | None,
    typer.Option(
        metavar="ROOT",
        parser=storage.located,
        help="Where the data set lies now; a folder or a URL.",
        show_default="where it lay",
    ),
]
DataSet = Annotated[
    Path,
    typer.Argument(
        metavar="ROOT",
        parser=storage.located,
        help="The data set's folder, or a URL such as s3://bucket/folder.",
    ),
]
Format = Annotated[
    str, typer.Option("--format", metavar="FORMAT", help=f"Its layout: {', '.join(kinds('datasets'))}.")
]
Category = Annotated[
    list[str] | None, typer.Option(metavar="PRODUCT", help="Only this product; may be repeated.")
]
Split = Annotated[
    str | None,
    typer.Option(
        metavar="SPLIT", help="The part of the data set.", show_default="test, or what the format scores"
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="At most so many images a product, spread evenly by name."),
]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Inspect images again that failed.")]
Protocol = Annotated[
    str | None,
    typer.Option(
        metavar="released|native|HxW",
        help="Maps at 400x400 as published, as they are, or at this height and width, such as 256x256.",
        show_default="native for road scenes, else released",
    ),
]
On = Annotated[
    str,
    typer.Option(
        "--on",
        metavar="local|ray|ray://HOST:PORT",
        help="Where the work is done. ray: the cluster in RAY_ADDRESS, or one of this machine alone; "
        "ray://HOST:PORT: the cluster with this head, which this machine must be a node of; ray://auto finds it.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Processes; results do not depend on it. Those that run networks hold gigabytes each. With 1 it is "
        "this process, which an image that crashes it takes along.",
        show_default="one a core; one for networks, on all cores",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Numerical threads of a process. Networks on a CPU give the same bits with the same number.",
        show_default="one; for networks, cores by workers",
    ),
]
Devices = Annotated[
    str | None,
    typer.Option(
        metavar="N,N",
        help="CUDA devices, such as 0,1: one process each. Results do not depend on how many there are.",
        show_default="the first",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        min=0.001,
        help="An image that takes longer is tried once more, then fails; loading models is not counted.",
        show_default="none",
    ),
]
LogJson = Annotated[
    bool, typer.Option("--log-json", help="Write progress and notes to stderr as JSON lines.")
]
