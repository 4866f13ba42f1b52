"""Recipes whose inspectors do as the image's first pixel says; importable by spawned workers."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from saa import images
from saa.runs.plan import Plan
from saa.types import Inspection, Regions, Sample

KILLER, FAULTY, NOT_FINITE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@dataclass(frozen=True)
class ScriptedInspector:
    seconds: float

    def inspect(self, image):
        time.sleep(self.seconds)
        first = tuple(int(level) for level in image[0, 0])
        if first == KILLER:
            os.kill(os.getpid(), signal.SIGKILL)
        if first == FAULTY:
            raise KeyError("no such word")
        values = image.reshape(-1, 3).astype(np.float32)
        weights = np.linspace(0.1, 0.9, 3, dtype=np.float32)
        anomaly_map = (values @ weights).reshape(image.shape[:2]) / np.float32(255)
        if first == NOT_FINITE:
            anomaly_map[0, 0] = np.nan
        masks = (anomaly_map > anomaly_map.mean())[None]
        regions = Regions(masks, np.float32([anomaly_map.max()]).clip(0), ("bright spot",))
        return Inspection(anomaly_map, float(anomaly_map.mean()), regions, np.zeros_like(anomaly_map))


@dataclass(frozen=True)
class ScriptedRecipe:
    phrase: str = "nut"
    seconds: float = 0.0
    engine: str = "scripted"

    def build(self):
        return ScriptedInspector(self.seconds)

    def as_dict(self) -> dict[str, Any]:
        return {"engine": self.engine, "prompt": {"object": {"phrase": self.phrase}}}


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


def table_without_seconds(path: Path) -> list[str]:
    return [line.rpartition(",")[0] for line in path.read_text(encoding="utf-8").splitlines()]


def files(root: Path) -> list[str]:
    """All files under `root`, by their path in it."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
