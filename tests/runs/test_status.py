"""How far a run is, told by somebody who only looks."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from old_ledgers import make_old
from scripted_recipes import FAULTY, files, picture, plan

from saa.errors import RunError
from saa.runs import ledger, session, status


def test_a_finished_run_tells_its_images_and_failures_by_kind(tmp_path):
    planned = plan(tmp_path / "data", 6)
    for sample in planned.samples[1:3]:
        picture(sample.image_path, first=FAULTY)
    planned.samples[4].image_path.write_bytes(b"")
    session.run(planned, tmp_path / "run")
    found = status.read(tmp_path / "run")
    assert (found.state, found.counts) == ("finished", ledger.Counts(6, 3, 3))
    told = [(each.count, each.name, each.error.split(":")[0]) for each in found.failures]
    assert sorted(told)[-1] == (2, "test/good/001.png", "KeyError")
    assert sum(each.count for each in found.failures) == 3
    assert found.seconds_left is None
    assert found.idle_s is not None
    assert (found.writer.pid, found.writer.alive) == (os.getpid(), False)


def test_a_run_in_progress_tells_who_is_at_it_and_is_not_disturbed(tmp_path):
    planned = plan(tmp_path / "data", 8, seconds=0.01)
    looks = []
    session.run(planned, tmp_path / "run", watch=lambda _: looks.append(status.read(tmp_path / "run")))
    assert [look.counts.ok for look in looks] == list(range(9))
    assert {look.state for look in looks} == {"running"}
    assert looks[0].per_second is None
    assert looks[-2].seconds_left > 0
    assert status.read(tmp_path / "run").state == "finished"


def test_looking_leaves_no_trace(tmp_path):
    session.run(plan(tmp_path / "data"), tmp_path / "run")
    before = {name: (tmp_path / "run" / name).stat().st_mtime_ns for name in files(tmp_path / "run")}
    status.read(tmp_path / "run")
    after = {name: (tmp_path / "run" / name).stat().st_mtime_ns for name in files(tmp_path / "run")}
    assert after == before


def test_a_run_whose_rows_still_lie_in_the_wal_is_told_whole(tmp_path):
    planned = plan(tmp_path / "data", 4)
    copy = tmp_path / "copy"

    def copy_half_way(tally):
        if tally.done_now == 3:
            shutil.copytree(tmp_path / "run", copy)

    session.run(planned, tmp_path / "run", watch=copy_half_way)
    assert (copy / "ledger.sqlite-wal").stat().st_size > 0
    assert status.read(copy).counts == ledger.Counts(4, 3, 0)
    (copy / "ledger.sqlite-shm").unlink()
    assert status.read(copy).counts == ledger.Counts(4, 3, 0)
    assert status.read(copy).state == "stopped"


def test_a_row_that_was_half_written_without_a_wal_is_not_told(tmp_path):
    session.run(plan(tmp_path / "data", 40), tmp_path / "run")
    path = tmp_path / "run/ledger.sqlite"
    killed = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("PRAGMA journal_mode = DELETE")
database.execute("PRAGMA cache_size = 1")
database.execute("UPDATE images SET state = 'failed', error_class = 'Half', error = hex(randomblob(2000))")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", killed, path], check=True)
    assert path.with_name("ledger.sqlite-journal").stat().st_size > 0
    assert status.read(tmp_path / "run").counts == ledger.Counts(40, 40, 0)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_told_and_whether_it_runs_is_not_known(tmp_path):
    planned = plan(tmp_path / "data", 2)
    session.run(planned, tmp_path / "run")
    for path in (*(tmp_path / "run").iterdir(), tmp_path / "run"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        found = status.read(tmp_path / "run")
    finally:
        (tmp_path / "run").chmod(0o755)
    assert (found.state, found.writer.alive) == ("finished", None)


@pytest.mark.parametrize("version", [2, 3])
def test_an_older_ledger_is_told_as_it_is(tmp_path, version):
    planned = plan(tmp_path / "data", 3)
    planned.samples[0].image_path.write_bytes(b"")
    session.run(planned, tmp_path / "run")
    make_old(tmp_path / "run/ledger.sqlite", version)
    found = status.read(tmp_path / "run")
    assert found.counts == ledger.Counts(3, 2, 1)
    assert [(each.error_class, each.count) for each in found.failures] == [("unknown", 1)]
    assert (found.per_second, found.idle_s) == (None, None)
    with closing(sqlite3.connect(tmp_path / "run/ledger.sqlite")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (version,)


def test_what_cannot_be_told_is_a_clear_error(tmp_path):
    with pytest.raises(RunError, match=r"expected a run's folder, got one without ledger\.sqlite"):
        status.read(tmp_path)
    (tmp_path / "ledger.sqlite").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(RunError, match=r"got file is not a database; put back a copy"):
        status.read(tmp_path)
    (tmp_path / "ledger.sqlite").unlink()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as database:
        database.execute("PRAGMA user_version = 9")
    with pytest.raises(RunError, match="expected ledger version 4, got 9; use the saa that wrote it"):
        status.read(tmp_path)


def test_a_run_that_is_just_starting_has_no_images_yet(tmp_path):
    with ledger.opened(tmp_path / "ledger.sqlite"):
        found = status.read(tmp_path)
    assert (found.state, found.counts.total, found.writer) == ("stopped", 0, None)


def test_the_pace_is_that_of_the_last_images():
    assert status.pace([], None) is None
    assert status.pace([7.0], None) is None
    assert status.pace([14.0, 12.0, 10.0], None) == 0.5
    assert status.pace([14.0, 12.0, 10.0], 15.0) == 0.5  # the next one is in hand
    assert status.pace([14.0, 12.0, 10.0], 30.0) == pytest.approx(2 / 20)  # and takes long
    assert status.pace([3604.0, 3602.0, 3600.0, 2.0, 1.0], None) == 0.5  # a session of an hour before
    assert status.pace([14.0, 12.0, 10.0], 5.0) == 0.5  # the clock was set back
    assert status.pace([14.0, 14.0], None) is None
