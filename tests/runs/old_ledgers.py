"""Ledgers as earlier versions of saa wrote them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

OLD_IMAGES = """
CREATE TABLE images (
    product TEXT NOT NULL, name TEXT NOT NULL, defect TEXT NOT NULL, image_path TEXT NOT NULL,
    mask_path TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'ok', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0, score REAL, height INTEGER, width INTEGER, num_regions INTEGER,
    image_sha256 TEXT NOT NULL DEFAULT '', stamp TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '',
    judged_on TEXT NOT NULL DEFAULT '', notes TEXT NOT NULL DEFAULT '', parts TEXT NOT NULL DEFAULT '',
    seconds REAL{more}, PRIMARY KEY (product, name)
)
"""
ROADS = (
    ", ignore_path TEXT NOT NULL DEFAULT '', mask_kind TEXT NOT NULL DEFAULT 'nonzero'"
    ", track TEXT NOT NULL DEFAULT ''"
)
KEPT = (
    "product", "name", "defect", "image_path", "mask_path", "state", "attempts", "score", "height", "width",
    "num_regions", "image_sha256", "stamp", "error", "judged_on", "notes", "seconds",
)  # fmt: skip


def make_old(path, version, parts=""):
    """Turn a ledger of today into one as saa wrote it in an earlier version."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE images RENAME TO today")
        database.execute("DROP INDEX progress")
        database.execute(OLD_IMAGES.format(more=ROADS if version == 3 else ""))
        columns = ", ".join(KEPT)
        database.execute(f"INSERT INTO images ({columns}) SELECT {columns} FROM today")
        database.execute("UPDATE images SET parts = ? WHERE state = 'ok'", (parts,))
        for table in ("today", "artefacts", "identity"):
            database.execute(f"DROP TABLE {table}")
        database.execute(f"PRAGMA user_version = {version}")
        database.commit()
