from __future__ import annotations

import csv
import json
import sys

import pytest


@pytest.fixture
def run(give, prompt, dataset, tmp_path):
    """A run of six images of which one is no picture."""
    (dataset / "nut/test/spot/001.png").write_bytes(b"")
    words = (dataset, "--format", "mvtec", "--prompts", prompt, "--workers", "1", "--engine", "embedded")
    assert give("run", *words, "-o", tmp_path / "run")[0] == 1
    return tmp_path / "run"


def test_export_writes_a_file_and_says_where(give, run, tmp_path):
    code, out, err = give("export", run, "--to", "csv")
    assert (code, out, err) == (0, f"{run}/export.csv\n", "")
    with (run / "export.csv").open(encoding="utf-8", newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["ok"] * 5 + ["failed"]
    code, out, _ = give("export", run, "--to", "coco", "--min-score", "0.1", "-o", tmp_path / "here/out.json")
    assert (code, out) == (0, f"{tmp_path}/here/out.json\n")
    coco = json.loads((tmp_path / "here/out.json").read_text("utf-8"))
    assert [image["file_name"] for image in coco["images"]][:2] == [
        "bolt/test/good/000.png",
        "bolt/test/spot/000.png",
    ]
    assert len(coco["images"]) == 5
    assert coco["annotations"]
    assert all(annotation["score"] >= 0.1 for annotation in coco["annotations"])
    assert give("export", run, "--to", "jsonl", "--regions")[1] == f"{run}/export-regions.jsonl\n"


def test_an_export_does_not_stop_a_run_from_going_on(give, run, prompt, dataset):
    give("export", run, "--to", "csv")
    words = (dataset, "--format", "mvtec", "--prompts", prompt, "--workers", "1", "--engine", "embedded")
    assert give("run", *words, "-o", run)[0] == 1
    assert (run / "export.csv").exists()


def test_an_unknown_format_names_the_known_ones(give, run):
    code, _, err = give("export", run, "--to", "excel")
    assert (code, err) == (
        2,
        "exports: expected one of coco, csv, jsonl, parquet, got 'excel'; choose one of these\n",
    )


def test_the_runs_own_table_is_not_written_over(give, run):
    code, _, err = give("export", run, "--to", "csv", "-o", run / "results.csv")
    assert code == 2
    assert "expected a file that is not the run's own" in err


def test_a_package_that_is_missing_is_named(give, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = give("export", run, "--to", "parquet")
    assert code == 2
    assert err.startswith("parquet: expected pyarrow, got ")
    assert "pip install 'saa[export]'" in err
    assert len(err.splitlines()) == 1


def test_a_folder_that_is_no_run_is_a_clear_error(give, tmp_path):
    code, _, err = give("export", tmp_path, "--to", "csv")
    assert code == 2
    assert "expected a run's folder, got one without run.json" in err
