"""`saa benchmark`: a data set from pictures to tables, also with several profiles and without parts of the method."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from saa.commands import log_lines
from saa.commands.options import (
    PROFILES,
    Category,
    DataSet,
    Device,
    Devices,
    Engine,
    Format,
    Limit,
    LogJson,
    Mode,
    On,
    Protocol,
    RetryFailed,
    Split,
    TimeLimit,
    Workers,
)
from saa.engines import AUTO
from saa.plugins import load
from saa.runs.cluster.joining import LOCAL


def benchmark(
    root: DataSet,
    dataset: Format,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", metavar="OUT", help="Folder for runs and reports; the same one resumes."),
    ],
    prompts: Annotated[
        str | None,
        typer.Option(
            metavar="PROMPTS",
            help="A prompt file, a folder of them, or a shipped name.",
            show_default="the shipped ones called like the format",
        ),
    ] = None,
    protocol: Protocol = None,
    engine: Engine = AUTO,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            metavar=PROFILES,
            help="How the engine does what the publications leave open; may be repeated to compare.",
            show_default="the prompt file's, or default",
        ),
    ] = None,
    ablate: Annotated[
        bool,
        typer.Option(
            "--ablate", help="Also without each of the method's four parts, with the first profile."
        ),
    ] = False,
    category: Category = None,
    split: Split = None,
    limit: Limit = None,
    on: On = LOCAL,
    workers: Workers = None,
    devices: Devices = None,
    time_limit: TimeLimit = None,
    mode: Mode = AUTO,
    device: Device = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Forget earlier runs in the folder.")
    ] = False,
    retry_failed: RetryFailed = False,
    log_json: LogJson = False,
) -> None:
    """Run, evaluate and report on all products of a data set.

    One profile: OUT is the run's folder, with its metrics.json, metrics.csv, report.html and report.md.
    Several, or --ablate: OUT/<profile> and OUT/without-<part> are such folders, and the files in OUT compare them.
    Give the same command again to finish what was stopped.
    """
    from saa.commands import benchmarking, crewing
    from saa.commands.planning import plan
    from saa.commands.run import execute

    split = split or load("datasets", dataset).SPLITS[0]
    prompts = prompts or benchmarking.shipped_prompts(dataset)
    with log_lines.written(wanted=log_json), crewing.on(devices, device, workers) as names:
        cluster = crewing.cluster(on, devices)
        failed = benchmarking.benchmark(
            partial(
                plan,
                root,
                dataset,
                prompts,
                split=split,
                engine=engine,
                device=crewing.CUDA if names else device,
                mode=mode,
                categories=category or (),
                limit=limit,
            ),
            partial(
                execute,
                cluster=cluster,
                workers=workers,
                devices=names,
                time_limit=time_limit,
                overwrite=overwrite,
                retry_failed=retry_failed,
            ),
            benchmarking.variants(profile or (), ablate=ablate),
            out,
            protocol=protocol,
            overwrite=overwrite,
        )
        if failed:
            raise typer.Exit(1)
