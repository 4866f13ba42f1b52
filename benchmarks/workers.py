"""What a second worker brings, with and without what it takes to start it."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import saa
from benchmarks._drawn import samples
from benchmarks._measuring import Result, in_turns, ratios
from saa.runs import session
from saa.runs.local import Local
from saa.runs.plan import Plan
from saa.runs.session import Tally

SUMMARY = "a run with one worker and with two, start-up included and excluded"
PRODUCT = "fabric"


@dataclass(frozen=True)
class Size:
    """Images of a run, their pixels a side, and the larger number of workers."""

    images: int = 48
    side: int = 448
    workers: int = 2
    rounds: int = 3


FULL = Size()
QUICK = Size(images=12, rounds=1)


@dataclass(frozen=True)
class Runs:
    """Runs of one plan, each in a new folder, and the pace of each once all workers were busy.

    Attributes:
        workers: processes.
        paces: images per second, start-up excluded, one of each run.
    """

    plan: Plan
    root: Path
    workers: int
    paces: list[float] = field(default_factory=list)

    def once(self) -> None:
        """Do the whole run."""
        done: list[float] = []

        def watch(tally: Tally) -> None:
            if tally.done_now:
                done.append(time.perf_counter())

        out = self.root / f"run-{self.workers}-{len(self.paces)}"
        session.run(self.plan, out, crew=Local(self.workers), watch=watch)
        # Once as many images are done as there are workers, all have surely started.
        self.paces.append((len(done) - self.workers) / (done[-1] - done[self.workers - 1]))


def measure(size: Size) -> list[Result]:
    """Images per second of many workers as a multiple of that of one."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        listed = samples(root / "data", PRODUCT, count=size.images, num_files=8, side=size.side)
        recipe = saa.load(f"demo/{PRODUCT}", engine="embedded")
        plan = Plan(listed, {PRODUCT: recipe}, "folder", root / "data")
        one, more = Runs(plan, root / "one", 1), Runs(plan, root / "more", size.workers)
        seconds = in_turns(size.rounds, one.once, more.once)
    what = f"{size.images} images of {size.side} × {size.side}, {size.workers} workers, start-up "
    alone, together = ([size.images / each for each in times] for times in seconds)
    return [
        _result(f"{what}included", together, alone),
        _result(f"{what}excluded", more.paces[1:], one.paces[1:]),  # the first round does not count
    ]


def _result(what: str, together: list[float], alone: list[float]) -> Result:
    value, beside = statistics.median(together), statistics.median(alone)
    return Result(what, ratios(together, alone), "the speed of one worker", value, beside, "images/s")
