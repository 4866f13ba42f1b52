"""A folder of pictures that goes away ends the run with a line, and the run goes on when it is back."""

from __future__ import annotations

import shutil

import pytest
from scripted_recipes import batch, plan

from saa.errors import RunError
from saa.runs import session, vanished
from saa.runs.local import Local


def test_a_picture_that_is_missing_among_others_is_its_own_matter(tmp_path):
    (tmp_path / "another.png").write_bytes(b"")
    vanished.check(tmp_path / "gone.png")


def test_a_picture_that_is_there_is_none_of_its_matters(tmp_path):
    (tmp_path / "damaged.png").write_bytes(b"")
    vanished.check(tmp_path / "damaged.png")


def test_an_empty_folder_is_one_whose_disk_was_taken_away(tmp_path):
    (tmp_path / "mnt/disk").mkdir(parents=True)
    (tmp_path / "mnt/other").mkdir()
    with pytest.raises(
        RunError, match=r"mnt/disk: expected the folder of pictures .*, got none; put it back"
    ):
        vanished.check(tmp_path / "mnt/disk/nut/test/good/000.png")


@pytest.mark.parametrize("in_hand", [Local(1), Local(2)], ids=["one", "two"])
def test_a_run_whose_pictures_go_away_stops_and_can_be_finished(tmp_path, in_hand):
    planned = plan(tmp_path / "data", 8, seconds=0.05)
    moved = tmp_path / "moved"

    def take_away(tally):
        if tally.done_now == 2:
            (tmp_path / "data").rename(moved)

    with pytest.raises(RunError, match=r"data: expected the folder of pictures .*same command again"):
        session.run(planned, tmp_path / "run", crew=in_hand, watch=take_away)
    rows = (tmp_path / "run/results.csv").read_text().splitlines()
    assert 2 <= len(rows) - 1 < 8
    assert all(",ok," in row for row in rows[1:])
    moved.rename(tmp_path / "data")
    tally = session.run(planned, tmp_path / "run", crew=in_hand)
    assert (tally.done, tally.failed) == (8, 0)


def test_pictures_that_go_away_while_they_are_compared_leave_no_reference(tmp_path):
    planned = batch(plan(tmp_path / "data", 8))
    shutil.move(tmp_path / "data", tmp_path / "moved")
    with pytest.raises(RunError, match=r"data: expected the folder of pictures"):
        session.run(planned, tmp_path / "run")
    assert not (tmp_path / "run/references").exists()
    shutil.move(tmp_path / "moved", tmp_path / "data")
    assert session.run(planned, tmp_path / "run").failed == 0
