from __future__ import annotations

import csv
import json
import sqlite3

import numpy as np
import pytest
from scripted_recipes import FAULTY, NOT_FINITE, files, picture, plan

from saa import images
from saa.errors import RunError
from saa.runs import rle, session
from saa.runs.results import COLUMNS, DIFFERING


def test_a_run_leaves_what_the_folder_promises(tmp_path):
    planned = plan(tmp_path / "data", 1, ("bolt", "nut"))
    tally = session.run(planned, tmp_path / "run")
    assert (tally.total, tally.done, tally.failed, tally.done_now) == (2, 2, 0, 2)
    assert files(tmp_path / "run") == [
        "ledger.sqlite",
        "maps/bolt/test/good/000.png.tiff",
        "maps/nut/test/good/000.png.tiff",
        "regions/bolt/test/good/000.png.json",
        "regions/nut/test/good/000.png.json",
        "results.csv",
        "run.json",
        "run.lock",
    ]


def test_the_saved_map_regions_and_row_are_those_of_the_inspector(tmp_path):
    planned = plan(tmp_path / "data", 1)
    session.run(planned, tmp_path / "run")
    path = planned.samples[0].image_path
    wanted = planned.recipes["nut"].build().inspect(images.read_rgb(path))
    saved = images.read_map(tmp_path / "run/maps/nut/test/good/000.png.tiff")
    np.testing.assert_allclose(saved, wanted.anomaly_map, rtol=1e-6)
    (region,) = json.loads((tmp_path / "run/regions/nut/test/good/000.png.json").read_text())["regions"]
    assert region["phrase"] == "bright spot"
    np.testing.assert_array_equal(rle.decode(region["rle"]), wanted.regions.masks[0])
    header, row = (tmp_path / "run/results.csv").read_text().splitlines()
    assert header == ",".join(COLUMNS)
    score, differing = float(row.split(",")[4]), ",".join(row.split(",")[-len(DIFFERING) :])
    assert score == pytest.approx(wanted.score, rel=1e-6)
    place = "nut/test/good/000.png"
    checksum = images.sha256(path)
    assert (
        row
        == f"nut,test/good/000.png,good,ok,{score!r},5,7,1,{place},,{checksum},,single image,,,nonzero,,,{differing}"
    )


def test_the_manifest_says_what_was_run(tmp_path):
    planned = plan(tmp_path / "data", 2)
    session.run(planned, tmp_path / "run")
    manifest = json.loads((tmp_path / "run/run.json").read_text())
    assert manifest["format"] == 1
    assert manifest["modes"] == {"nut": "single image"}
    assert manifest["parts"] is False
    assert manifest["products"] == {
        "nut": {"mode": "single image", "num_images": 0, "decisions": {}, "note": ""}
    }
    assert manifest["engine"] == "scripted"
    assert manifest["dataset"]["format"] == "folder"
    assert manifest["dataset"]["root"] == (tmp_path / "data").resolve().as_posix()
    assert manifest["dataset"]["images"] == 2
    assert manifest["recipes"] == {"nut": {"engine": "scripted", "prompt": {"object": {"phrase": "nut"}}}}
    assert {"saa", "python", "numpy"} <= set(manifest["versions"])
    assert {"recipe_sha256", "commit", "platform", "created"} <= set(manifest)


def test_rows_are_sorted_by_product_then_name(tmp_path):
    planned = plan(tmp_path / "data", 2, ("nut", "bolt"))
    session.run(planned, tmp_path / "run")
    rows = (tmp_path / "run/results.csv").read_text().splitlines()[1:]
    assert [tuple(row.split(",")[:2]) for row in rows] == [
        ("bolt", "test/good/000.png"),
        ("bolt", "test/good/001.png"),
        ("nut", "test/good/000.png"),
        ("nut", "test/good/001.png"),
    ]


def test_images_that_cannot_be_read_or_inspected_become_rows(tmp_path):
    planned = plan(tmp_path / "data", 4)
    planned.samples[0].image_path.write_bytes(b"")
    picture(planned.samples[1].image_path, first=FAULTY)
    picture(planned.samples[2].image_path, first=NOT_FINITE)
    tally = session.run(planned, tmp_path / "run")
    assert (tally.done, tally.failed) == (4, 3)
    with (tmp_path / "run/results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["failed", "failed", "failed", "ok"]
    assert "expected a readable image" in rows[0]["error"]
    assert rows[1]["error"].startswith("KeyError: 'no such word' (scripted_recipes.py:")
    assert "expected finite numbers" in rows[2]["error"]
    assert rows[0]["score"] == rows[0]["height"] == ""
    assert len(files(tmp_path / "run/maps")) == 1


def test_overwrite_forgets_the_earlier_run_and_nothing_else(tmp_path):
    session.run(plan(tmp_path / "data"), tmp_path / "run")
    (tmp_path / "run/notes.txt").write_text("mine")
    session.run(plan(tmp_path / "data", 1, ("bolt",)), tmp_path / "run", overwrite=True)
    assert "notes.txt" in files(tmp_path / "run")
    assert [name for name in files(tmp_path / "run") if name.startswith("maps")] == [
        "maps/bolt/test/good/000.png.tiff"
    ]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_somebodys_files_is_left_alone(tmp_path, overwrite):
    planned = plan(tmp_path / "data", 1)
    with pytest.raises(
        RunError, match="expected a new or empty folder or an earlier run, got a folder with 'nut'"
    ):
        session.run(planned, tmp_path / "data", overwrite=overwrite)
    assert files(tmp_path / "data") == ["nut/test/good/000.png"]


def test_a_damaged_ledger_is_a_clear_error(tmp_path):
    planned = plan(tmp_path / "data")
    session.run(planned, tmp_path / "run")
    (tmp_path / "run/ledger.sqlite").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(RunError, match=r"ledger\.sqlite: expected a ledger that can be read and written"):
        session.run(planned, tmp_path / "run")


def test_a_ledger_of_a_later_version_is_refused(tmp_path):
    planned = plan(tmp_path / "data")
    session.run(planned, tmp_path / "run")
    database = sqlite3.connect(tmp_path / "run/ledger.sqlite")
    database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(RunError, match="expected ledger version 4, got 9"):
        session.run(planned, tmp_path / "run")


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="file: expected to be writable"):
        session.run(plan(tmp_path / "data", 1), tmp_path / "file")


def test_a_map_that_cannot_be_written_stops_the_run_and_keeps_the_rest(tmp_path):
    planned = plan(tmp_path / "data", 1, ("bolt", "nut"))
    out = tmp_path / "run"

    def block_the_second_product(tally):
        (out / "maps").mkdir(exist_ok=True)
        if not (out / "maps/nut").exists():
            (out / "maps/nut").write_text("a file where a folder must go")

    with pytest.raises(RunError, match=r"expected to write .*; then give the same command again"):
        session.run(planned, out, watch=block_the_second_product)
    assert len((out / "results.csv").read_text().splitlines()) == 2


def test_a_second_run_on_the_folder_is_refused(tmp_path):
    planned = plan(tmp_path / "data")

    def run_again(tally):
        session.run(planned, tmp_path / "run")

    with pytest.raises(RunError, match=r"got a run in progress \(pid \d+ on .+\); wait for it"):
        session.run(planned, tmp_path / "run", watch=run_again)


def test_the_pace_and_the_time_left_are_told():
    tally = session.Tally(total=100, done=60, failed=1, done_now=20, seconds=10.0)
    assert tally.per_second == 2.0
    assert tally.seconds_left == 20.0
    assert session.Tally(100, 40, 0, 0, 0.0).seconds_left is None
