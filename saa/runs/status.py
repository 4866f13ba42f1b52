"""How far a run is, as anybody may ask while it goes on and afterwards."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Literal

from saa.runs import ledger_reading, lock
from saa.runs.folder import RunFolder
from saa.runs.ledger import Counts
from saa.runs.lock import Writer
from saa.runs.plan import Json

UNKNOWN_CLASS = "unknown"
"""The class of an error that an older version did not note."""
_MIN_RECENT, _MAX_RECENT, _RECENT_S = 100, 20_000, 60.0
"""The pace is that of the last minute, but of so many images at least and at most."""
_PAUSE_S, _PAUSE_FACTOR = 60.0, 20.0
"""A gap of so many seconds, and so many times the usual one, parts two sessions."""


@dataclass(frozen=True)
class Failures:
    """Failed images of one kind.

    Attributes:
        error_class: the class of their errors.
        count: how many they are.
        product, name, error: the first of them.
    """

    error_class: str
    count: int
    product: str
    name: str
    error: str


@dataclass(frozen=True)
class Status:
    """How far a run is.

    Attributes:
        run: its folder.
        counts: its images.
        failures: those that failed, by kind, the most frequent kind first.
        per_second: the pace of the last images; None before two of them.
        idle_s: seconds since the last image; None before the first.
        writer: who writes the run, or did last; None if nobody ever said.
    """

    run: Path
    counts: Counts
    failures: tuple[Failures, ...]
    per_second: float | None
    idle_s: float | None
    writer: Writer | None

    @property
    def state(self) -> Literal["running", "finished", "stopped", "unknown"]:
        """`unknown` where the folder is read-only here, so that nobody can tell whether someone writes it."""
        if self.writer is not None and self.writer.alive:
            return "running"
        if self.counts.total and not self.counts.pending:
            return "finished"
        return "unknown" if self.writer is not None and self.writer.alive is None else "stopped"

    @property
    def seconds_left(self) -> float | None:
        """What the rest will take at this pace; None if nobody is at it."""
        if self.state in ("finished", "stopped") or not self.per_second:
            return None
        return self.counts.pending / self.per_second

    def as_dict(self) -> Json:
        """Ready for JSON."""
        return {
            "run": self.run.as_posix(),
            "state": self.state,
            "total": self.counts.total,
            "done": self.counts.ok + self.counts.failed,
            "failed": self.counts.failed,
            "pending": self.counts.pending,
            "images_per_second": self.per_second,
            "seconds_left": self.seconds_left,
            "seconds_since_last_image": self.idle_s,
            "pid": self.writer and self.writer.pid,
            "host": self.writer and self.writer.host,
            "failures": [
                {
                    "error_class": each.error_class,
                    "count": each.count,
                    "example": {"product": each.product, "name": each.name, "error": each.error},
                }
                for each in self.failures
            ],
        }


def read(run: Path) -> Status:
    """How far the run in the folder `run` is; nothing is written.

    The pace comes from the clock times at which the last images were finished. A clock that was set makes it wrong
    for a while, and nothing else.

    Raises:
        RunError: it is no run's folder, or its ledger is damaged or of a later version.
    """
    folder = RunFolder(run)
    counts, failures, times = ledger_reading.read(folder.ledger, _ask)
    writer = lock.writer(folder.lock)
    alive = writer is not None and writer.alive is not False
    now = time.time()
    idle = max(0.0, now - times[0]) if times else None
    return Status(run, counts, failures, pace(times, now if alive else None), idle, writer)


def counts(run: Path) -> Counts:
    """How many images the run has in each state; nothing is written.

    Raises:
        RunError: see `read`.
    """
    return ledger_reading.read(RunFolder(run).ledger, _counts)


def pace(times: Sequence[float], now: float | None) -> float | None:
    """Images per second, from the times at which the last ones were finished.

    Args:
        times: seconds, latest first; what lies before a long pause does not count.
        now: if somebody is at the next image, so that one that takes long slows the pace down; else None.

    Returns:
        None if fewer than two images are left to tell it from.
    """
    gaps = [max(0.0, later - earlier) for later, earlier in pairwise(times)]
    if not gaps:
        return None
    pause = max(_PAUSE_S, _PAUSE_FACTOR * median(gaps))
    count = next((index for index, gap in enumerate(gaps) if gap > pause), len(gaps))
    span = sum(gaps[:count])
    if now is not None and count and now - times[0] > 2 * span / count:
        span += now - times[0]
    return count / span if span else None


def _ask(database: sqlite3.Connection) -> tuple[Counts, tuple[Failures, ...], list[float]]:
    return _counts(database), _failures(database), _times(database)


def _columns(database: sqlite3.Connection) -> set[str]:
    """Those of images: fewer in older versions, none in a run that is just starting."""
    return {name for _, name, *_ in database.execute("PRAGMA table_info(images)")}


def _counts(database: sqlite3.Connection) -> Counts:
    if not _columns(database):
        return Counts(0, 0, 0)
    found = dict(database.execute("SELECT state, count(*) FROM images GROUP BY state").fetchall())
    return Counts(sum(found.values()), found.get("ok", 0), found.get("failed", 0))


def _failures(database: sqlite3.Connection) -> tuple[Failures, ...]:
    columns = _columns(database)
    if not columns:
        return ()
    kind = "error_class" if "error_class" in columns else "''"
    # Of a group, SQLite gives the row that holds the minimum: the first row as they were enrolled.
    rows = database.execute(
        f"SELECT {kind}, count(*), product, name, error, min(rowid) FROM images "  # noqa: S608
        "WHERE state = 'failed' GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    return tuple(
        Failures(found or UNKNOWN_CLASS, number, product, name, error)
        for found, number, product, name, error, _ in rows
    )


def _times(database: sqlite3.Connection) -> list[float]:
    """When the last images were finished, latest first; the index makes this quick."""
    if "finished" not in _columns(database):
        return []
    found = [
        finished
        for state in ("ok", "failed")
        for (finished,) in database.execute(
            "SELECT finished FROM images WHERE state = ? AND finished IS NOT NULL ORDER BY finished DESC LIMIT ?",
            (state, _MAX_RECENT),
        )
    ]
    times = sorted(found, reverse=True)[:_MAX_RECENT]
    return [each for place, each in enumerate(times) if place < _MIN_RECENT or each >= times[0] - _RECENT_S]
