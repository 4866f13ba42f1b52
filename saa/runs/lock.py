"""One writer a run: a lock that goes with its process, however that ends."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from saa.errors import RunError
from saa.runs.folder import unwritable


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


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, timeout=0, isolation_level=None)
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
