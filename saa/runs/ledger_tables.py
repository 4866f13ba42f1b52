"""The tables of a ledger, and how one of an older version gets what it lacks.

There is no verdict yet: what people decide of an image belongs into a column `verdict` of `images`, beside its score,
once something asks for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from saa.runs.folder import RunFolder
from saa.runs.outcome import MAP, PART, REGIONS

VERSION = 4
_IDENTITY = """
CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    manifest TEXT NOT NULL
)
"""
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
    seconds REAL,
    ignore_path TEXT NOT NULL DEFAULT '',
    mask_kind TEXT NOT NULL DEFAULT 'nonzero',
    track TEXT NOT NULL DEFAULT '',
    error_class TEXT NOT NULL DEFAULT '',
    timings TEXT NOT NULL DEFAULT '{}',
    finished REAL,
    PRIMARY KEY (product, name)
)
"""
_ARTEFACTS = """
CREATE TABLE artefacts (
    product TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    num_bytes INTEGER,
    PRIMARY KEY (product, name, kind)
) WITHOUT ROWID
"""
_PROGRESS = "CREATE INDEX progress ON images (state, finished)"
_ROADS = (
    "ignore_path TEXT NOT NULL DEFAULT ''",
    "mask_kind TEXT NOT NULL DEFAULT 'nonzero'",
    "track TEXT NOT NULL DEFAULT ''",
)
_STAGES = (
    "error_class TEXT NOT NULL DEFAULT ''",
    "timings TEXT NOT NULL DEFAULT '{}'",
    "finished REAL",
)
_ADDED = {2: (*_ROADS, *_STAGES), 3: _STAGES}
"""The columns of images that a ledger of an older version lacks; what else it lacks is the same for all."""
OLDER = tuple(_ADDED)
"""The versions that `migrate` takes."""


def create(database: sqlite3.Connection) -> None:
    """Make the tables of a new ledger, in the transaction that is open or begins now."""
    for statement in (_IDENTITY, _PRODUCTS, _IMAGES, _ARTEFACTS, _PROGRESS):
        database.execute(statement)
    database.execute(f"PRAGMA user_version = {VERSION}")


def migrate(database: sqlite3.Connection, version: int, root: Path) -> None:
    """Turn a ledger of an older version, of the run in `root`, into one of this version, all of it or nothing."""
    with database:
        database.execute("BEGIN IMMEDIATE")
        for column in _ADDED[version]:
            database.execute(f"ALTER TABLE images ADD COLUMN {column}")
        for statement in (_IDENTITY, _ARTEFACTS, _PROGRESS):
            database.execute(statement)
        database.executemany("INSERT INTO artefacts VALUES (?, ?, ?, ?, NULL)", _artefacts(database, root))
        database.execute(f"PRAGMA user_version = {VERSION}")


def _artefacts(database: sqlite3.Connection, root: Path) -> Iterator[tuple[str, str, str, str]]:
    """What the finished images of an older run have left; only parts of maps were noted with the image."""
    folder = RunFolder(root)
    finished = database.execute("SELECT product, name, parts FROM images WHERE state = 'ok'")
    for product, name, noted in finished:
        parts = noted.split("\n") if noted else []
        paths = {
            MAP: folder.map_path(product, name),
            REGIONS: folder.regions_path(product, name),
            **{PART + part: folder.part_path(part, product, name) for part in parts},
        }
        for kind, path in paths.items():
            yield product, name, kind, path.relative_to(root).as_posix()
