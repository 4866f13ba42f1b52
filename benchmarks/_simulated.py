"""Runs in which nobody looks at a picture, to measure what goes on around that."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saa.modes import SINGLE
from saa.runs.outcome import Artefact, Outcome, stamp
from saa.runs.plan import Plan
from saa.runs.station import Station
from saa.types import Sample

_PRODUCTS = 15
_ANSWER = b"answer"


@dataclass(frozen=True)
class NoRecipe:
    """The recipe of an engine that is never built."""

    engine_name: str = "none"
    mode: str = SINGLE
    min_images: int = 1

    @property
    def alone(self) -> NoRecipe:
        return self

    def as_dict(self) -> dict[str, Any]:
        return {"engine": self.engine_name}

    def in_use(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class Simulated:
    """A crew that says at once what became of each image.

    Attributes:
        folder: the run's, to leave two small files an image in; None to leave none and only say so.
    """

    folder: Path | None = None

    def outcomes(self, samples: Sequence[Sample], _station: Station) -> Generator[Outcome, None, None]:
        for sample in samples:
            names = f"{sample.product}/{sample.name}"
            paths = {"map": f"maps/{names}.tiff", "regions": f"regions/{names}.json"}
            if self.folder:
                for path in paths.values():
                    self._leave(self.folder / path)
            artefacts = tuple(Artefact(kind, path, len(_ANSWER)) for kind, path in paths.items())
            yield Outcome(
                sample.product, sample.name, "", 0.003, "0" * 64, stamp(sample.image_path), 0.5, 32, 32, 1,
                artefacts=artefacts, timings={"decode": 0.001, "inspect": 0.001, "write": 0.001},
            )  # fmt: skip

    def _leave(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_ANSWER)


def plan(root: Path, count: int) -> Plan:
    """`count` images of fifteen products under `root`, none of which needs to be there."""
    products = [f"product-{number:02}" for number in range(_PRODUCTS)]
    samples = []
    for index in range(count):
        product, name = products[index % _PRODUCTS], f"test/good/{index // 1000:04}/{index:07}.png"
        samples.append(Sample(product, name, "good", root / product / name))
    return Plan(samples, {each.product: NoRecipe() for each in samples}, "folder", root)
