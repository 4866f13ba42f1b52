"""One writer a run: a lock that goes with its process, however that ends."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from saa.errors import RunError
from saa.runs.folder import unwritable

_PATIENCE_S = 0.2
"""Longer than `writer` takes to look, so that looking never refuses a run."""


@dataclass(frozen=True)
class Writer:
    """Who writes a run, or did last.

    Attributes:
        pid: the process.
        host: its machine.
        alive: whether it holds the lock; None where that can only be read, and the process may well be there.
    """

    pid: int
    host: str
    alive: bool | None


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold `path` while the block runs.

    An open SQLite write transaction is the lock: it works on every system, the operating system frees it
    when the process dies (kill -9 too), and others can still read in it who the owner is.

    Raises:
        RunError: another process, or this one, holds it; the message names its pid and host.
    """
    with closing(_connect(path)) as lock:
        try:
            lock.execute("BEGIN IMMEDIATE")
            lock.execute("CREATE TABLE IF NOT EXISTS owner (id INTEGER PRIMARY KEY, pid INTEGER, host TEXT)")
            lock.execute("INSERT OR REPLACE INTO owner VALUES (0, ?, ?)", (os.getpid(), socket.gethostname()))
            lock.execute("COMMIT")
            lock.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise _refusal(path, error) from error
        yield


def writer(path: Path) -> Writer | None:
    """Who holds `path`, or did last; nothing is created or changed. None if nobody ever said."""
    if not path.is_file():
        return None
    held = _is_held(path)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)) as lock:
            pid, host = lock.execute("SELECT pid, host FROM owner").fetchone()
    except (sqlite3.Error, TypeError):
        return None
    if held is None and host == socket.gethostname() and not _exists(pid):
        held = False
    return Writer(pid, host, held)


def _exists(pid: int) -> bool:
    """Whether this machine has such a process; yes where only asking would harm it (Windows)."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_held(path: Path) -> bool | None:
    """Asked by taking the lock for an instant, for only that tells on every system."""
    if not os.access(path, os.W_OK):
        return None  # SQLite would take a lock for reading, and not say so
    uri = f"{path.absolute().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            lock.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return True if "locked" in str(error) else None
    except sqlite3.DatabaseError:
        return None
    return False


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise unwritable(path, error) from error


def _refusal(path: Path, error: sqlite3.OperationalError) -> RunError:
    if "locked" not in str(error):
        return unwritable(path, error)
    return RunError(
        f"{path.parent}: expected nobody else to write here, got a run in progress ({_owner(path)}); "
        "wait for it, stop it, or give -o another folder"
    )


def _owner(path: Path) -> str:
    try:
        with closing(_connect(path)) as lock:
            pid, host = lock.execute("SELECT pid, host FROM owner").fetchone()
    except (sqlite3.OperationalError, TypeError):
        return "just starting"
    return f"pid {pid} on {host}"
