"""Runs that an older saa began go on, and tell the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from scripted_recipes import files, plan, table_without_seconds

from saa.runs import ledger, session
from saa.runs.plan import Plan

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


def artefacts(path):
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT kind, path, num_bytes FROM artefacts ORDER BY path").fetchall()


@pytest.mark.parametrize("version", [2, 3])
def test_a_run_of_an_older_version_goes_on(tmp_path, version):
    planned = plan(tmp_path / "data", 3)
    run = tmp_path / "run"
    session.run(planned, run)
    table, wanted = table_without_seconds(run / "results.csv"), files(run)
    make_old(run / "ledger.sqlite", version)
    (run / "results.csv").unlink()
    (run / "maps/nut/test/good/001.png.tiff").unlink()
    assert session.run(planned, run).done_now == 1
    assert table_without_seconds(run / "results.csv") == table
    assert files(run) == wanted
    with ledger.opened(run / "ledger.sqlite") as rows:
        assert list(rows.rows(("mask_kind", "attempts", "error_class"))) == [
            ("nonzero", 1, ""),
            ("nonzero", 2, ""),
            ("nonzero", 1, ""),
        ]
        assert '"engine": "scripted"' in rows.identity


def test_the_parts_of_an_older_runs_maps_are_kept(tmp_path):
    planned = plan(tmp_path / "data", 1)
    planned = Plan(planned.samples, planned.recipes, "folder", planned.dataset_root, keep_parts=True)
    run = tmp_path / "run"
    session.run(planned, run)
    wanted, known = files(run), artefacts(run / "ledger.sqlite")
    make_old(run / "ledger.sqlite", 3, parts="regions\ndense")
    assert session.run(planned, run).done_now == 0
    assert files(run) == wanted
    assert artefacts(run / "ledger.sqlite") == [(kind, path, None) for kind, path, _ in known]
    (run / "parts/dense/nut/test/good/000.png.tiff").unlink()
    assert session.run(planned, run).done_now == 1
