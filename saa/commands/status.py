"""`saa status`: how far a run is."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saa.commands import terminal
from saa.commands.options import RunFolder

if TYPE_CHECKING:
    from rich.table import Table

    from saa.runs.status import Status

_MAX_WORDS = 100


def status(
    run: RunFolder,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again until the run has ended; Ctrl-C ends looking.")
    ] = False,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="How long --watch waits between two looks.")
    ] = 2.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead of text; with --watch one a line.")
    ] = False,
) -> None:
    """Tell how far a run is, from another terminal or afterwards.

    Shows progress, pace, time left, who runs it, and failures by kind.
    Writes nothing and keeps nobody waiting.
    """
    looks = _looks(run, every if watch else None)
    if as_json:
        for found in looks:
            print(json.dumps(found.as_dict(), ensure_ascii=False), flush=True)
    elif watch and sys.stdout.isatty():
        _show_live(looks)
    else:
        _tell(looks)


def _looks(run: Path, every: float | None) -> Iterator[Status]:
    from saa.runs import status as runs_status

    while True:
        found = runs_status.read(run)
        yield found
        if every is None or found.state in ("finished", "stopped"):
            return
        time.sleep(every)


def _tell(looks: Iterator[Status]) -> None:
    """The whole of the first and the last look, and a line for each between them."""
    found = next(looks)
    _tell_whole(found)
    again = False
    for found in looks:
        again = True
        print(progress(found), flush=True)
    if again and found.failures:
        terminal.say("")
        terminal.show(_failures(found))


def _tell_whole(found: Status) -> None:
    for line in lines(found):
        print(line, flush=True)
    if found.failures:
        terminal.say("")
        terminal.show(_failures(found))


def _show_live(looks: Iterator[Status]) -> None:
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    with Live(auto_refresh=False) as live:
        for found in looks:
            drawn = Table.grid()
            done = found.counts.ok + found.counts.failed
            drawn.add_row(ProgressBar(total=max(found.counts.total, 1), completed=done, width=60))
            for line in lines(found):
                drawn.add_row(Text(line))
            if found.failures:
                drawn.add_row("")
                drawn.add_row(_failures(found))
            live.update(drawn, refresh=True)


def lines(found: Status) -> list[str]:
    """Who runs it, and how far it is."""
    who = (
        f" (pid {found.writer.pid} on {found.writer.host})"
        if found.writer and found.state == "running"
        else ""
    )
    told = [f"{found.run}: {_STATES[found.state]}{who}", progress(found)]
    if found.state == "unknown" and found.writer:
        told[0] += f"; last written by pid {found.writer.pid} on {found.writer.host}"
    if found.idle_s is not None:
        told.append(f"last image {terminal.duration(found.idle_s)} ago")
    return told


_STATES = {
    "running": "running",
    "finished": "finished",
    "stopped": "stopped; give the `saa run` command again to go on",
    "unknown": "read-only here, so whether it is running cannot be told",
}


def progress(found: Status) -> str:
    """How far a run is, in words."""
    counts = found.counts
    if not counts.total:
        return "no image enrolled yet"
    told = [f"{counts.ok + counts.failed} of {counts.total} images", f"{counts.failed} failed"]
    if found.state == "running" and found.idle_s is None:
        told.append("still preparing")
    if found.per_second:
        told.append(terminal.pace(found.per_second))
    if found.seconds_left:
        told.append(f"{terminal.duration(found.seconds_left)} left")
    return ", ".join(told)


def _failures(found: Status) -> Table:
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    drawn.add_column("failed with")
    drawn.add_column("images", justify="right")
    drawn.add_column("for example", overflow="fold")
    for each in found.failures:
        words = f"{each.product}/{each.name}: {each.error}"
        short = words if len(words) <= _MAX_WORDS else f"{words[: _MAX_WORDS - 3]}..."
        drawn.add_row(each.error_class, str(each.count), Text(short))
    return drawn
