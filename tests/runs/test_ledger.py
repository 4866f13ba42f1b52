"""What the ledger keeps, and what it does when a file system or a file is not as it should be."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import replace

import pytest
from scripted_recipes import FAULTY, files, picture, plan

from saa.errors import RunError
from saa.runs import ledger, results, session
from saa.runs.basis import Basis
from saa.runs.outcome import STAGES, Artefact, Outcome
from saa.runs.plan import PromptFile
from saa.types import Sample

DONE = Outcome("nut", "a.png", "", 0.5, "ab", "1:2", 0.25, 6, 9, 1)


@pytest.fixture
def opened(tmp_path):
    """A ledger with the image of `DONE`."""
    with ledger.opened(tmp_path / "ledger.sqlite") as rows:
        rows.enrol(
            [Sample("nut", "a.png", "good", tmp_path / "a.png")], lambda path: path.name if path else ""
        )
        rows.adopt(Basis("nut", "single image"))
        yield rows


def asked(path, question):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(question).fetchall()


def test_a_row_tells_stages_attempts_and_the_class_of_an_error(opened, tmp_path):
    opened.record(replace(DONE, timings={"decode": 0.125, "inspect": 0.25, "judge": 9}, attempts=2))
    results.write(tmp_path / "results.csv", opened)
    header, row = (line.split(",") for line in (tmp_path / "results.csv").read_text().splitlines())
    told = dict(zip(header, row, strict=True))
    assert [told[f"seconds_{stage}"] for stage in STAGES] == ["0.125", "0.250", ""]
    assert (told["attempts"], told["seconds"], told["error_class"]) == ("2", "0.500", "")
    ((timings, finished),) = opened.rows(("timings", "finished"))
    assert json.loads(timings) == {"decode": 0.125, "inspect": 0.25, "judge": 9}
    assert abs(time.time() - finished) < 60
    opened.reopen([("nut", "a.png")])
    opened.record(Outcome("nut", "a.png", "no picture", 0.1, error_class="ImageError"))
    assert list(opened.rows(("attempts", "error_class"))) == [(3, "ImageError")]


def test_artefacts_are_kept_until_their_image_is_reopened(opened, tmp_path):
    opened.record(replace(DONE, artefacts=(Artefact("map", "maps/nut/a.png.tiff", 7),)))
    path = tmp_path / "ledger.sqlite"
    assert asked(path, "SELECT * FROM artefacts") == [("nut", "a.png", "map", "maps/nut/a.png.tiff", 7)]
    assert opened.reconcile([("maps/nut/a.png.tiff", 7), ("maps/nut/b.png.tiff", 7)]) == [
        "maps/nut/b.png.tiff"
    ]
    assert opened.counts().pending == 0
    assert opened.reconcile([("maps/nut/a.png.tiff", 6)]) == ["maps/nut/a.png.tiff"]
    assert opened.counts().pending == 1
    assert asked(path, "SELECT * FROM artefacts") == []


def test_another_reference_reopens_a_products_images(opened):
    opened.record(replace(DONE, artefacts=(Artefact("map", "maps/nut/a.png.tiff", 7),)))
    opened.adopt(Basis("nut", "single image"))
    assert opened.counts().pending == 0
    opened.adopt(Basis("nut", "batch", "another"))
    assert opened.counts().pending == 1
    assert opened.reconcile([("maps/nut/a.png.tiff", 7)]) == ["maps/nut/a.png.tiff"]


def test_a_map_that_was_cut_short_is_inspected_again(tmp_path):
    planned = plan(tmp_path / "data")
    session.run(planned, tmp_path / "run")
    path = tmp_path / "run/maps/nut/test/good/001.png.tiff"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert session.run(planned, tmp_path / "run").done_now == 1
    assert path.read_bytes() == whole


def test_the_ledger_alone_tells_what_is_run(tmp_path):
    planned = plan(tmp_path / "data", 1)
    session.run(planned, tmp_path / "run")
    about = json.loads((tmp_path / "run/run.json").read_text())
    with ledger.opened(tmp_path / "run/ledger.sqlite") as rows:
        known = json.loads(rows.identity)
    assert {"recipes", "versions", "commit", "platform", "prompts", "created"} <= known.keys()
    assert about == known | {"products": about["products"]}


def test_a_description_of_another_run_is_refused(tmp_path):
    planned = plan(tmp_path / "data", 1)
    session.run(planned, tmp_path / "run")
    path = tmp_path / "run/run.json"
    path.write_text(path.read_text().replace('"commit": ', '"commit": "mine", "was": '))
    with pytest.raises(
        RunError, match=r"run\.json: expected what ledger\.sqlite says, got another commit; put back"
    ):
        session.run(planned, tmp_path / "run")


def test_a_prompt_file_is_told_and_may_change_as_long_as_the_recipe_stays(tmp_path):
    def planned(checksum):
        return replace(
            plan(tmp_path / "data", 1), prompts={"nut": PromptFile(tmp_path / "nut.yaml", checksum)}
        )

    session.run(planned("before"), tmp_path / "run")
    assert session.run(planned("after"), tmp_path / "run").done_now == 0
    about = json.loads((tmp_path / "run/run.json").read_text())
    assert about["prompts"] == {"nut": {"file": (tmp_path / "nut.yaml").as_posix(), "sha256": "before"}}


def test_a_ledger_with_other_rows_than_the_plan_is_refused(tmp_path):
    planned = plan(tmp_path / "data", 2)
    session.run(planned, tmp_path / "run")
    with closing(sqlite3.connect(tmp_path / "run/ledger.sqlite")) as database:
        database.execute("UPDATE images SET name = 'zzz' WHERE name LIKE '%001.png'")
        database.commit()
    with pytest.raises(
        RunError, match="expected a row for each of 2 images, got others; inspect everything anew"
    ):
        session.run(planned, tmp_path / "run")


def test_damage_inside_a_ledger_is_noticed_before_anything_is_inspected(tmp_path):
    planned = plan(tmp_path / "data", 40)
    session.run(planned, tmp_path / "run")
    path = tmp_path / "run/ledger.sqlite"
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    path.write_bytes(content)
    before = files(tmp_path / "run")
    with pytest.raises(RunError, match=r"ledger\.sqlite: expected a ledger .*; put back a copy of it"):
        session.run(planned, tmp_path / "run")
    assert files(tmp_path / "run") == before
    assert session.run(planned, tmp_path / "run", overwrite=True).done_now == 40


@pytest.mark.skipif(
    sys.platform == "win32", reason="needs a way of SQLite's to open files without shared memory"
)
def test_a_file_system_without_wal_gets_another_journal(tmp_path):
    uri = f"{(tmp_path / 'ledger.sqlite').as_uri()}?vfs=unix-dotfile"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        assert ledger.keep_journal(database) == "delete"
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)
        database.execute("CREATE TABLE some (thing)")
    assert files(tmp_path) == ["ledger.sqlite"]
    with closing(sqlite3.connect(tmp_path / "local.sqlite")) as database:
        assert ledger.keep_journal(database) == "wal"


def test_failures_say_their_class(tmp_path):
    planned = plan(tmp_path / "data", 2)
    picture(planned.samples[0].image_path, first=FAULTY)
    planned.samples[1].image_path.unlink()
    session.run(planned, tmp_path / "run")
    with ledger.opened(tmp_path / "run/ledger.sqlite") as rows:
        assert list(rows.rows(("error_class",))) == [("KeyError",), ("ImageError",)]
