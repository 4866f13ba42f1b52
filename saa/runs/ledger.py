"""The run's memory: what is run, and one row an image, a product and an artefact, in SQLite.

The parent process alone writes it; readers (`saa status`) are never in its way. WAL with synchronous=NORMAL: a killed
process loses nothing, a cut of power at most the rows since the last checkpoint, and their images are simply inspected
again. No row can outlive its artefacts: these are synced before they get their names, and a resumed run looks whether
they are there, whole. Where a file system has no WAL (some of networks), SQLite's rollback journal serves as well: each
row is synced, which is slower, and readers wait for a moment.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from saa.errors import RunError
from saa.runs import ledger_tables
from saa.runs.basis import Basis
from saa.runs.outcome import Outcome
from saa.types import Sample

_PATIENCE_S = 30.0


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
class Seen:
    """What the ledger knows of an image.

    Attributes:
        key: product and name.
        state: `pending`, `ok` or `failed`.
        stamp: of the image file, as it was when it was dealt with.
    """

    key: tuple[str, str]
    state: str
    stamp: str


class Ledger:
    """The rows of one run; open it with `ledger.opened`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def enrol(
        self, samples: Sequence[Sample], shown: Callable[[Path | None], str], identity: str = ""
    ) -> None:
        """Make a pending row for each sample, all or none; in the order in which they will be inspected.

        Args:
            samples: the images of the run.
            shown: turns a path into its text.
            identity: what is run, as run.json has it.
        """
        rows = (
            (
                each.product, each.name, each.defect, shown(each.image_path), shown(each.mask_path),
                shown(each.ignore_path), each.mask_kind, each.track,
            )
            for each in sorted(samples, key=lambda sample: (sample.product, sample.name))
        )  # fmt: skip
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            ledger_tables.create(self._database)
            self._database.executemany(
                "INSERT INTO images (product, name, defect, image_path, mask_path, ignore_path, mask_kind, track) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._identify(identity)

    @property
    def identity(self) -> str:
        """What is run, as run.json had it when the run began; empty in a ledger of an older version."""
        row = self._database.execute("SELECT manifest FROM identity").fetchone()
        return str(row[0]) if row else ""

    def identify(self, identity: str) -> None:
        """Note what is run; for a ledger that does not know."""
        with self._database:
            self._identify(identity)

    def _identify(self, identity: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO identity VALUES (0, ?)", (identity,))

    def record(self, outcome: Outcome) -> None:
        """Note what became of a pending image; its artefacts must lie on disk already."""
        timings = json.dumps({stage: round(seconds, 6) for stage, seconds in outcome.timings.items()})
        key = outcome.product, outcome.name
        with self._database:
            self._database.execute(
                """
                UPDATE images SET state = ?, attempts = attempts + ?, score = ?, height = ?, width = ?,
                    num_regions = ?, image_sha256 = ?, stamp = ?, error = ?, error_class = ?, notes = ?,
                    timings = ?, seconds = ?, finished = ?
                WHERE product = ? AND name = ?
                """,
                (
                    outcome.state, outcome.attempts, outcome.score, outcome.height, outcome.width,
                    outcome.num_regions, outcome.image_sha256, outcome.stamp, outcome.error, outcome.error_class,
                    "; ".join(outcome.notes), timings, outcome.seconds, time.time(), *key,
                ),
            )  # fmt: skip
            self._database.executemany(
                "INSERT OR REPLACE INTO artefacts VALUES (?, ?, ?, ?, ?)",
                [(*key, each.kind, each.path, each.num_bytes) for each in outcome.artefacts],
            )

    def reopen(self, keys: Iterable[tuple[str, str]]) -> None:
        """Make the rows of these (product, name) pending again; their artefacts belong to nobody any more."""
        given = list(keys)
        with self._database:
            self._database.executemany(
                "UPDATE images SET state = 'pending', finished = NULL WHERE product = ? AND name = ?", given
            )
            self._database.executemany("DELETE FROM artefacts WHERE product = ? AND name = ?", given)

    def reconcile(self, found: Iterable[tuple[str, int]]) -> list[str]:
        """Reopen the rows whose artefacts are gone or of another size than they were written with.

        Args:
            found: the files that lie in the run's folder as artefacts, by path relative to it, and their bytes.

        Returns:
            The paths out of `found` that belong to no finished row.
        """
        with self._database:
            self._database.execute("CREATE TEMP TABLE found (path TEXT, num_bytes INTEGER)")
            self._database.executemany("INSERT INTO found VALUES (?, ?)", found)
            # Sorting them all at once is quicker than keeping them sorted.
            self._database.execute("CREATE INDEX temp.found_by_path ON found (path, num_bytes)")
        stale = self._database.execute(
            """
            SELECT DISTINCT product, name FROM artefacts LEFT JOIN found USING (path)
            WHERE found.path IS NULL OR found.num_bytes != artefacts.num_bytes
            """
        ).fetchall()
        self.reopen(stale)
        strays = self._database.execute(
            "SELECT path FROM found WHERE path NOT IN (SELECT path FROM artefacts)"
        ).fetchall()
        self._database.execute("DROP TABLE temp.found")
        return [path for (path,) in strays]

    def reopen_failed(self) -> set[str]:
        """Make all failed rows pending again; returns the products they are of."""
        with self._database:
            found = self._database.execute("SELECT DISTINCT product FROM images WHERE state = 'failed'")
            products = {product for (product,) in found}
            self._database.execute(
                "UPDATE images SET state = 'pending', finished = NULL WHERE state = 'failed'"
            )
        return products

    def adopt(self, basis: Basis) -> None:
        """Let the images of a product be judged on `basis`; what was judged on another reference is reopened."""
        if self.basis(basis.product) == basis:
            return
        with self._database:
            self._database.execute(
                "INSERT OR REPLACE INTO products (product, mode, reference, files, note) VALUES (?, ?, ?, ?, ?)",
                (basis.product, basis.mode, basis.reference, basis.files, basis.note),
            )
            self._database.execute(
                """
                DELETE FROM artefacts WHERE product = ?1 AND name IN
                    (SELECT name FROM images WHERE product = ?1 AND judged_on != ?2)
                """,
                (basis.product, basis.reference),
            )
            self._database.execute(
                """
                UPDATE images SET state = 'pending', finished = NULL, judged_on = ?2
                WHERE product = ?1 AND judged_on != ?2
                """,
                (basis.product, basis.reference),
            )

    def basis(self, product: str) -> Basis | None:
        """What the images of a product are judged on; None until something was adopted."""
        row = self._database.execute(
            "SELECT product, mode, reference, files, note FROM products WHERE product = ?", (product,)
        ).fetchone()
        return row and Basis(*row)

    def seen(self) -> Iterator[Seen]:
        """All rows, by (product, name)."""
        rows = self._database.execute("SELECT product, name, state, stamp FROM images ORDER BY product, name")
        return (Seen((product, name), state, stamp) for product, name, state, stamp in rows)

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

    One of an older version is brought to this version.

    Raises:
        RunError: the file is damaged, of another version, or the disk takes no more, now or in the block.
    """
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE_S)) as database:
            keep_journal(database)
            _check_whole(database, path)
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version in ledger_tables.OLDER:
                ledger_tables.migrate(database, version, path.parent)
            elif version not in (0, ledger_tables.VERSION):
                raise newer(path, version)
            yield Ledger(database)
            # From here on all lies in the file itself, whoever still reads it.
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise unusable(path, error) from error


def keep_journal(database: sqlite3.Connection) -> str:
    """Let the ledger be safe from a killed process and a cut of power; returns the kind of journal that does it."""
    try:
        mode = database.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    except sqlite3.OperationalError:
        mode = ""  # the file system has no shared memory
    if mode == "wal":
        database.execute("PRAGMA synchronous = NORMAL")
        return "wal"
    database.execute("PRAGMA synchronous = FULL")
    return str(database.execute("PRAGMA journal_mode = DELETE").fetchone()[0])


def newer(path: Path, version: int) -> RunError:
    """The error for a ledger of another saa."""
    return RunError(
        f"{path}: expected ledger version {ledger_tables.VERSION}, got {version}; use the saa that wrote it"
    )


def unusable(path: Path, error: Exception) -> RunError:
    """The error for a ledger that is damaged, or a disk that takes no more."""
    expected = f"{path}: expected a ledger that can be read and written, got {error}"
    if isinstance(error, sqlite3.OperationalError | OSError):
        return RunError(f"{expected}; see to the disk, then give the same command again")
    return RunError(f"{expected}; put back a copy of it, or inspect everything anew with --overwrite")


def _check_whole(database: sqlite3.Connection, path: Path) -> None:
    """Notice damage now, and not after hours.

    Raises:
        RunError: there is some.
    """
    found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise unusable(path, sqlite3.DatabaseError(" ".join(found.split())))
