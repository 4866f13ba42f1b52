from __future__ import annotations

import json

import pytest

from saa.runs import ledger


@pytest.fixture
def run(give, prompt, dataset, tmp_path):
    """A run of six images of which one is no picture."""
    (dataset / "nut/test/spot/001.png").write_bytes(b"")
    words = (dataset, "--format", "mvtec", "--prompts", prompt, "--workers", "1", "--engine", "embedded")
    assert give("run", *words, "-o", tmp_path / "run")[0] == 1
    return tmp_path / "run"


def test_status_tells_progress_and_failures(give, run):
    code, out, err = give("status", run)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"{run}: finished"
    assert lines[1].startswith("6 of 6 images, 1 failed")
    assert lines[2].startswith("last image 0:00:")
    assert lines[4].split() == ["failed", "with", "images", "for", "example"]
    assert "nut/test/spot/001.png: " in out


def test_status_as_json_is_one_object(give, run):
    code, out, _ = give("status", run, "--json", "--watch")
    assert code == 0
    told = json.loads(out)
    assert (told["state"], told["total"], told["done"], told["failed"], told["pending"]) == (
        "finished",
        6,
        6,
        1,
        0,
    )
    (failure,) = told["failures"]
    assert failure["count"] == 1
    assert failure["example"]["name"] == "test/spot/001.png"
    assert told["seconds_left"] is None
    assert isinstance(told["pid"], int)


def test_watching_a_finished_run_ends_at_once(give, run):
    assert give("status", run, "--watch")[0] == 0


def test_status_of_a_folder_that_is_no_run_is_a_clear_error(give, tmp_path):
    code, out, err = give("status", tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith(f"{tmp_path}: expected a run's folder, got one without ledger.sqlite")


def test_a_stopped_run_says_how_it_goes_on(give, run):

    with ledger.opened(run / "ledger.sqlite") as rows:
        rows.reopen_failed()
    code, out, _ = give("status", run)
    assert code == 0
    assert out.splitlines()[0] == f"{run}: stopped; give the `saa run` command again to go on"
    assert "5 of 6 images, 0 failed" in out
