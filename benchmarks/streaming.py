"""Pixel metrics of a large run from its files, in memory that stays flat, against reading the pictures."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks._drawn import picture
from benchmarks._measuring import Result, peak_mib, times_as_fast
from benchmarks.metrics import Size as Drawn
from benchmarks.metrics import labelled_maps
from saa import images, plugins, scored_maps
from saa.ops.counting import pixel_curve
from saa.records import Place, Record
from saa.runs.folder import RunFolder
from saa.runs.threads import one_thread
from saa.scored_maps import ScoredMaps
from saa.types import GOOD

SUMMARY = "max-F1, AUROC, AP and AUPRO of a run's saved maps, one thread: time and peak memory"
PRODUCTS = ("fabric", "gasket", "label")
METRICS = ("max_f1_pixel", "auroc_pixel", "ap_pixel", "aupro")
NUM_FILES = 12


@dataclass(frozen=True)
class Size:
    """Maps until the first and the last look at the memory, their pixels a side, and how often all is timed."""

    first: int = 50
    last: int = 200
    side: int = 1024
    rounds: int = 3


FULL = Size()
QUICK = Size(first=12, last=36, side=256, rounds=1)


def measure(size: Size) -> list[Result]:
    """The time of reading the PNGs twice as a multiple of ours; the later peak as one of the earlier."""
    with tempfile.TemporaryDirectory() as folder:
        given = [folder, *map(str, (size.first, size.last, size.side, size.rounds))]
        # A process of its own: the peak of this one says what other benchmarks took.
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks.streaming", *given],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found = json.loads(ran.stdout)
    what = f"{size.last:,} maps of {size.side} × {size.side} from {NUM_FILES} files with masks"
    results = [times_as_fast(what, found["ours"], found["pictures"], "reading their PNGs twice")]
    if sys.platform != "win32":
        first, last = found["peaks"]
        results.append(
            Result(what, [last / first], f"the peak after {size.first:,} maps", last, first, "MiB")
        )
    return results


def figures(rows: Sequence[Record]) -> list[float | None]:
    """Ours, from files alone; each map is scaled by its record's score."""
    maps = ScoredMaps(rows, lambda row: scored_maps.finite(row.map_path, row) * np.float32(row.score), None)
    curve = pixel_curve(lambda: maps)
    return [plugins.load("metrics", name).compute(curve).value for name in METRICS]


def written(root: Path, count: int, side: int) -> list[Record]:
    """Records of `count` images that share `NUM_FILES` pictures, maps and masks under a root, as a run has them.

    Their scores, about 1, make unlike maps of them: no data set holds every value a hundred times.
    """
    folder = RunFolder(root / "run")
    files = []
    for number, labelled in enumerate(labelled_maps(Drawn(maps=NUM_FILES, side=side))):
        product, defect = PRODUCTS[number % len(PRODUCTS)], "spot" if labelled.mask.any() else GOOD
        name, mask = f"{number:02}.png", f"masks/{number:02}.png" if defect != GOOD else ""
        images.write_png(root / name, picture(product, number, side))
        images.write_map(folder.map_path(product, name), labelled.anomaly_map)
        if mask:
            images.write_png(root / mask, labelled.mask)
        files.append(Record(product, name, defect, 1, "", Place(folder, root), name, mask, ""))
    rng = np.random.default_rng(0)
    return [replace(files[rng.integers(len(files))], score=rng.normal(1, 0.05)) for _ in range(count)]


def _seconds(rows: Sequence[Record], rounds: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {"ours": [], "pictures": []}
    for _ in range(rounds):
        begun = time.perf_counter()
        figures(rows)
        between = time.perf_counter()
        for row in (*rows, *rows):
            images.read_rgb(row.image_path)
        seconds["ours"].append(between - begun)
        seconds["pictures"].append(time.perf_counter() - between)
    return seconds


def _main(root: Path, first: int, last: int, side: int, rounds: int) -> None:
    with one_thread():
        rows = written(root, last, side)
        peaks = []
        for some in (rows[:first], rows):
            figures(some)
            peaks.append(peak_mib() if sys.platform != "win32" else 0)
        print(json.dumps({"peaks": peaks, **_seconds(rows, rounds)}))


if __name__ == "__main__":
    where, *numbers = sys.argv[1:]
    _main(Path(where), *map(int, numbers))
