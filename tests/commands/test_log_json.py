"""With --log-json every line on stderr is a JSON object, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from parts import part

import saa
from saa.commands import log_lines, terminal
from saa.runs.outcome import Outcome
from saa.runs.session import Tally

IMAGE = (
    "event", "time", "elapsed_s", "product", "name", "state", "score", "num_regions", "height", "width", "seconds",
    "timings", "attempts", "error", "error_class", "notes", "total", "done", "failed", "done_now", "per_second",
    "seconds_left",
)  # fmt: skip


def run_words(dataset, prompt, out, *more):
    given = (
        "run",
        dataset,
        "--format",
        "mvtec",
        "--prompts",
        prompt,
        "-o",
        out,
        "--workers",
        1,
        "--log-json",
    )
    return (*given, "--engine", "embedded", *more)


def events(err):
    return [json.loads(line) for line in err.splitlines()]


def test_a_run_tells_every_image_and_how_far_it_is(give, prompt, dataset, tmp_path):
    (dataset / "nut/test/good/000.png").write_bytes(b"")
    code, out, err = give(*run_words(dataset, prompt, tmp_path / "run"))
    told = events(err)
    assert code == 1
    assert out == ""
    assert [each["event"] for each in told] == [
        "note", "note", "begin", *["image"] * 6, "note", "note", "end",
    ]  # fmt: skip
    assert told[2]["total"] == 6
    rows = [each for each in told if each["event"] == "image"]
    assert all(tuple(row) == IMAGE for row in rows)
    assert [row["done"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert sum(row["state"] == "failed" for row in rows) == rows[-1]["failed"] == 1
    (failed,) = (row for row in rows if row["state"] == "failed")
    assert (failed["product"], failed["error_class"], failed["score"]) == ("nut", "ImageError", None)
    assert set(rows[0]["timings"]) == {"decode", "inspect", "write"}
    assert rows[-1]["seconds_left"] == 0
    assert told[-1]["exit_code"] == 1
    assert [each["elapsed_s"] for each in told] == sorted(each["elapsed_s"] for each in told)


def test_results_stay_on_stdout(give, prompt, dataset, tmp_path):
    code, out, err = give(*run_words(dataset, prompt, tmp_path / "run", "--limit", 1))
    assert (code, events(err)[-1]["exit_code"]) == (0, 0)
    assert out.startswith(f"{tmp_path}/run/results.csv; next:")


def test_a_mistake_is_a_line_too(give, prompt, dataset, tmp_path):
    code, _, err = give(*run_words(dataset, prompt, tmp_path / "run", "--category", "screw"))
    error, end = events(err)
    assert (code, end["exit_code"]) == (2, 2)
    assert error["event"] == "error"
    assert "expected a category out of bolt, nut, got screw" in error["text"]


def test_a_fit_tells_how_far_it_is(give, prompt, tmp_path):
    for number in range(9):
        part(tmp_path / f"nut/{number}.png", number)
    given = ("--prompts", prompt, "-o", tmp_path / "nut.ref", "--engine", "embedded", "--log-json")
    code, _, err = give("fit", tmp_path / "nut", *given)
    told = [each for each in events(err) if each["event"] == "fit"]
    assert code == 0
    assert (told[-1]["product"], told[-1]["done"], told[-1]["total"]) == ("nut", 9, 9)


def test_a_tally_without_a_pace_has_no_time_left(capsys):
    with log_lines.written(wanted=True):
        log_lines.inspecting(Tally(2, 1, 1, 1, 0.0, Outcome("nut", "0.png", "no", 0.0)))
    image, _ = events(capsys.readouterr().err)
    assert image["seconds_left"] is None


def test_after_it_lines_are_for_people_again(capsys):
    with log_lines.written(wanted=True):
        terminal.note("one")
    terminal.note("two")
    assert capsys.readouterr().err.splitlines()[-1] == "two"


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_a_stop_is_told_in_json_too(prompt, tmp_path):
    first = part(tmp_path / "data/nut/test/good/000.png", size=(200, 200))
    for index in range(1, 50):
        os.link(first, first.with_name(f"{index:03}.png"))
    given = run_words(tmp_path / "data", prompt, tmp_path / "run", "--mode", "single")
    process = subprocess.Popen(
        [sys.executable, "-m", "saa", *map(str, given)],
        env=os.environ | {"PYTHONPATH": str(Path(saa.__path__[0]).parent)},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(tmp_path.glob("run/maps/nut/test/good/*.tiff")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    told = [json.loads(line) for line in err.splitlines() if line]
    assert process.returncode == told[-1]["exit_code"] == 130
    assert "stopping when the images in hand" in "".join(each.get("text", "") for each in told)
