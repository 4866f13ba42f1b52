"""What a second worker brings, with and without what it takes to start it.

One worker reads and writes while it judges, and so keeps more than one core busy where there is one to spare. What two
workers can bring on two cores is therefore told beside one worker that is held to one core, too.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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
        one_core: whether they are held to one core.
        paces: images per second, start-up excluded, one of each run.
    """

    plan: Plan
    root: Path
    workers: int
    one_core: bool = False
    paces: list[float] = field(default_factory=list)

    def once(self) -> None:
        """Do the whole run."""
        done: list[float] = []

        def watch(tally: Tally) -> None:
            if tally.done_now:
                done.append(time.perf_counter())

        out = self.root / f"run-{self.workers}-{len(self.paces)}"
        with _held_to_one_core() if self.one_core else nullcontext():
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
        held = Runs(plan, root / "held", 1, one_core=True)
        compared = [one, held] if hasattr(os, "sched_setaffinity") else [one]
        seconds = in_turns(size.rounds, more.once, *(each.once for each in compared))
    what = f"{size.images} images of {size.side} × {size.side}, {size.workers} workers, start-up "
    together, *alone = ([size.images / each for each in times] for times in seconds)
    found = []
    for runs, paces in zip(compared, alone, strict=True):
        of = "the speed of one worker" + " on one core" * runs.one_core
        found.append(_result(f"{what}included", together, paces, of))
        found.append(
            _result(f"{what}excluded", more.paces[1:], runs.paces[1:], of)
        )  # the first does not count
    return found


@contextmanager
def _held_to_one_core() -> Iterator[None]:
    """In the block this thread, and those it starts, share one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _result(what: str, together: list[float], alone: list[float], of: str) -> Result:
    value, beside = statistics.median(together), statistics.median(alone)
    return Result(what, ratios(together, alone), of, value, beside, "images/s")
