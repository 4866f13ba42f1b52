"""Reading a ledger without leaving a trace: nothing is created, migrated or locked against its writer."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from saa.errors import RunError
from saa.runs import ledger_tables
from saa.runs.ledger import newer, unusable

T = TypeVar("T")
_TRIES = 3
_WAL_AT, _WAL = 18, 2
"""Where an SQLite file says how it is written, and what it says there if a WAL stands beside it."""


def read(path: Path, ask: Callable[[sqlite3.Connection], T]) -> T:
    """What `ask` finds out from the ledger at `path`, while it is written or not, also on a read-only medium.

    SQLite makes two files beside a WAL ledger even for somebody who only reads. So one that nobody writes is opened
    as a file that does not change, and read again if it did. One that is being written has these files already.
    Where they lie on a medium that takes nothing, a copy is read.

    Raises:
        RunError: there is none, it is damaged, or of a later version.
    """
    if not path.is_file():
        raise RunError(
            f"{path.parent}: expected a run's folder, got one without {path.name}; "
            "give the -o of an earlier `saa run`"
        )
    try:
        return _read(path, ask)
    except (OSError, sqlite3.Error) as error:
        raise unusable(path, error) from error


def _read(path: Path, ask: Callable[[sqlite3.Connection], T]) -> T:
    for _ in range(_TRIES):
        if not _at_rest(path):
            break
        before = path.stat()
        try:
            answer = _asked(path, "immutable=1", ask)
        except sqlite3.Error:
            if _unchanged(path, before.st_mtime_ns):
                raise
        else:
            if _unchanged(path, before.st_mtime_ns):
                return answer
    try:
        return _asked(path, "mode=ro", ask)
    except sqlite3.OperationalError:
        with _copy(path) as copied:
            return _asked(copied, "mode=rw", ask)


def _at_rest(path: Path) -> bool:
    """All that is known lies in the file itself."""
    with path.open("rb") as file:
        header = file.read(_WAL_AT + 1)
    wal = path.with_name(f"{path.name}-wal")
    return header[_WAL_AT:] == bytes([_WAL]) and not (wal.exists() and wal.stat().st_size)


def _unchanged(path: Path, changed_ns: int) -> bool:
    return _at_rest(path) and path.stat().st_mtime_ns == changed_ns


def _asked(path: Path, how: str, ask: Callable[[sqlite3.Connection], T]) -> T:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)) as database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > ledger_tables.VERSION:
            raise newer(path, version)
        database.execute("BEGIN")  # so that all answers are of one moment
        return ask(database)


@contextmanager
def _copy(path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="saa-") as folder:
        for end in ("-journal", "-wal", ""):  # what the file gets from its WAL meanwhile does not harm twice
            if path.with_name(path.name + end).exists():
                shutil.copyfile(path.with_name(path.name + end), Path(folder, path.name + end))
        yield Path(folder, path.name)
