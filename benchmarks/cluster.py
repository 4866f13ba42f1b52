"""What Ray costs beside processes of our own, on one machine: the same plan, as many actors as workers.

Start-up is that of the actors. Starting Ray itself takes some seconds more, once a run, or none where a cluster is
there already.
"""

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
from saa.runs.cluster import joining
from saa.runs.cluster.crew import Cluster
from saa.runs.crews import Crew
from saa.runs.local import Local
from saa.runs.plan import Plan
from saa.runs.session import Tally

SUMMARY = "a run by actors of Ray and by local workers, start-up included and excluded"
PRODUCT = "fabric"


@dataclass(frozen=True)
class Size:
    """Images of a run by their pixels a side, and how many inspect them."""

    images: tuple[tuple[int, int], ...] = ((448, 48), (64, 400))
    workers: int = 2
    rounds: int = 3


FULL = Size()
QUICK = Size(images=((448, 12), (64, 60)), rounds=1)


@dataclass(frozen=True)
class Runs:
    """Runs of one plan, each in a new folder, and the pace of each once all were at work.

    Attributes:
        count: how many inspect.
        paces: images per second, start-up excluded, one of each run.
    """

    plan: Plan
    root: Path
    crew: Crew
    count: int
    paces: list[float] = field(default_factory=list)

    def once(self) -> None:
        """Do the whole run."""
        done: list[float] = []

        def watch(tally: Tally) -> None:
            if tally.done_now:
                done.append(time.perf_counter())

        session.run(self.plan, self.root / str(len(self.paces)), crew=self.crew, watch=watch)
        first = min(2 * self.count, len(done) - 1)  # by then all have surely started
        self.paces.append((len(done) - first) / max(done[-1] - done[first - 1], 1e-9))


def measure(size: Size) -> list[Result]:
    """The speed of actors as a multiple of that of workers."""
    with tempfile.TemporaryDirectory() as folder, joining.joined("local", size.workers):
        return [
            result
            for side, images in size.images
            for result in _measured(Path(folder) / str(side), side, images, size)
        ]


def _measured(root: Path, side: int, images: int, size: Size) -> list[Result]:
    listed = samples(root / "data", PRODUCT, count=images, num_files=8, side=side)
    plan = Plan(listed, {PRODUCT: saa.load(f"demo/{PRODUCT}", engine="embedded")}, "folder", root / "data")
    local = Runs(plan, root / "local", Local(size.workers), size.workers)
    ray = Runs(plan, root / "ray", Cluster(size.workers), size.workers)
    seconds = in_turns(size.rounds, local.once, ray.once)
    workers, actors = ([images / each for each in times] for times in seconds)
    what = f"{images} images of {side} × {side}, {size.workers} actors, start-up "
    return [
        _result(f"{what}included", actors, workers),
        _result(f"{what}excluded", ray.paces[1:], local.paces[1:]),  # the first round does not count
    ]


def _result(what: str, actors: list[float], workers: list[float]) -> Result:
    value, beside = statistics.median(actors), statistics.median(workers)
    return Result(what, ratios(actors, workers), "the speed of local workers", value, beside, "images/s")
