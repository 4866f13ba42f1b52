"""How far a transfer is: a bar of bytes on a terminal, a line now and then elsewhere; to stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from saa.commands.terminal import note

_EVERY_S = 10.0


@contextmanager
def watched(what: str) -> Iterator[Callable[[int, int], None]]:
    """To be called with the bytes dealt with so far and the bytes in all."""
    if not sys.stderr.isatty():
        yield _lines(what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as SpeedColumn

    columns = BarColumn(), DownloadColumn(), SpeedColumn(), TimeRemainingColumn()
    with Progress(TextColumn(what, markup=False), *columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def size(count: int) -> str:
    """Bytes in words, such as 375.0 MB; a question mark for 0, which stands for what is not known."""
    from rich.filesize import decimal

    return decimal(count) if count else "?"


def _lines(what: str) -> Callable[[int, int], None]:
    last = time.monotonic()

    def write(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _EVERY_S:
            last = now
            note(f"{what}: {size(done)} of {size(total)}")

    return write
