"""The run's memory: one row an image, and one a product, in SQLite, written by the parent process alone.

WAL with synchronous=NORMAL: a killed process loses nothing, a cut of power at most the last few rows, and
their images are simply inspected again. Readers (`saa status` one day) are never in the way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from saa.errors import RunError
from saa.runs.basis import Basis
from saa.runs.outcome import Outcome
from saa.types import Sample

_VERSION = 3
_JOINT = "\n"
_ADDED = {
    2: (
        "ignore_path TEXT NOT NULL DEFAULT ''",
        "mask_kind TEXT NOT NULL DEFAULT 'nonzero'",
        "track TEXT NOT NULL DEFAULT ''",
    ),
}
"""The columns of images that a ledger of an older version lacks."""
_PRODUCTS = """
CREATE TABLE products (
    product TEXT PRIMARY KEY,
    mode TEXT NOT NULL,
    reference TEXT NOT NULL,
    files TEXT NOT NULL,
    note TEXT NOT NULL
)
"""
_IMAGES = """
CREATE TABLE images (
    product TEXT NOT NULL,
    name TEXT NOT NULL,
    defect TEXT NOT NULL,
    image_path TEXT NOT NULL,
    mask_path TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'ok', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    score REAL,
    height INTEGER,
    width INTEGER,
    num_regions INTEGER,
    image_sha256 TEXT NOT NULL DEFAULT '',
    stamp TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    judged_on TEXT NOT NULL DEFAULT '',
    notes TEXT NOT NULL DEFAULT '',
    parts TEXT NOT NULL DEFAULT '',
    seconds REAL,
    ignore_path TEXT NOT NULL DEFAULT '',
    mask_kind TEXT NOT NULL DEFAULT 'nonzero',
    track TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (product, name)
)
"""


@dataclass(frozen=True)
class Counts:
    """How far a run is, in images."""

    total: int
    ok: int
    failed: int

    @property
    def pending(self) -> int:
        """Images not dealt with yet."""
        return self.total - self.ok - self.failed


@dataclass(frozen=True)
class Done:
    """What the ledger knows of an image that has been dealt with.

    Attributes:
        state: `ok` or `failed`.
        stamp: of the image file, as it was.
        parts: the names of the parts of its map that were written.
    """

    state: str
    stamp: str
    parts: tuple[str, ...]


class Ledger:
    """The rows of one run; open it with `ledger.opened`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def enrol(self, samples: Sequence[Sample], shown: Callable[[Path | None], str]) -> None:
        """Make a pending row for each sample, all or none; `shown` turns a path into its text."""
        rows = (
            (
                each.product, each.name, each.defect, shown(each.image_path), shown(each.mask_path),
                shown(each.ignore_path), each.mask_kind, each.track,
            )
            for each in samples
        )  # fmt: skip
        with self._database:
            self._database.execute(_PRODUCTS)
            self._database.execute(_IMAGES)
            self._database.executemany(
                "INSERT INTO images (product, name, defect, image_path, mask_path, ignore_path, mask_kind, track) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._database.execute(f"PRAGMA user_version = {_VERSION}")

    def record(self, outcome: Outcome) -> None:
        """Note what became of an image; its artefacts must lie on disk already."""
        with self._database:
            self._database.execute(
                """
                UPDATE images SET state = ?, attempts = attempts + 1, score = ?, height = ?, width = ?,
                    num_regions = ?, image_sha256 = ?, stamp = ?, error = ?, notes = ?, parts = ?, seconds = ?
                WHERE product = ? AND name = ?
                """,
                (
                    outcome.state, outcome.score, outcome.height, outcome.width, outcome.num_regions,
                    outcome.image_sha256, outcome.stamp, outcome.error, "; ".join(outcome.notes),
                    _JOINT.join(outcome.parts), outcome.seconds, outcome.product, outcome.name,
                ),
            )  # fmt: skip

    def reopen(self, keys: Sequence[tuple[str, str]]) -> None:
        """Make the rows of these (product, name) pending again."""
        with self._database:
            self._database.executemany(
                "UPDATE images SET state = 'pending' WHERE product = ? AND name = ?", keys
            )

    def reopen_failed(self) -> set[str]:
        """Make all failed rows pending again; returns the products they are of."""
        with self._database:
            found = self._database.execute("SELECT DISTINCT product FROM images WHERE state = 'failed'")
            products = {product for (product,) in found}
            self._database.execute("UPDATE images SET state = 'pending' WHERE state = 'failed'")
        return products

    def adopt(self, basis: Basis) -> None:
        """Let the images of a product be judged on `basis`; what was judged on another reference is reopened."""
        with self._database:
            self._database.execute(
                "INSERT OR REPLACE INTO products (product, mode, reference, files, note) VALUES (?, ?, ?, ?, ?)",
                (basis.product, basis.mode, basis.reference, basis.files, basis.note),
            )
            self._database.execute(
                "UPDATE images SET state = 'pending' WHERE product = ? AND judged_on != ?",
                (basis.product, basis.reference),
            )
            self._database.execute(
                "UPDATE images SET judged_on = ? WHERE product = ?", (basis.reference, basis.product)
            )

    def basis(self, product: str) -> Basis | None:
        """What the images of a product are judged on; None until something was adopted."""
        row = self._database.execute(
            "SELECT product, mode, reference, files, note FROM products WHERE product = ?", (product,)
        ).fetchone()
        return row and Basis(*row)

    def dealt_with(self) -> dict[tuple[str, str], Done]:
        """All rows that are not pending, by (product, name)."""
        rows = self._database.execute(
            "SELECT product, name, state, stamp, parts FROM images WHERE state != 'pending'"
        )
        return {
            (product, name): Done(state, seen, tuple(parts.split(_JOINT) if parts else ()))
            for product, name, state, seen, parts in rows
        }

    def counts(self) -> Counts:
        """How many rows there are in each state."""
        found = dict(self._database.execute("SELECT state, count(*) FROM images GROUP BY state").fetchall())
        return Counts(sum(found.values()), found.get("ok", 0), found.get("failed", 0))

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[object, ...]]:
        """These columns of images and their products, of all that are not pending, by (product, name)."""
        yield from self._database.execute(
            f"SELECT {', '.join(columns)} FROM images JOIN products USING (product) "  # noqa: S608
            "WHERE state != 'pending' ORDER BY product, name"
        )

    def failures(self, limit: int) -> list[tuple[str, str, str]]:
        """The first `limit` failed rows as (product, name, error), sorted."""
        return self._database.execute(
            "SELECT product, name, error FROM images WHERE state = 'failed' ORDER BY product, name LIMIT ?",
            (limit,),
        ).fetchall()


@contextmanager
def opened(path: Path) -> Iterator[Ledger]:
    """The ledger at `path`, closed after the block; a new file holds no table until `Ledger.enrol`.

    One of an older version gets the columns that it lacks.

    Raises:
        RunError: the file is damaged, of another version, or the disk takes no more, now or in the block.
    """
    try:
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version in _ADDED:
                _add_columns(database, version)
            elif version not in (0, _VERSION):
                raise RunError(
                    f"{path}: expected ledger version {_VERSION}, got {version}; use the saa that wrote it"
                )
            yield Ledger(database)
    except sqlite3.Error as error:
        raise RunError(
            f"{path}: expected a ledger that can be read and written, got {error}; "
            "see to the disk, then give the same command again"
        ) from error


def _add_columns(database: sqlite3.Connection, version: int) -> None:
    with database:
        database.execute("BEGIN")
        for column in _ADDED[version]:
            database.execute(f"ALTER TABLE images ADD COLUMN {column}")
        database.execute(f"PRAGMA user_version = {_VERSION}")
