"""A batch of parts through a run: fit, then inspect each against the others."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import saa
from benchmarks._drawn import samples
from benchmarks._measuring import Result
from saa.modes import BATCH
from saa.runs import session
from saa.runs.local import Local
from saa.runs.plan import Plan
from saa.runs.session import Tally

SUMMARY = (
    "runs in batch mode: against single mode, with two workers, and the cost of an image as they become more"
)
LEAST = 8
"""Images of the runs that do not count, one before each product."""


@dataclass(frozen=True)
class Size:
    """How much is measured; a part that lies alike and a texture take different roads.

    Attributes:
        images: of the runs whose pace is told, all different.
        counts: of the runs beside them, to see whether cost grows with the number of images.
        side: pixels.
        workers: the larger number of processes.
        products: of `saa demo`.
    """

    images: int = 100
    counts: tuple[int, ...] = (50, 200)
    side: int = 1024
    workers: int = 2
    products: tuple[str, ...] = ("label", "fabric")


FULL = Size()
QUICK = Size(images=16, counts=(8, 32), products=("label",))


@dataclass(frozen=True)
class Spent:
    """What a whole run took.

    Attributes:
        images: of the run.
        seconds: from its beginning to its table.
        fit_seconds: until the first image was handed out.
        processor_seconds: of this process alone, which is all of them with one worker.
    """

    images: int
    seconds: float
    fit_seconds: float
    processor_seconds: float

    @property
    def pace(self) -> float:
        """Images per second."""
        return self.images / self.seconds

    @property
    def cost(self) -> float:
        """Processor seconds an image."""
        return self.processor_seconds / self.images


def measure(size: Size) -> list[Result]:
    """Images per second, the share of the fit, and processor time an image."""
    return [result for product in size.products for result in _product(product, size)]


def _product(product: str, size: Size) -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        count = max(size.images, *size.counts)
        listed = samples(root / "data", product, count=count, num_files=count, side=size.side)
        batch = Plan(
            listed, {product: saa.load(f"demo/{product}", "embedded", BATCH)}, "folder", root / "data"
        )
        single = replace(batch, recipes={product: batch.recipes[product].alone})
        _first(batch, LEAST, root)
        one, one_alone, more, more_alone = (
            _first(plan, size.images, root, workers)
            for workers in (1, size.workers)
            for plan in (batch, single)
        )
        others = [_first(batch, each, root) for each in size.counts]
    name = f"{product} {size.side} × {size.side}, "
    pair = f"{name}{size.images} images, {size.workers} workers"
    return [
        _faster(f"{name}{size.images} images, 1 worker", one, one_alone, "single mode"),
        _faster(pair, more, more_alone, "single mode"),
        _faster(pair, more, one, "1 worker"),
        _share_of_fit(f"{name}{size.images} images, 1 worker: fit", one),
        *(_costlier(f"{name}{each.images} images: processor time an image", each, one) for each in others),
    ]


def _first(plan: Plan, count: int, root: Path, workers: int = 1) -> Spent:
    """A run of the first `count` images of a plan in a folder of its own, which is deleted."""
    begun, processor = time.perf_counter(), time.process_time()
    handed_out: list[float] = []

    def watch(_tally: Tally) -> None:
        if not handed_out:
            handed_out.append(time.perf_counter())

    session.run(replace(plan, samples=plan.samples[:count]), root / "run", crew=Local(workers), watch=watch)
    seconds, busy = time.perf_counter() - begun, time.process_time() - processor
    shutil.rmtree(root / "run")
    return Spent(count, seconds, handed_out[0] - begun, busy)


def _faster(what: str, ours: Spent, beside: Spent, whose: str) -> Result:
    return Result(
        what, [ours.pace / beside.pace], f"the speed of {whose}", ours.pace, beside.pace, "images/s"
    )


def _share_of_fit(what: str, ours: Spent) -> Result:
    share = ours.fit_seconds / ours.seconds
    return Result(what, [share], "the time of the run", ours.fit_seconds, ours.seconds, "s")


def _costlier(what: str, ours: Spent, beside: Spent) -> Result:
    of = f"the cost of one of {beside.images}"
    return Result(what, [ours.cost / beside.cost], of, ours.cost, beside.cost, "s/image")
