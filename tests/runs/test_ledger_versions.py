"""Runs that an older saa began go on, and tell the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from old_ledgers import make_old
from scripted_recipes import files, plan, table_without_seconds

from saa.runs import ledger, session
from saa.runs.plan import Plan


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
