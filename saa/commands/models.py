"""`saa models`: which published checkpoints there are, and getting them onto this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saa.commands.terminal import note, say, show
from saa.commands.transfers import size, watched

if TYPE_CHECKING:
    from saa.weights.finding import Found
    from saa.weights.registry import Entry

app = typer.Typer(
    help="Find, fetch and check published checkpoints.", no_args_is_help=True, rich_markup_mode=None
)
_WIDE = 500
"""Columns where there is no terminal: paths are never folded for a program that reads them."""
_Name = Annotated[str, typer.Argument(metavar="NAME", help="A name from `saa models list`.")]


@app.command("list")
def list_all() -> None:
    """Print all checkpoints, and which are here.

    A file that is here but was never used is `not verified`: its checksum is computed at its first use.
    """
    from saa.weights import folders, registry

    rows = [_row(name, entry) for name, entry in registry.entries().items()]
    _show(("name", "state", "size", "licence", "file"), rows)
    say(f"looked for in {', '.join(map(str, [*folders.given(), folders.cache()]))}")


def _row(name: str, entry: Entry) -> tuple[str, ...]:
    from saa.weights import finding

    found, published = finding.find(name), entry.files[0]
    if found is None:
        return name, "missing", size(published.bytes), entry.licence, published.name
    state = finding.state(found)
    num_bytes = published.bytes if state == finding.GONE else found.path.stat().st_size
    return name, state, size(num_bytes), entry.licence, str(found.path)


def _show(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns, without lines; sizes are numbers."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in header:
        drawn.add_column(title, justify="right" if title == "size" else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*map(Text, row))
    show(drawn, width=_WIDE)


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Names from `saa models list`.")],
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Another folder, such as a disk to carry.", show_default="the user's cache"
        ),
    ] = None,
) -> None:
    """Download checkpoints, and those they need.

    A download that was stopped goes on where it was. With SAA_OFFLINE=1 nothing is downloaded.
    """
    from saa.weights import registry

    wanted = registry.with_needs(names)  # a wrong name is told before the first download
    try:
        for name in sorted(wanted, key=_by_browser):  # what programs may fetch is here when the rest is told
            _fetch(name, to)
    except KeyboardInterrupt:
        note("stopped; what has arrived is kept. Give the same command again to go on.")
        raise


def _by_browser(name: str) -> bool:
    from saa.weights import registry

    return registry.entry(name).files[0].by_browser


def _fetch(name: str, to: Path | None) -> None:
    from saa.weights import downloads, finding, registry

    entry = registry.entry(name)
    if to is None and finding.find(name):
        say(f"{finding.path(name)}; already here")
        return
    note(f"{name}: {size(entry.files[0].bytes)} from {downloads.host(name)}; licence {entry.licence}")
    with watched(name) as watch:
        path = downloads.fetch(name, to, watch=watch)
    say(f"{path}; sha256 as published")


@app.command()
def verify(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Only this one.", show_default="all that are here")
    ] = None,
) -> None:
    """Compute the checksums of checkpoints again.

    Exit code 2 if one is neither as published nor added.
    """
    from saa.weights import finding, registry

    rows = []
    for each in [name] if name else registry.names():
        found = finding.find(each)
        if found:
            rows.append((each, _verified(found), str(found.path)))
        elif name:
            finding.path(name)  # raises, with what to do
    if not rows:
        note("no checkpoint is here; see: saa models list")
        return
    _show(("name", "checksum", "file"), rows)
    wrong = sum(checksum in (finding.WRONG, finding.GONE) for _, checksum, _ in rows)
    if wrong:
        note(
            f"{wrong} of {len(rows)} wrong; fetch again, or record a file you trust: saa models add NAME FILE"
        )
        raise typer.Exit(2)


def _verified(found: Found) -> str:
    from saa.weights import finding

    with watched(found.name) as watch:
        return finding.verify(found, watch)


@app.command()
def add(
    name: _Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file; it stays where it is.")],
) -> None:
    """Let a file of your own stand for a checkpoint.

    Its checksum is recorded, and written into each run that uses it.
    """
    from saa.weights import added, finding

    with watched(name) as watch:
        new = added.add(name, file, watch)
    say(f"{new.path}; sha256 {new.sha256}, recorded for {name}")
    found = finding.find(name)
    if found and found.path != new.path:
        note(f"{found.path} comes first, since it lies in a folder of SAA_WEIGHTS")


@app.command()
def forget(name: _Name) -> None:
    """Take back what was added under a name; the files stay."""
    from saa.weights import added

    say(f"{name}: {'forgotten' if added.forget(name) else 'nothing was added'}")
