from __future__ import annotations

import csv
import json

import pytest
from parts import part

REPORTS = ("report.html", "report.md", "metrics.json", "metrics.csv")


@pytest.fixture
def benchmark(give, dataset, prompt, tmp_path):
    """Give `saa benchmark` the data set of bolts and nuts; returns exit code, stdout and stderr."""

    def command(*more, out=tmp_path / "out", prompts=prompt):
        words = ("--format", "mvtec", "--engine", "embedded", "--workers", 1, "-o", out)
        given = ("--prompts", prompts) if prompts else ()
        return give("benchmark", dataset, *words, *given, *more)

    return command


def test_one_profile_makes_the_folder_a_run_with_all_its_reports(benchmark, tmp_path):
    code, out, err = benchmark()
    assert code == 0
    assert "6 images of split test, 2 products" in err
    assert {"bolt", "nut", "mean"} <= set(out.split())
    assert max(map(len, out.splitlines())) <= 100
    assert out.splitlines()[-4:] == [str(tmp_path / "out" / name) for name in REPORTS]
    assert (tmp_path / "out/run.json").is_file()
    assert (tmp_path / "out/report.html").read_text("utf-8").startswith("<!doctype html>")
    assert (tmp_path / "out/report.md").read_text("utf-8").startswith("# Inspection report")
    figures = json.loads((tmp_path / "out/metrics.json").read_text("utf-8"))
    assert 0 <= figures["mean"]["max_f1_pixel"] <= 1
    assert figures["about"]["protocol"] == "released"
    with (tmp_path / "out/metrics.csv").open(encoding="utf-8", newline="") as file:
        assert "bolt" in {row["category"] for row in csv.DictReader(file)}


def test_an_ablation_compares_the_whole_method_with_each_part_left_out(benchmark, tmp_path):
    code, out, err = benchmark("--ablate", "--category", "nut", "--protocol", "native")
    assert code == 0
    names = ["default", *(f"without-{part}" for part in ("language", "property", "saliency", "confidence"))]
    for number, name in enumerate(names, start=1):
        assert f"run {number} of 5: {name}\n" in err
        assert all((tmp_path / "out" / name / report).is_file() for report in REPORTS)
        assert any(line.startswith(f"{name} ") for line in out.splitlines())
    assert "of 15 images, 0 failed" in err
    assert "Δ without-language" in out
    assert "nut, single image, protocol native (image size), %" in out
    assert max(map(len, out.splitlines())) <= 100
    assert all((tmp_path / "out" / report).is_file() for report in REPORTS)
    assert list(json.loads((tmp_path / "out/metrics.json").read_text("utf-8"))["runs"]) == names
    with (tmp_path / "out/metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["run"] for row in rows if row["row"] == "category"] == names
    assert rows[0]["protocol"] == "native"


def test_the_same_command_goes_on_and_inspects_nothing_again(benchmark, tmp_path):
    words = ("--ablate", "--category", "nut", "--limit", 1)
    assert benchmark(*words)[0] == 0
    (tmp_path / "out/without-saliency/maps/nut/test/good/000.png.tiff").unlink()
    (tmp_path / "out/report.html").unlink()
    code, _, err = benchmark(*words)
    assert code == 0
    assert "4 of 5 images, 0 failed\n" in err or "5 of 5 images, 0 failed, " in err
    assert (tmp_path / "out/without-saliency/maps/nut/test/good/000.png.tiff").is_file()
    assert (tmp_path / "out/report.html").is_file()


def test_a_failed_image_exits_with_1_and_the_reports_are_there(benchmark, dataset, tmp_path):
    path = dataset / "nut/test/good/000.png"
    path.write_bytes(b"")
    code, out, err = benchmark("--category", "nut")
    assert code == 1
    assert "1 of 3 images failed" in err
    assert "nut: 1 image failed." in out
    assert all((tmp_path / "out" / name).is_file() for name in REPORTS)
    part(path)
    assert benchmark("--category", "nut", "--retry-failed")[0] == 0


def test_what_cannot_be_run_is_refused_before_anything_begins_all_reasons_at_once(benchmark, tmp_path):
    code, out, err = benchmark("--profile", "default", "--profile", "paper", "--profile", "vanilla")
    assert (code, out) == (2, "")
    told = err.splitlines()[-2:]
    assert told[0].startswith("paper: profile of engine embedded: expected one of default, got 'paper'")
    assert told[1].startswith("vanilla: profile of engine embedded: expected one of default, got 'vanilla'")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--protocol", "huge"], "protocol: expected released, native or height x width"),
        (["--category", "screw"], "expected a category out of bolt, nut, got screw"),
        (["--mode", "batch"], "expected at least 8 images for batch mode, got 3"),
    ],
)
def test_a_user_error_is_told_in_one_line_and_exits_with_2(benchmark, tmp_path, words, message):
    code, out, err = benchmark(*words)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert message in line
    assert not (tmp_path / "out").exists()


def test_another_run_in_one_of_the_folders_is_refused_before_anything_begins(benchmark, prompt, tmp_path):
    assert benchmark("--category", "nut", "--limit", 1, out=tmp_path / "out/without-saliency")[0] == 0
    code, _, err = benchmark("--category", "nut", "--limit", 2, "--ablate")
    assert code == 2
    assert f"without-saliency: {tmp_path}/out/without-saliency: expected the run that was begun here" in err
    assert not (tmp_path / "out/default").exists()


def test_several_runs_are_not_put_into_a_folder_of_foreign_things(benchmark, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/report.html").write_text("mine")
    code, _, err = benchmark("--ablate")
    assert code == 2
    assert err.startswith(f"{tmp_path}/out: expected a new or empty folder or that of an earlier benchmark")
    assert (tmp_path / "out/report.html").read_text() == "mine"


def test_formats_without_shipped_prompts_need_some(give, dataset, tmp_path):
    code, _, err = give("benchmark", dataset, "--format", "folder", "-o", tmp_path / "out")
    assert code == 2
    assert err.startswith(
        "--prompts: expected prompts for format folder, of which none are shipped, got none; "
    )
    assert len(err.splitlines()) == 1


def test_the_shipped_prompts_of_the_format_are_taken_whatever_folder_has_its_name(
    benchmark, dataset, tmp_path, monkeypatch
):
    (tmp_path / "mvtec").mkdir()
    monkeypatch.chdir(tmp_path)
    (dataset / "nut").rename(dataset / "grid")
    code, _, err = benchmark("--category", "grid", prompts=None)
    assert code == 0
    assert "mvtec/grid.yaml" in err.replace("\\", "/")


def test_report_sets_several_runs_side_by_side(benchmark, give, tmp_path, monkeypatch):
    for name, more in (("one", ()), ("two", ("--limit", 1))):
        assert benchmark("--category", "nut", *more, out=tmp_path / name)[0] == 0
    page = tmp_path / "page.html"
    assert give("report", tmp_path / "one", tmp_path / "two", "-o", page)[:2] == (0, f"{page}\n")
    assert "the images are not the same" in page.read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    assert give("report", "one", "two")[:2] == (0, "comparison.html\n")
    assert give("report", "one", "two", "-o", "page.md")[0] == 0
    assert (tmp_path / "page.md").read_text("utf-8").startswith("# Comparison of runs")
    code, out, err = give("report", "one", "two", "--root", tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("--root: expected none for several runs")
    assert give("evaluate", "two", "--protocol", "native")[0] == 0
    code, out, err = give("report", "one", "two")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "got released in one and native in two" in err
