"""`saa run`: inspect a data set."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saa import storage
from saa.commands import log_lines, terminal
from saa.commands.options import (
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
    Profile,
    RetryFailed,
    Split,
    Threads,
    TimeLimit,
    Without,
    Workers,
)
from saa.engines import AUTO
from saa.plugins import load
from saa.runs.cluster.joining import LOCAL

if TYPE_CHECKING:
    from saa.runs.fitting import Fitting
    from saa.runs.plan import Plan
    from saa.runs.session import Tally

_FAILURES_SHOWN = 5


def run(
    root: DataSet,
    dataset: Format,
    prompts: Annotated[
        str,
        typer.Option(
            metavar="PROMPTS", help="A prompt file, a folder of them, or a shipped name such as mvtec."
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="RUN", help="The run's folder; the same one resumes it.")
    ],
    store: Annotated[
        Path | None,
        typer.Option(
            metavar="STORE",
            parser=storage.located,
            help="A folder or a URL such as s3://bucket/folder for maps and regions.",
            show_default="RUN",
        ),
    ] = None,
    category: Category = None,
    split: Split = None,
    limit: Limit = None,
    on: On = LOCAL,
    workers: Workers = None,
    threads: Threads = None,
    devices: Devices = None,
    time_limit: TimeLimit = None,
    engine: Engine = "auto",
    profile: Profile = None,
    without: Without = None,
    device: Device = None,
    mode: Mode = AUTO,
    parts: Annotated[
        bool, typer.Option("--parts", help="Save the parts of each map too, for `saa evaluate`.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Forget an earlier run in the folder.")
    ] = False,
    retry_failed: RetryFailed = False,
    log_json: LogJson = False,
) -> None:
    """Inspect all images of a data set, or resume.

    Give the same command again to finish a run that was stopped.
    Writes maps, regions, results.csv and run.json to the run's folder.
    """
    from saa.commands import crewing
    from saa.commands.planning import plan

    with log_lines.written(wanted=log_json), crewing.on(devices, device, workers) as names:
        cluster = crewing.cluster(on, devices)
        planned = plan(
            root,
            dataset,
            prompts,
            split=split or load("datasets", dataset).SPLITS[0],
            engine=engine,
            profile=profile,
            without=without or (),
            device=crewing.CUDA if names else device,
            mode=mode,
            categories=category or (),
            limit=limit,
            keep_parts=parts,
        )
        execute(
            planned,
            out,
            store=store,
            cluster=cluster,
            workers=workers,
            threads=threads,
            devices=names,
            time_limit=time_limit,
            overwrite=overwrite,
            retry_failed=retry_failed,
        )
        terminal.say(f"{out / 'results.csv'}; next: saa evaluate {out}, saa report {out}")


def execute(
    planned: Plan,
    out: Path,
    *,
    store: Path | None = None,
    cluster: str | None = None,
    workers: int | None,
    threads: int | None = None,
    devices: tuple[str, ...] = (),
    time_limit: float | None = None,
    overwrite: bool = False,
    retry_failed: bool = False,
    progress: Callable[[], AbstractContextManager[terminal.Display]] = terminal.progress,
) -> None:
    """Do `planned` with progress on stderr.

    Args:
        planned: the images and their recipes.
        out: the run's folder.
        store: where maps and regions go; None: there, too.
        cluster: the address of a Ray cluster that does the work; None: this machine.
        workers: processes; None: as many as fit.
        threads: numerical threads of each; None: as many as fit.
        devices: CUDA devices, one a process; these processes are the workers.
        time_limit: seconds that an image may take.
        overwrite: forget what an earlier run left there.
        retry_failed: inspect failed images again.
        progress: opens what shows how far the run is.

    Raises:
        typer.Exit: with 1, if images failed.
    """
    from saa.commands import crewing
    from saa.runs import interrupts, session

    try:
        with (
            crewing.hired(planned, cluster, workers, devices, time_limit, threads) as crew,
            progress() as display,
            interrupts.heeded(_tell_stopping) as stop,
        ):

            def fitting(fit: Fitting) -> None:
                display.fitting(fit)
                if stop():
                    raise KeyboardInterrupt

            tally = session.run(
                planned,
                out,
                crew=crew,
                store=store,
                overwrite=overwrite,
                retry_failed=retry_failed,
                watch=display.inspecting,
                watch_fit=fitting,
                stop=stop,
            )
    except KeyboardInterrupt:
        terminal.note(f"stopped; what is finished is kept in {out}. Give the same command again to go on.")
        raise
    if tally.failed:
        _tell_failures(out, tally)
        raise typer.Exit(1)


def _tell_stopping() -> None:
    terminal.note_in_passing("stopping when the images in hand are finished; Ctrl-C again stops at once")


def _tell_failures(out: Path, tally: Tally) -> None:
    from saa.runs import ledger
    from saa.runs.folder import RunFolder

    terminal.note(f"{tally.failed} of {tally.total} images failed; all are in {out / 'results.csv'}:")
    with ledger.opened(RunFolder(out).ledger) as rows:
        for product, name, error in rows.failures(_FAILURES_SHOWN):
            terminal.note(f"  {product}/{name}: {error}")
