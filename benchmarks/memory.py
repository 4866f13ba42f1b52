"""Whether memory stays flat: peak of a run's own process after its first images and after all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import saa
from benchmarks._drawn import samples
from benchmarks._measuring import Result
from saa.runs import session
from saa.runs.plan import Plan
from saa.runs.session import Tally

SUMMARY = "peak memory of a run with one worker after some and after ten times as many images"
PRODUCT = "fabric"
NUM_FILES = 8


@dataclass(frozen=True)
class Size:
    """Images until the first and the last look, and their pixels a side. The full size takes ten minutes."""

    first: int = 100
    last: int = 1000
    side: int = 1024


FULL = Size()
QUICK = Size(first=10, last=100, side=128)


def measure(size: Size) -> list[Result]:
    """The later peak as a multiple of the earlier; nothing where the system does not tell (Windows)."""
    if sys.platform == "win32":
        return []
    with tempfile.TemporaryDirectory() as folder:
        given = [folder, *map(str, (size.first, size.last, size.side))]
        # A process of its own: the peak of this one says what other benchmarks took.
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks.memory", *given], check=True, stdout=subprocess.PIPE, text=True
        )
    first, last = json.loads(ran.stdout)
    what = f"{size.last:,} images of {size.side} × {size.side}"
    return [Result(what, [last / first], f"the peak after {size.first:,} images", last, first, "MiB")]


def peaks(root: Path, size: Size) -> tuple[float, float]:
    """Peak memory in MiB after the first and after the last image of a run in this process."""
    found = {}
    out = root / "run"

    def watch(tally: Tally) -> None:
        if tally.done in (size.first, size.last):
            found[tally.done] = _peak()
        shutil.rmtree(out / "maps", ignore_errors=True)  # a thousand maps would take gigabytes

    listed = samples(root / "data", PRODUCT, count=size.last, num_files=NUM_FILES, side=size.side)
    recipe = saa.load(f"demo/{PRODUCT}", engine="embedded")
    session.run(Plan(listed, {PRODUCT: recipe}, "folder", root / "data"), out, workers=1, watch=watch)
    return found[size.first], found[size.last]


def _peak() -> float:
    import resource  # not on Windows

    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / (1 << 20)


if __name__ == "__main__":
    where, *numbers = sys.argv[1:]
    print(json.dumps(peaks(Path(where), Size(*map(int, numbers)))))
