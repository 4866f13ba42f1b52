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

from saa import images
from saa.errors import ImageError, ModelError, SaaError
from saa.runs import rle
from saa.runs.folder import RunFolder, unwritable, write_text
from saa.runs.outcome import Outcome, failed, stamp
from saa.stages import Inspector
from saa.types import Inspection, Sample

if TYPE_CHECKING:
    from saa.config import Recipe

ONE_IMAGES_FAULT = (
    SaaError, ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError,
    ValueError, cv2.error,
)  # fmt: skip
"""What becomes a row and not the end of the run, when reading or inspecting one image raises it."""


class Station:
    """Inspects samples and leaves their artefacts in a run's folder.

    Keeps the inspector of the last product, so samples are best sorted by product.
    """

    def __init__(self, recipes: Mapping[str, Recipe], folder: RunFolder) -> None:
        self._recipes = recipes
        self._folder = folder
        self._built: dict[str, Inspector] = {}

    def inspect(self, sample: Sample) -> Outcome:
        """Inspect one sample; map and regions lie on disk, whole and synced, when this returns.

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
        self._write(sample, inspection)
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
        )

    def _inspector(self, product: str) -> Inspector:
        if product not in self._built:
            self._built = {}  # let the last one go before its successor takes memory
            self._built = {product: self._recipes[product].build()}
        return self._built[product]

    def _write(self, sample: Sample, inspection: Inspection) -> None:
        map_path, regions_path = self._folder.artefacts(sample.product, sample.name)
        regions = json.dumps({"regions": rle.describe(inspection.regions)}, separators=(",", ":"))
        try:
            images.write_map(map_path, inspection.anomaly_map)
        except ImageError as error:
            raise unwritable(map_path, error) from error
        write_text(regions_path, regions)


def reason(error: BaseException) -> str:
    """One line for a row: our own message, or the class, the words and the place of an unexpected error."""
    if isinstance(error, SaaError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _check_finite(inspection: Inspection) -> None:
    if not (np.isfinite(inspection.score) and np.isfinite(inspection.anomaly_map).all()):
        raise ModelError("inspection: expected finite numbers, got NaN or infinity; the recipe has a fault")
