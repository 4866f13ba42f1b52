from __future__ import annotations

import sqlite3
from contextlib import closing

from scripted_recipes import plan

from saa.runs import ledger, session

ADDED = ("ignore_path", "mask_kind", "track")


def test_a_run_of_an_older_version_goes_on(tmp_path):
    planned = plan(tmp_path / "data", 2)
    session.run(planned, tmp_path / "run")
    table = (tmp_path / "run/results.csv").read_text("utf-8")
    with closing(sqlite3.connect(tmp_path / "run/ledger.sqlite")) as database:
        for column in ADDED:
            database.execute(f"ALTER TABLE images DROP COLUMN {column}")
        database.execute("PRAGMA user_version = 2")
        database.commit()
    (tmp_path / "run/results.csv").unlink()
    assert session.run(planned, tmp_path / "run").done_now == 0
    assert (tmp_path / "run/results.csv").read_text("utf-8") == table
    with ledger.opened(tmp_path / "run/ledger.sqlite") as rows:
        assert list(rows.rows(ADDED)) == [("", "nonzero", "")] * 2
