"""What a run adds to reading, judging and writing: the ledger's rows, the queues between threads and processes.

The engine does nothing, pictures of full size are in memory instead of in files, and answers are not written: what is
left of a run's time, start-up excluded, is what goes on around every image. Beside it stand the same steps called in a
loop, without a run.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measuring import Result
from saa.modes import SINGLE
from saa.runs import session
from saa.runs.local import Local
from saa.runs.outcome import Outcome
from saa.runs.plan import Plan
from saa.runs.session import Tally
from saa.runs.station import Judged, Read, Station
from saa.types import GOOD, Image, Inspection, Regions, Sample

SUMMARY = "ledger and queues an image, of runs whose engine does nothing, without reading and writing files"
PRODUCT = "nothing"
LIMIT_MS = 3.0


@dataclass(frozen=True)
class Size:
    """Images of a run, and their pixels a side."""

    images: int = 2000
    side: int = 1024
    rounds: int = 3
    crews: tuple[tuple[str, Local], ...] = (
        ("one process", Local(1)),
        ("one worker process", Local(1, apart=True)),
        ("2 worker processes", Local(2)),
    )


FULL = Size()
QUICK = Size(images=200, rounds=1)


@dataclass(frozen=True)
class NoInspector:
    """Gives the same answer to everything."""

    answer: Inspection

    def inspect(self, _image: Image) -> Inspection:
        return self.answer


@dataclass(frozen=True)
class NoRecipe:
    """The recipe of an engine that does nothing."""

    side: int
    engine_name: str = "none"
    mode: str = SINGLE
    min_images: int = 1

    @property
    def alone(self) -> NoRecipe:
        return self

    def build(self, _reference: object = None) -> NoInspector:
        nothing = np.zeros((self.side, self.side), np.float32)
        return NoInspector(Inspection(nothing, 0.0, Regions.none((self.side, self.side)), nothing))

    def as_dict(self) -> dict[str, Any]:
        return {"engine": self.engine_name}

    def in_use(self) -> dict[str, Any]:
        return {}


@cache
def picture(side: int) -> Image:
    """A picture that needs no file."""
    return np.zeros((side, side, 3), np.uint8)


class Bare(Station):
    """Reads and writes nothing, and gives what it would give."""

    def __init__(self, root: Path, side: int) -> None:
        from saa.runs.folder import RunFolder

        super().__init__({PRODUCT: NoRecipe(side)}, RunFolder(root), keep_parts=False)
        self._side = side

    def read(self, sample: Sample) -> Read:
        return Read(sample, "0:0", "0" * 64, picture(self._side), {"decode": 0.0})

    def keep(self, judged: Judged) -> Outcome:
        sample, side = judged.sample, self._side
        return Outcome(
            sample.product, sample.name, "", 0.0, judged.sha256, judged.stamp, 0.5, side, side, 0,
            timings={**judged.timings, "write": 0.0},
        )  # fmt: skip


@dataclass(frozen=True)
class OnBare:
    """A crew on stations that read and write nothing."""

    crew: Local
    side: int

    def outcomes(self, samples: Any, station: Station) -> Any:
        return self.crew.outcomes(samples, Bare(station.folder.root, self.side))


def measure(size: Size) -> list[Result]:
    """Milliseconds an image."""
    found: dict[str, list[float]] = {name: [] for name, _ in size.crews}
    plain = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(size.rounds):
            root = Path(folder, str(number))
            plain.append(_loop(root, size))
            for name, crew in size.crews:
                found[name].append(_run(root / name, crew, size))
    beside = statistics.median(plain)
    return [
        Result(
            f"{size.images:,} images of {size.side} × {size.side}, {name}, start-up excluded",
            [each / LIMIT_MS for each in times],
            f"the limit of {LIMIT_MS:g} ms an image",
            statistics.median(times),
            beside,
            "ms/image",
        )
        for name, times in found.items()
    ]


def _samples(root: Path, count: int) -> list[Sample]:
    return [Sample(PRODUCT, f"{index:06}.png", GOOD, root / f"{index:06}.png") for index in range(count)]


def _loop(root: Path, size: Size) -> float:
    """The steps one after the other, and nothing around them."""
    station, listed = Bare(root, size.side), _samples(root, size.images)
    station.inspect(listed[0])
    begun = time.perf_counter()
    for sample in listed:
        station.inspect(sample)
    return 1000 * (time.perf_counter() - begun) / len(listed)


def _run(out: Path, crew: Local, size: Size) -> float:
    planned = Plan(
        _samples(out / "data", size.images), {PRODUCT: NoRecipe(size.side)}, "folder", out / "data"
    )
    done: list[float] = []

    def watch(tally: Tally) -> None:
        if tally.done_now:
            done.append(time.perf_counter())

    session.run(planned, out, crew=OnBare(replace(crew), size.side), watch=watch)
    # Once as many images are done as there are workers, all have surely started.
    return 1000 * (done[-1] - done[crew.workers - 1]) / (len(done) - crew.workers)
