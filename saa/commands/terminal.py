"""What the commands say: results to stdout, progress and complaints to stderr; plain off a terminal."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from saa.commands import log_lines

if TYPE_CHECKING:
    from rich.progress import Progress
    from rich.table import Table

    from saa.runs.fitting import Fitting
    from saa.runs.session import Tally

_EVERY_S = 10.0
_ENDLESS = 10_000


def tolerate_any_text() -> None:
    """Names that the terminal's encoding lacks are escaped instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str) -> None:
    """A line of the result."""
    print(text)


def note(text: str) -> None:
    """A line about how it is going."""
    if log_lines.wanted():
        log_lines.write("note", text=text)
    else:
        print(text, file=sys.stderr, flush=True)


def note_in_passing(text: str) -> None:
    """The same from a signal handler, which may have come in the middle of another line."""
    line = log_lines.line("note", text=text) if log_lines.wanted() else text
    with suppress(OSError):
        os.write(2, f"\n{line}\n".encode())


def show(drawn: Table, *, gap: int = 2, width: int | None = None, whole: bool = False) -> None:
    """A table on stdout between its title and its caption; without lines where that is no terminal or a narrow one.

    The first column is never cut, whatever the others need; `gap` spaces stand between two without lines.
    Where that is no terminal, `width` columns are there to use; 80 unless given. With `whole` a terminal is narrow
    if any cell would have to be wrapped, and not only if a word would have to be cut.
    """
    from rich.console import Console
    from rich.measure import Measurement

    console = Console(highlight=False, markup=False, emoji=False)
    above, below, drawn.title, drawn.caption = drawn.title, drawn.caption, None, None
    drawn.columns[0].no_wrap = True
    if not console.is_terminal:
        console.width = width or console.width
    unlimited = console.options.update(max_width=_ENDLESS)
    least, natural = Measurement.get(console, unlimited, drawn)
    if not console.is_terminal or (natural if whole else least) > console.width:
        drawn.box, drawn.pad_edge, drawn.padding = None, False, (0, gap, 0, 0)
    for part in (above, drawn, below):
        if part:
            console.print(part)


def tell(sentences: Sequence[str], *, width: int | None = None) -> None:
    """Sentences on stdout, each on lines of its own; `width` as in `show`."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = width or console.width
    for sentence in sentences:
        console.print(sentence)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, text_columns: int = 1) -> None:
    """Aligned columns on stdout, without lines; those after the first `text_columns` are numbers."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, title in enumerate(header):
        is_text = index < text_columns
        drawn.add_column(title, justify="left" if is_text else "right", overflow="fold", no_wrap=not is_text)
    for row in rows:
        drawn.add_row(*[Text(cell) for cell in row])
    show(drawn)


@dataclass(frozen=True)
class Display:
    """Shows how far a run is.

    Attributes:
        fitting: to be called with each step of a fit.
        inspecting: to be called with each tally.
    """

    fitting: Callable[[Fitting], None]
    inspecting: Callable[[Tally], None]


@contextmanager
def progress() -> Iterator[Display]:
    """A bar on a terminal, a line now and then elsewhere, JSON lines for whoever wants them."""
    if log_lines.wanted():
        yield Display(log_lines.fitting, log_lines.inspecting)
        return
    if not sys.stderr.isatty():
        yield _lines()
        return
    bar = _bar()
    with bar:
        task = bar.add_task("inspecting", total=None, failed="", pace="")

        def fitting(fit: Fitting) -> None:
            bar.update(task, description=f"fitting {fit.product}", total=fit.total, completed=fit.done)
            if fit.outcome:
                bar.console.print(fitting_line(fit), markup=False, highlight=False)

        def inspecting(tally: Tally) -> None:
            bar.update(
                task,
                description="inspecting",
                total=tally.total,
                completed=tally.done,
                failed=f"{tally.failed} failed",
                pace=f"{tally.per_second:.1f}/s",
            )

        yield Display(fitting, inspecting)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Shows how many of how many maps have been read, like `progress`; yields what is to be told of it."""
    if not sys.stderr.isatty():
        yield _counted(what)
        return
    with _bar() as bar:
        task = bar.add_task(what, total=None, failed="", pace="")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _counted(what: str) -> Callable[[int, int], None]:
    write = _now_and_then()
    return lambda done, total: write(f"{what}: {done} of {total} maps", always=False)


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}"),
        TextColumn("{task.fields[pace]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _lines() -> Display:
    write = _now_and_then()
    return Display(
        lambda fit: write(fitting_line(fit), always=bool(fit.outcome)),
        lambda tally: write(progress_line(tally), always=tally.done_now == 0 or tally.done == tally.total),
    )


class _Written(Protocol):
    def __call__(self, line: str, *, always: bool) -> None: ...


def _now_and_then() -> _Written:
    last = time.monotonic()

    def write(line: str, *, always: bool) -> None:
        nonlocal last
        now = time.monotonic()
        if always or now - last >= _EVERY_S:
            last = now
            note(line)

    return write


def fitting_line(fit: Fitting) -> str:
    """How far a fit is, or what came of it, in words."""
    return f"{fit.product}: {fit.outcome}" if fit.outcome else f"fitting {fit.product} {fit.done}/{fit.total}"


def progress_line(tally: Tally) -> str:
    """How far a run is, in words."""
    line = f"{tally.done} of {tally.total} images, {tally.failed} failed"
    if tally.done_now:
        line += f", {pace(tally.per_second)}"
    if tally.seconds_left:
        line += f", {duration(tally.seconds_left)} left"
    return line


def pace(per_second: float) -> str:
    """Images a second, or seconds an image."""
    if 0 < per_second < 1:
        return f"{1 / per_second:.1f} s an image"
    return f"{per_second:.1f} images/s"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, as 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
