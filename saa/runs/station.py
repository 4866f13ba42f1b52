"""Where one process inspects images, one after the other."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from saa import images, references
from saa.errors import ImageError, ModelError, SaaError
from saa.modes import BATCH
from saa.runs import rle
from saa.runs.folder import RunFolder, unwritable, write_text
from saa.runs.outcome import MAP, PART, REGIONS, Artefact, Outcome, failed, stamp
from saa.stages import Inspector
from saa.types import AnomalyMap, Inspection, Sample

if TYPE_CHECKING:
    from saa.config import AnyRecipe

ONE_IMAGES_FAULT = (
    SaaError, ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError,
    ValueError, cv2.error,
)  # fmt: skip
"""What becomes a row and not the end of the run, when reading or inspecting one image raises it."""


class Station:
    """Inspects samples and leaves their artefacts in a run's folder.

    Keeps the inspector of the last product, so samples are best sorted by product. The references of products
    in batch mode must lie in the folder.
    """

    def __init__(self, recipes: Mapping[str, AnyRecipe], folder: RunFolder, *, keep_parts: bool) -> None:
        self._recipes = recipes
        self._folder = folder
        self._keep_parts = keep_parts
        self._built: dict[str, Inspector] = {}

    def inspect(self, sample: Sample) -> Outcome:
        """Inspect one sample; its artefacts lie on disk, whole and synced, when this returns.

        Raises:
            SaaError: the recipe cannot be built, or the run's folder takes no more.
        """
        inspector = self._inspector(sample.product)
        begun = time.perf_counter()
        seen = stamp(sample.image_path)
        digest = ""
        try:
            digest = images.sha256(sample.image_path)
            inspection = inspector.inspect(images.read_rgb(sample.image_path))
            _check_finite(inspection)
        except ONE_IMAGES_FAULT as error:
            return failed(sample, reason(error), time.perf_counter() - begun, digest)
        parts = inspection.parts if self._keep_parts else {}
        artefacts = self._write(sample, inspection, parts)
        height, width = inspection.regions.size
        return Outcome(
            product=sample.product,
            name=sample.name,
            error="",
            seconds=time.perf_counter() - begun,
            image_sha256=digest,
            stamp=seen,
            score=float(inspection.score),
            height=height,
            width=width,
            num_regions=len(inspection.regions),
            notes=tuple(" ".join(note.split()) for note in inspection.notes),
            artefacts=artefacts,
        )

    def _inspector(self, product: str) -> Inspector:
        if product not in self._built:
            self._built = {}  # let the last one go before its successor takes memory
            self._built = {product: self._build(product)}
        return self._built[product]

    def _build(self, product: str) -> Inspector:
        recipe = self._recipes[product]
        if recipe.mode != BATCH:
            return recipe.build()
        return recipe.build(references.read(self._folder.reference_path(product)))

    def _write(
        self, sample: Sample, inspection: Inspection, parts: Mapping[str, AnomalyMap]
    ) -> tuple[Artefact, ...]:
        product, name = sample.product, sample.name
        paths = {PART + part: self._folder.part_path(part, product, name) for part in parts}
        paths[MAP], paths[REGIONS] = self._folder.artefacts(product, name)
        regions = json.dumps({"regions": rle.describe(inspection.regions)}, separators=(",", ":"))
        for part, values in parts.items():
            _write_map(paths[PART + part], values)
        _write_map(paths[MAP], inspection.anomaly_map)
        write_text(paths[REGIONS], regions)
        root = self._folder.root
        return tuple(
            Artefact(kind, path.relative_to(root).as_posix(), path.stat().st_size)
            for kind, path in paths.items()
        )


def reason(error: BaseException) -> str:
    """One line for a row: our own message, or the class, the words and the place of an unexpected error."""
    if isinstance(error, SaaError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _write_map(path: Path, values: AnomalyMap) -> None:
    try:
        images.write_map(path, values)
    except ImageError as error:
        raise unwritable(path, error) from error


def _check_finite(inspection: Inspection) -> None:
    maps = (inspection.anomaly_map, *inspection.parts.values())
    if not (np.isfinite(inspection.score) and all(np.isfinite(each).all() for each in maps)):
        raise ModelError("inspection: expected finite numbers, got NaN or infinity; the recipe has a fault")
