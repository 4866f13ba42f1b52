"""Every benchmark runs at its smallest and tells what it measured; no figure is looked at."""

from __future__ import annotations

import importlib
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks._random_weights import Sam, Sizes
from saa.foundation.bert import Size as TextSize
from saa.foundation.dino_sizes import Architecture
from saa.runs.local import Local

ROOT = Path(__file__).resolve().parent.parent
TINY = Sizes(
    Architecture(
        channels=16,
        depths=(1, 1, 2, 1),
        heads=(1, 2, 4, 8),
        window=4,
        queries=25,
        encoder_layers=2,
        decoder_layers=2,
        feedforward=64,
        text=TextSize(vocabulary=1000, width=128, layers=2, heads=2, feedforward=64),
    ),
    (("sam_vit_b", Sam(width=32, depth=2, heads=2, everywhere=(1,), window=3, side=128, out=32)),),
)
SMALLEST = {
    "bank": {"images": 8, "features": 20, "side": 32},
    "cascade": {
        "models": TINY,
        "side": 64,
        "detected_px": (64, 107),
        "compared_px": 96,
        "boxes": 3,
        "rounds": 1,
        "threads": 1,
    },
    "cluster": {"images": ((32, 3),), "workers": 1, "rounds": 1},
    "consensus": {"images": 8, "counts": (9,), "side": 32, "workers": 1, "products": ("label",)},
    "inspect": {"side": 32, "rounds": 1, "products": ("fabric",)},
    "masks": {
        "width": 16,
        "depth": 2,
        "heads": 2,
        "everywhere": (1,),
        "side": 64,
        "boxes": 2,
        "rounds": 1,
        "threads": 1,
    },
    "memory": {"first": 8, "last": 9, "side": 32},
    "metrics": {"maps": 4, "side": 40, "rounds": 1},
    "neighbours": {"features": 200, "banks": ((40, 10),), "rounds": 1},
    "overhead": {"images": 4, "side": 32, "rounds": 1, "crews": (("one process", Local(1)),)},
    "overlap": {"images": 2, "sides": (32,), "rounds": 1},
    "references": {"images": 9, "references": (8,), "side": 32, "products": ("label",)},
    "resume": {"images": 20, "rounds": 1},
    "scale": {"first": 20, "last": 40},
    "scenes": {
        "height": 64,
        "width": 96,
        "depths": (1, 1, 1, 1),
        "channels": (8, 16, 24, 32),
        "queries": 10,
        "decoder_layers": 3,
        "embedded": 16,
        "threads": 1,
    },
    "start-up": {"rounds": 1},
    "streaming": {"first": 2, "last": 4, "side": 32, "rounds": 1},
    "workers": {"images": 3, "side": 32, "workers": 1, "rounds": 1},
}
"""The size of each benchmark that takes no time; one worker more would be a process more."""


@pytest.fixture
def program(monkeypatch):
    """`python -m benchmarks` as a module, wherever the tests were started."""
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.__main__")


@pytest.fixture
def measure(program):
    """Measures a benchmark at its smallest."""

    def run(name: str):
        benchmark = program.load(name)
        return benchmark.measure(type(benchmark.FULL)(**SMALLEST[name]))

    return run


def test_there_is_a_smallest_size_for_each(program):
    assert program.names() == sorted(SMALLEST)


@pytest.mark.parametrize("name", sorted(SMALLEST.keys() - {"memory", "cluster"}))
def test_every_benchmark_gives_ratios_and_absolute_figures(name, program, measure):
    assert "\n" not in program.load(name).SUMMARY
    results = measure(name)
    assert results
    for result in results:
        assert result.what
        assert result.unit
        assert result.of.split()[:1] == ["the"]
        assert all(math.isfinite(ratio) and ratio > 0 for ratio in result.ratios)
        assert result.value > 0
        assert result.beside > 0


def test_actors_of_ray_are_measured_beside_local_workers():
    pytest.importorskip("ray", reason="needs the extra saa[cluster]")
    # In a process of its own: Ray is for one cluster a process.
    code = "from benchmarks.cluster import Size, measure; print(*measure(Size(**{size})), sep='\\n')"
    asked = subprocess.run(
        [sys.executable, "-c", code.replace("{size}", repr(SMALLEST["cluster"]))],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    assert [line.split("(")[0] for line in asked.stdout.splitlines()] == ["Result", "Result"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process its peak")
def test_peaks_of_a_run_only_rise(program, tmp_path):
    memory = program.load("memory")
    first, last = memory.peaks(tmp_path, memory.Size(**SMALLEST["memory"]))
    assert 0 < first <= last
    assert (tmp_path / "run" / "results.csv").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process its peak")
def test_peaks_of_a_run_without_an_engine_only_rise(program, tmp_path):
    memory, overhead = program.load("memory"), program.load("overhead")
    size = memory.Size(**SMALLEST["memory"])
    first, last = memory.peaks(tmp_path, size, overhead.NoRecipe(size.side))
    assert 0 < first <= last


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process its peak")
def test_peaks_of_a_batch_only_rise(program):
    memory = program.load("memory")
    first, last = memory.batch_peaks(memory.Size(**SMALLEST["memory"]))
    assert 0 < first <= last


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process its peak")
def test_a_peak_is_that_of_the_process_and_not_of_its_parent():
    ballast = b"0" * (400 << 20)
    code = "from benchmarks._measuring import peak_mib; print(peak_mib())"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert 0 < float(ran.stdout) < len(ballast) / (1 << 20)


def test_as_many_references_as_others_are_the_full_comparison(measure):
    (result,) = measure("references")
    assert "r = 1.0000, off by 0.00% on average, 0% at most" in result.what


def test_likeness_of_maps_equals_that_of_all_their_pixels(program):
    likeness = program.load("references").Likeness()
    rng = np.random.default_rng(0)
    exact = rng.random((3, 4, 5), np.float32)
    found = exact + 0.1 * rng.random((3, 4, 5), np.float32)
    for pair in zip(found, exact, strict=True):
        likeness.add(*pair)
    off, span = np.abs(found - exact), np.ptp(exact)
    correlation = np.corrcoef(found.ravel(), exact.ravel())[0, 1]
    mean, largest = off.mean() / span, off.max() / span
    assert likeness.told() == f"r = {correlation:.4f}, off by {mean:.2%} on average, {largest:.0%} at most"


def test_neighbours_are_measured_without_faiss_too(measure, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    (result,) = measure("neighbours")
    assert result.of == "the speed of scikit-learn"


def test_faiss_is_measured_where_it_is_installed(measure):
    pytest.importorskip("faiss")
    compared = [result.of for result in measure("neighbours")]
    assert compared[1:] == ["the speed of FAISS IndexFlatL2", "the speed of FAISS IndexIVFFlat"]


def test_another_answer_than_the_library_is_an_error(program):
    measuring = importlib.import_module("benchmarks._measuring")
    measuring.check_same("metrics", 1e-6, 1e-5)
    for difference in (2e-5, math.nan):
        with pytest.raises(RuntimeError, match="metrics: expected the same answer to 1e-05, got"):
            measuring.check_same("metrics", difference, 1e-5)


def test_actions_take_turns_after_a_round_that_does_not_count(program):
    measuring = importlib.import_module("benchmarks._measuring")
    done = []
    seconds = measuring.in_turns(2, lambda: done.append("a"), lambda: done.append("b"))
    assert "".join(done) == "ababab"
    assert [len(times) for times in seconds] == [2, 2]


def test_the_program_prints_a_plain_table_and_writes_the_same_as_json(program, monkeypatch, capsys, tmp_path):
    neighbours = program.load("neighbours")
    monkeypatch.setattr(neighbours, "QUICK", neighbours.Size(**SMALLEST["neighbours"]))
    program.main(["--only", "neighbours", "--quick", "--json", str(tmp_path / "figures.json")])
    told = capsys.readouterr().out
    saved = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    for label in ("date", "commit", "python", "libraries", "cpu", "cores"):
        assert f"{label}:" in told
        assert saved[label] in told
    row = saved["results"][0]
    assert row["benchmark"] == "neighbours"
    assert row["what"] in told
    assert "the speed of scikit-learn" in told
    assert not set("│┃━─") & set(told)


def test_an_unknown_benchmark_is_refused_with_the_known_ones(program, capsys):
    with pytest.raises(SystemExit, match="2"):
        program.main(["--only", "speed"])
    assert "start-up" in capsys.readouterr().err


def test_a_file_in_no_folder_is_refused_before_anything_is_measured(program, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        program.main(["--json", str(tmp_path / "gone" / "figures.json")])
    assert "--json: expected a file in a folder that is there" in capsys.readouterr().err
