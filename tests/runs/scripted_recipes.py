"""Recipes whose inspectors do as the image's first pixel says; importable by spawned workers."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from saa import images
from saa.errors import TooFewImagesError
from saa.modes import BATCH, SINGLE
from saa.references import Reference
from saa.runs.plan import Plan
from saa.runs.results import DIFFERING
from saa.types import Inspection, Regions, Sample

KILLER, FAULTY, NOT_FINITE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
CRASHER, SLEEPER = (255, 255, 0), (0, 255, 255)


@dataclass(frozen=True)
class ScriptedInspector:
    seconds: float
    level: float = 0.0
    notes: tuple[str, ...] = ()

    def inspect(self, image):
        time.sleep(self.seconds)
        first = tuple(int(level) for level in image[0, 0])
        if first == KILLER:
            os.kill(os.getpid(), signal.SIGKILL)
        if first == CRASHER:
            os.kill(os.getpid(), signal.SIGSEGV)
        if first == SLEEPER:
            time.sleep(600)
        if first == FAULTY:
            raise KeyError("no such word")
        values = image.reshape(-1, 3).astype(np.float32)
        weights = np.linspace(0.1, 0.9, 3, dtype=np.float32)
        anomaly_map = (values @ weights).reshape(image.shape[:2]) / np.float32(255)
        anomaly_map = np.abs(anomaly_map - np.float32(self.level))
        if first == NOT_FINITE:
            anomaly_map[0, 0] = np.nan
        masks = (anomaly_map > anomaly_map.mean())[None]
        regions = Regions(masks, np.float32([anomaly_map.max()]).clip(0), ("bright spot",))
        parts = {"regions": anomaly_map / 4, "dense": anomaly_map - anomaly_map / 4}
        score, saliency = float(anomaly_map.mean()), np.zeros_like(anomaly_map)
        return Inspection(anomaly_map, score, regions, saliency, self.notes, parts)


@dataclass(frozen=True)
class ScriptedRecipe:
    phrase: str = "nut"
    seconds: float = 0.0
    engine_name: str = "scripted"
    mode: str = SINGLE
    min_images: int = 1

    @property
    def alone(self):
        return self if self.mode == SINGLE else ScriptedRecipe(self.phrase, self.seconds, self.engine_name)

    def build(self, reference=None):
        assert reference is None, "nothing was fitted"
        return ScriptedInspector(self.seconds)

    def as_dict(self) -> dict[str, Any]:
        return {"engine": self.engine_name, "prompt": {"object": {"phrase": self.phrase}}}

    def in_use(self) -> dict[str, Any]:
        return {key: value for key, value in self.as_dict().items() if key not in ("engine", "prompt")}


@dataclass(frozen=True)
class BatchRecipe(ScriptedRecipe):
    """Learns the mean brightness of its different images, of which it needs three."""

    mode: str = BATCH
    min_images: int = 3

    def fit(self, images):
        levels = {float(image.mean()) for image in images}
        if len(levels) < self.min_images:
            raise TooFewImagesError(f"expected {self.min_images} different images,\ngot {len(levels)}")
        level = np.float32([sum(sorted(levels)) / len(levels)])
        about = {"num_images": len(levels), "decisions": {"aligned": len(levels) > 3}}
        return Reference("scripted", {"level": level}, about)

    def build(self, reference=None):
        level = float(reference.arrays["level"][0]) / 255
        return ScriptedInspector(self.seconds, level, (f"compared with {reference.num_images}",))


def picture(path: Path, seed: int = 0, first: tuple[int, int, int] = (1, 2, 3)) -> Path:
    """A 7 by 5 picture of noise whose first pixel is `first`."""
    image = np.random.default_rng(seed).integers(0, 250, (5, 7, 3), dtype=np.uint8)
    image[0, 0] = first
    images.write_png(path, image)
    return path


def samples(root: Path, count: int, products: tuple[str, ...] = ("nut",)) -> list[Sample]:
    """`count` pictures of each product under `root`, written if they are not there."""
    found = []
    for product in products:
        for index in range(count):
            name = f"test/good/{index:03}.png"
            path = root / product / name
            found.append(Sample(product, name, "good", path if path.exists() else picture(path, index)))
    return found


def plan(root: Path, count: int = 3, products: tuple[str, ...] = ("nut",), **recipe: Any) -> Plan:
    return Plan(
        samples(root, count, products), dict.fromkeys(products, ScriptedRecipe(**recipe)), "folder", root
    )


def batch(planned: Plan) -> Plan:
    """The same images with recipes that have to be fitted."""
    return replace(
        planned,
        recipes={
            name: BatchRecipe(each.phrase, each.seconds, each.engine_name)
            for name, each in planned.recipes.items()
        },
    )


def table_without_seconds(path: Path) -> list[str]:
    """The lines of results.csv without the columns in which two runs of one plan may differ."""
    return [line.rsplit(",", len(DIFFERING))[0] for line in path.read_text(encoding="utf-8").splitlines()]


def files(root: Path) -> list[str]:
    """All files under `root`, by their path in it."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
