from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from saa.evaluate import evaluate

DERIVED = ("metrics.json", "metrics.csv", "curves.json")
WITHOUT_MODELS = """
import sys
from saa.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
loaded = {"torch", "torchvision", "transformers", "open_clip", "ray", "sklearn"} & set(sys.modules)
assert not loaded, loaded
"""


def give(*words):
    """A command in a process of its own, which must not have loaded any library of models."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_MODELS, *map(str, words)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def elsewhere(small_run, tmp_path):
    """A run and its data set, evaluated and then copied to another place, where nothing is left of the first."""
    run = small_run.save()
    evaluate(run, protocol="native")
    before = {name: (run / name).read_bytes() for name in DERIVED}
    moved = tmp_path / "another machine"
    shutil.copytree(run, moved / "run")
    shutil.copytree(small_run.root, moved / "data")
    for name in DERIVED:
        (moved / "run" / name).unlink()
    shutil.rmtree(run)
    shutil.rmtree(small_run.root)
    return moved, before


def test_a_copied_run_gives_the_same_files_to_the_byte_and_needs_no_library_of_models(elsewhere):
    moved, before = elsewhere
    give("evaluate", moved / "run", "--root", moved / "data", "--protocol", "native")
    assert {name: (moved / "run" / name).read_bytes() for name in DERIVED} == before
    give("report", moved / "run", "--root", moved / "data")
    page = (moved / "run/report.html").read_text("utf-8")
    figures = json.loads(before["metrics.json"])["mean"]
    assert f"{100 * figures['auroc_pixel']:.1f}" in page
    give("report", moved / "run", "--root", moved / "data", "-o", moved / "run/report.md")


def test_a_run_without_its_data_set_says_where_to_give_it(elsewhere):
    moved, _ = elsewhere
    done = subprocess.run(
        [sys.executable, "-m", "saa", "evaluate", str(moved / "run")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "expected a mask, got none; say where the data set lies now" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("protocol", ["0x512"])
def test_a_protocol_that_is_none_is_one_line(elsewhere, protocol):
    moved, _ = elsewhere
    words = ["evaluate", str(moved / "run"), "--protocol", protocol]
    done = subprocess.run([sys.executable, "-m", "saa", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("protocol: expected released, native or height x width in pixels")
    assert len(done.stderr.splitlines()) == 1
