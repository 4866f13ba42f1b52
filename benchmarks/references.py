"""What it changes, and what it saves, to compare each image with some of the others in place of all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

import saa
from benchmarks._drawn import pictures
from benchmarks._measuring import Result
from saa import plugins
from saa.modes import BATCH
from saa.runs.threads import one_thread
from saa.stages import Inspector
from saa.types import AnomalyMap, Image

SUMMARY = "batch mode with few references against all images: how far the maps differ, processor time"


@dataclass(frozen=True)
class Size:
    """How much is measured; a part that lies alike and a texture take different roads.

    Attributes:
        images: of the batch, all different; all references are one less, for no image vouches for itself.
        references: how many there may be, one setting after the other.
        side: pixels.
        products: of `saa demo`.
    """

    images: int = 97
    references: tuple[int, ...] = (8, 16, 48)
    side: int = 1024
    products: tuple[str, ...] = ("label", "fabric")


FULL = Size()
QUICK = Size(images=17, references=(4, 8), side=448)


@dataclass
class Likeness:
    """How alike maps are to those they stand in for, told pixel by pixel and added up map by map."""

    largest: float = 0.0
    _range: tuple[float, float] = (np.inf, -np.inf)
    _sums: dict[str, float] = field(default_factory=dict)

    def add(self, found: AnomalyMap, exact: AnomalyMap) -> None:
        """One pair of maps, (H, W) float32 each."""
        off = np.abs(found - exact)
        self.largest = max(self.largest, float(off.max()))
        self._range = min(self._range[0], float(exact.min())), max(self._range[1], float(exact.max()))
        x, y = (each.ravel().astype(np.float64) for each in (found, exact))
        added = {"n": x.size, "off": off.sum(dtype=np.float64), "x": x.sum(), "y": y.sum()}
        added |= {"xx": x @ x, "yy": y @ y, "xy": x @ y}
        self._sums = {key: self._sums.get(key, 0.0) + float(value) for key, value in added.items()}

    def told(self) -> str:
        """The correlation, and differences as shares of the span of all exact maps."""
        sums, span = self._sums, self._range[1] - self._range[0]
        n, x, y = sums["n"], sums["x"], sums["y"]
        spread = (sums["xx"] - x * x / n) * (sums["yy"] - y * y / n)
        correlation = (sums["xy"] - x * y / n) / spread**0.5
        mean = sums["off"] / n / span
        return f"r = {correlation:.4f}, off by {mean:.2%} on average, {self.largest / span:.0%} at most"


@dataclass
class _Judge:
    """An inspector, what was decided when it was fitted, and the processor time it has taken."""

    inspector: Inspector
    arrangement: str
    seconds: float
    likeness: Likeness = field(default_factory=Likeness)

    def judged(self, image: Image) -> AnomalyMap:
        begun = time.process_time()
        found = self.inspector.inspect(image).anomaly_map
        self.seconds += time.process_time() - begun
        return found


def measure(size: Size) -> list[Result]:
    """Processor time an image, fit included, as a share of that of the full comparison; the answers' likeness."""
    with one_thread():
        return [result for product in size.products for result in _product(product, size)]


def _product(product: str, size: Size) -> list[Result]:
    images = list(pictures(product, size.images, size.side))
    every = size.images - 1
    full, *bounded = (_fitted(product, images, count) for count in (every, *size.references))
    for image in images:  # in turns, so that a machine that slows down slows all
        exact = full.judged(image)
        for judge in bounded:
            judge.likeness.add(judge.judged(image), exact)
    name = f"{product} {size.side} × {size.side}"
    return [
        Result(
            f"{name}, {count} references ({judge.arrangement}): {judge.likeness.told()}",
            [judge.seconds / full.seconds],
            f"the time with all {every} ({full.arrangement})",
            judge.seconds / size.images,
            full.seconds / size.images,
            "s/image",
        )
        for count, judge in zip(size.references, bounded, strict=True)
    ]


def _fitted(product: str, images: Sequence[Image], num_references: int) -> _Judge:
    recipe = saa.load(f"demo/{product}", "embedded", BATCH)
    settings = plugins.load("saliency", "consensus").Config(num_references=num_references)
    recipe = replace(recipe, saliency=settings)
    begun = time.process_time()
    reference = recipe.fit(images)
    inspector = recipe.build(reference)
    return _Judge(inspector, reference.about["decisions"]["arrangement"], time.process_time() - begun)
