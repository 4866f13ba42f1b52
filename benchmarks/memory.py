"""Whether memory stays flat: peak of a process of its own after some images and after all."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import saa
from benchmarks._drawn import pictures, samples
from benchmarks._measuring import Result, peak_mib
from benchmarks.overhead import NoRecipe
from saa.config import AnyRecipe, Recipe
from saa.modes import BATCH
from saa.runs import session
from saa.runs.plan import Plan
from saa.runs.session import Tally
from saa.runs.threads import one_thread

SUMMARY = "peak memory with one worker after some and after many images: a run, a batch, and a run without an engine"
PRODUCT = "fabric"
PART = "label"
NUM_FILES = 8


@dataclass(frozen=True)
class Size:
    """Images until the first and the last look, and their pixels a side. The full size takes half an hour.

    `many` are the images of the run without an engine: there is time for more of them.
    """

    first: int = 100
    last: int = 1000
    side: int = 1024
    many: int = 5000


FULL = Size()
QUICK = Size(first=10, last=100, side=128, many=500)


def measure(size: Size) -> list[Result]:
    """The later peaks as multiples of the earlier; nothing where the system does not tell (Windows)."""
    if sys.platform == "win32":
        return []
    pixels = f"images of {size.side} × {size.side}"
    return [
        _result(f"{size.last:,} {pixels}, single mode, run from {NUM_FILES} files", "single", size),
        _result(f"{size.last:,} different {pixels}, batch mode, drawn one by one", "batch", size),
        _result(
            f"{size.many:,} {pixels}, engine that does nothing, run from {NUM_FILES} files",
            "bare",
            replace(size, last=size.many),
        ),
    ]


def _result(what: str, mode: str, size: Size) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        given = [mode, folder, *map(str, (size.first, size.last, size.side))]
        # A process of its own: the peak of this one says what other benchmarks took.
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks.memory", *given], check=True, stdout=subprocess.PIPE, text=True
        )
    first, last = json.loads(ran.stdout)
    return Result(what, [last / first], f"the peak after {size.first:,} images", last, first, "MiB")


def peaks(root: Path, size: Size, recipe: AnyRecipe | NoRecipe | None = None) -> tuple[float, float]:
    """Peak memory in MiB after the first and after the last image of a run in this process.

    Everything is read and written; `recipe` is that of the embedded engine unless given.
    """
    found = {}
    out = root / "run"

    def watch(tally: Tally) -> None:
        if tally.done in (size.first, size.last):
            found[tally.done] = peak_mib()
        for artefact in tally.latest.artefacts if tally.latest else ():
            (out / artefact.path).unlink()  # a thousand maps would take gigabytes

    listed = samples(root / "data", PRODUCT, count=size.last, num_files=NUM_FILES, side=size.side)
    recipe = recipe or saa.load(f"demo/{PRODUCT}", engine="embedded")
    session.run(Plan(listed, {PRODUCT: recipe}, "folder", root / "data"), out, watch=watch)
    return found[size.first], found[size.last]


def batch_peaks(size: Size) -> tuple[float, float]:
    """Peak memory in MiB after a fit on the first images and their inspection, and after the same with all.

    Each image is drawn when it is asked for and let go: `Recipe.fit` goes through them once, so that no
    thousand files are needed. Decoding files is no part of this.
    """
    recipe = saa.load(f"demo/{PART}", "embedded", BATCH)
    with one_thread():
        _fit_and_inspect(recipe, size.first, size.side)
        first = peak_mib()
        _fit_and_inspect(recipe, size.last, size.side)
    return first, peak_mib()


def _fit_and_inspect(recipe: Recipe, count: int, side: int) -> None:
    inspector = recipe.build(recipe.fit(pictures(PART, count, side)))
    for image in pictures(PART, count, side):
        inspector.inspect(image)


if __name__ == "__main__":
    mode, where, *numbers = sys.argv[1:]
    size = Size(*map(int, numbers))
    if mode == "batch":
        found = batch_peaks(size)
    else:
        found = peaks(Path(where), size, NoRecipe(size.side) if mode == "bare" else None)
    print(json.dumps(found))
