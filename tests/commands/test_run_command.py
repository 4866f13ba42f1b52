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


def run_words(dataset, prompt, out, *more):
    return ("run", dataset, "--format", "mvtec", "--prompts", prompt, "-o", out, "--workers", 1, *more)


def test_run_evaluate_and_report_go_from_a_folder_to_a_page(give, prompt, dataset, tmp_path):
    code, out, err = give(*run_words(dataset, prompt, tmp_path / "run"))
    assert code == 0
    assert "6 images of split test, 2 products\n" in err
    assert f"bolt: 3 images, single image (batch needs 8); embedded engine, prompts {prompt}" in err
    assert "6 of 6 images, 0 failed" in err
    assert f"next: saa evaluate {tmp_path}/run" in out
    code, out, _ = give("evaluate", tmp_path / "run")
    assert code == 0
    assert {"bolt", "nut", "mean"} <= set(out.split())
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "mean" in json.loads((tmp_path / "run/metrics.json").read_text())
    code, out, _ = give("report", tmp_path / "run")
    assert (code, out) == (0, f"{tmp_path}/run/report.html\n")
    assert (tmp_path / "run/report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert give("report", tmp_path / "run", "-o", tmp_path / "figures.md")[0] == 0
    assert (tmp_path / "figures.md").read_text(encoding="utf-8").startswith("# Inspection report")


def test_a_run_can_be_evaluated_after_its_data_set_has_moved(give, prompt, dataset, tmp_path):
    assert give(*run_words(dataset, prompt, tmp_path / "run", "--category", "nut"))[0] == 0
    dataset.rename(tmp_path / "elsewhere")
    assert give("evaluate", tmp_path / "run")[0] == 2
    assert give("evaluate", tmp_path / "run", "--root", tmp_path / "elsewhere")[0] == 0


def test_run_takes_some_categories_and_images_spread_over_the_names(give, prompt, dataset, tmp_path):
    more = ("--category", "nut", "--limit", 2)
    code, _, err = give(*run_words(dataset, prompt, tmp_path / "run", *more))
    assert (code, "at most 2 a product, spread evenly by name" in err) == (0, True)
    rows = (tmp_path / "run/results.csv").read_text().splitlines()[1:]
    assert [row.split(",")[:2] for row in rows] == [
        ["nut", "test/good/000.png"],
        ["nut", "test/spot/000.png"],
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "mvtek"], r"datasets: expected one of .*mvtec.*, got 'mvtek'; write 'mvtec'"),
        (["--category", "nuts"], "expected a category out of bolt, nut, got nuts; choose one of these"),
        (["--engine", "steam"], "engine: expected one of auto, .*embedded.*, got 'steam'"),
        (["--prompts", "none.yaml"], "none.yaml: expected a file, a folder or a shipped name"),
        (["--split", "tset"], "split: expected one of test, train, got 'tset'"),
        (["--mode", "all"], "mode: expected one of auto, single, batch, got 'all'; choose one of these"),
        (["--mode", "batch"], "bolt: expected at least 8 images for batch mode, got 3; add images, or use"),
    ],
)
def test_a_user_error_is_told_in_one_line_and_exits_with_2(give, prompt, dataset, tmp_path, words, message):
    code, out, err = give(*run_words(dataset, prompt, tmp_path / "run", *words))
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    with pytest.raises(saa.errors.SaaError, match=message):
        raise saa.errors.SaaError(line)


def test_another_run_in_the_folder_is_refused_until_overwritten(give, prompt, dataset, tmp_path):
    words = run_words(dataset, prompt, tmp_path / "run", "--category", "nut", "--limit", 1)
    assert give(*words)[0] == 0
    prompt.write_text(prompt.read_text().replace("part", "thing"))
    code, _, err = give(*words)
    assert code == 2
    assert 'recipes.nut.prompt.object.phrase: "part" then, "thing" now' in err
    assert give(*words, "--overwrite")[0] == 0


def test_failed_images_exit_with_1_until_they_are_mended(give, prompt, dataset, tmp_path):
    words = run_words(dataset, prompt, tmp_path / "run", "--category", "nut")
    path = dataset / "nut/test/good/000.png"
    path.write_bytes(b"")
    code, _, err = give(*words)
    assert code == 1
    assert "1 of 3 images failed" in err
    assert f"nut/test/good/000.png: {path}: expected a readable image" in err
    part(path)
    assert give(*words, "--retry-failed")[0] == 0


def test_evaluating_what_is_no_run_exits_with_2(give, tmp_path):
    code, _, err = give("evaluate", tmp_path)
    assert code == 2
    assert err.startswith(f"{tmp_path}: expected a run's folder, got one without run.json; give the -o")


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_ctrl_c_exits_with_130_keeps_what_is_finished_and_says_how_to_go_on(prompt, tmp_path):
    first = part(tmp_path / "data/nut/test/good/000.png", size=(600, 600))
    for index in range(1, 200):  # more than any machine inspects before it hears of the signal
        os.link(first, first.with_name(f"{index:03}.png"))
    words = run_words(tmp_path / "data", prompt, tmp_path / "run", "--mode", "single")
    environment = os.environ | {"PYTHONPATH": str(Path(saa.__path__[0]).parent)}
    program = [sys.executable, "-m", "saa", *map(str, words)]
    # Where tests run in the background of a shell, Ctrl-C is ignored, and a child would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    signal.signal(signal.SIGINT, before)
    try:
        while len(list(tmp_path.glob("run/maps/nut/test/good/*.tiff"))) < 2 and process.poll() is None:
            time.sleep(0.01)  # the second map is written when the first row is finished
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert out == ""
    assert "Give the same command again to go on." in err
    assert "Traceback" not in err
    assert 2 <= len((tmp_path / "run/results.csv").read_text().splitlines()) < 200


def test_processes_and_threads_are_as_they_are_asked_for(give, prompt, dataset, tmp_path):
    words = run_words(dataset, prompt, tmp_path / "run", "--limit", 1, "--threads", 3)
    code, _, err = give(*words)
    assert (code, "inspecting with 1 worker of 3 threads\n" in err) == (0, True)
