from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from saa import images
from saa.runs import rle
from saa.runs.folder import RunFolder
from saa.types import Regions

# Read when torch is first imported: on tiny networks, threads wait for each other longer than they work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

COLUMNS = (
    "product", "name", "defect", "status", "score", "height", "width", "num_regions", "image_path", "mask_path",
    "image_sha256", "error", "mode", "notes", "ignore_path", "mask_kind", "track", "seconds",
)  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def weights_of_this_machine(tmp_path_factory):
    """The variables that say where its checkpoints lie, taken away: no test but those marked `weights` sees them."""
    names = ("SAA_WEIGHTS", "HF_HOME", "HF_HUB_CACHE", "HF_ENDPOINT", "XDG_CACHE_HOME", "SAA_OFFLINE")
    taken = {name: os.environ.get(name) for name in names}
    with pytest.MonkeyPatch.context() as environment:
        for name in names:
            environment.delenv(name, raising=False)
        environment.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        environment.setenv("SAA_OFFLINE", "1")
        yield taken


@pytest.fixture(autouse=True)
def _a_cache_of_its_own(request, tmp_path, monkeypatch, weights_of_this_machine):
    """What one test records of checkpoints, no other test sees."""
    if request.node.get_closest_marker("weights") is None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
        return
    for name, value in weights_of_this_machine.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


@dataclass
class FakeRun:
    """A run's folder and its data set, made up; `save` writes the tables."""

    folder: Path
    root: Path
    rows: list[dict[str, str]] = field(default_factory=list)
    maps: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    masks: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    def add(
        self,
        product,
        name,
        defect="good",
        *,
        anomaly_map=None,
        mask=None,
        score=None,
        error="",
        mode="single image",
        notes="",
        parts=None,
        ignored=None,
        track="",
    ) -> None:
        """One image; a map makes it a success, an error a failure. Parts are maps by name."""
        height, width = (8, 10) if anomaly_map is None else anomaly_map.shape
        image_path, mask_path, ignore_path = f"{product}/{name}", "", ""
        pixels = np.random.default_rng(len(self.rows)).integers(90, 160, (height, width, 3), np.uint8)
        images.write_png(self.root / image_path, pixels)
        if mask is not None:
            mask_path = f"{product}/masks/{name}"
            images.write_png(self.root / mask_path, mask)
            self.masks[product, name] = mask
        if ignored is not None:
            ignore_path = f"{product}/ignore/{name}"
            images.write_png(self.root / ignore_path, ignored)
        if anomaly_map is not None:
            self.maps[product, name] = anomaly_map
            map_path, path = RunFolder(self.folder).artefacts(product, name)
            images.write_map(map_path, anomaly_map)
            found = anomaly_map > 0.5
            masks = found[None] if found.any() else found[None][:0]
            count = len(masks)
            regions = Regions(masks, np.full(count, 0.75, np.float32), ("dark <spot>",) * count)
            saved = {"regions": rle.describe(regions)}
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(saved), "utf-8")
            score = float(anomaly_map.max()) if score is None else score
        for part, values in (parts or {}).items():
            images.write_map(self.folder / "parts" / part / product / f"{name}.tiff", values)
        self.rows.append(
            {
                "product": product, "name": name, "defect": defect, "status": "failed" if error else "ok",
                "score": "" if error else repr(score), "height": str(height), "width": str(width),
                "num_regions": "0", "image_path": image_path, "mask_path": mask_path, "image_sha256": "0" * 64,
                "error": error, "mode": mode, "notes": notes, "ignore_path": ignore_path,
                "mask_kind": "nonzero", "track": track, "seconds": "0.1",
            }
        )  # fmt: skip

    def save(self, without=()) -> Path:
        """Write run.json and results.csv, without some columns; returns the run's folder."""
        about = {
            "format": 1,
            "mode": "single image",
            "dataset": {"format": "mvtec", "root": self.root.as_posix()},
            "engine": "embedded",
            "recipes": {product: {"engine": "embedded"} for product in {row["product"] for row in self.rows}},
            "recipe_sha256": "ab" * 32,
            "versions": {"saa": "0.1.0", "python": "3.11.2", "numpy": "2.4.0"},
            "commit": None,
            "platform": "Linux",
            "created": "2026-01-02T03:04:05+00:00",
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "run.json").write_text(json.dumps(about), "utf-8")
        with (self.folder / "results.csv").open("w", encoding="utf-8", newline="") as file:
            columns = [column for column in COLUMNS if column not in without]
            writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(sorted(self.rows, key=lambda row: (row["product"], row["name"])))
        return self.folder


@pytest.fixture(scope="session")
def fake_runs() -> type[FakeRun]:
    """What makes runs up, for fixtures that live longer than a test: `fake_runs(folder, root)`."""
    return FakeRun


@pytest.fixture
def fake_run(tmp_path) -> FakeRun:
    """An empty made-up run."""
    return FakeRun(tmp_path / "run", tmp_path / "dataset")


@pytest.fixture
def small_run(fake_run) -> FakeRun:
    """Two products of 3 good and 3 defective images, 30 x 44, whose maps are right more often than not."""
    rng = np.random.default_rng(4)
    for product in ("bottle", "grid"):
        for number in range(6):
            mask = np.zeros((30, 44), bool)
            if number >= 3:
                mask[5:12, 7 + number : 20] = True
            anomaly_map = (rng.random(mask.shape, np.float32) * 0.6 + mask * 0.4).astype(np.float32)
            defect = "hole" if number >= 3 else "good"
            fake_run.add(
                product,
                f"test/{defect}/{number:03d}.png",
                defect,
                anomaly_map=anomaly_map,
                mask=mask if number >= 3 else None,
            )
    return fake_run


@pytest.fixture
def new_map() -> Callable[..., np.ndarray]:
    """A seeded random map of a size (h, w)."""

    def make(height: int = 8, width: int = 10, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).random((height, width), np.float32)

    return make
