"""Where one process inspects images: it reads one, judges it, and keeps what comes of it.

The three are steps of their own, because they can overlap: while one image is judged the next can be read and the
last be written (`saa.runs.pipeline`). What a step gives depends on nothing but what it is given.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from saa import images, references, storage
from saa.errors import ImageError, ModelError, SaaError
from saa.modes import BATCH
from saa.runs import rle, vanished
from saa.runs.folder import RunFolder, unwritable, write_text
from saa.runs.outcome import MAP, PART, REGIONS, STAGES, Artefact, Outcome, failed, stamp
from saa.stages import Inspector
from saa.types import AnomalyMap, Image, Inspection, Sample

if TYPE_CHECKING:
    from saa.config import AnyRecipe

ONE_IMAGES_FAULT = (
    SaaError, ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError,
    ValueError, cv2.error,
)  # fmt: skip
"""What becomes a row and not the end of the run, when reading or inspecting one image raises it."""
_DECODE, _INSPECT, _WRITE = STAGES


@dataclass(frozen=True)
class Read:
    """A sample whose file has been read.

    Attributes:
        sample: the sample.
        stamp: of its file before it was read.
        sha256: of its file; empty if that could not be read.
        found: the picture, or why there is none.
        timings: seconds by stage.
    """

    sample: Sample
    stamp: str
    sha256: str
    found: Image | Exception
    timings: Mapping[str, float]


@dataclass(frozen=True)
class Judged:
    """A sample that has been inspected, without its picture.

    Attributes:
        sample, stamp, sha256: as in `Read`.
        found: the answer, or why there is none.
        timings: seconds by stage.
    """

    sample: Sample
    stamp: str
    sha256: str
    found: Inspection | Exception
    timings: Mapping[str, float]


class Station:
    """Inspects samples and leaves their artefacts in a run's folder.

    Keeps the inspector of the last product, so samples are best sorted by product. The references of products
    in batch mode must lie in the folder, or be fetched from where they do; see `fetching`.
    """

    def __init__(self, recipes: Mapping[str, AnyRecipe], folder: RunFolder, *, keep_parts: bool) -> None:
        self._recipes = recipes
        self._folder = folder
        self._keep_parts = keep_parts
        self._built: dict[str, Inspector] = {}
        self._fetch: Callable[[str], bytes] = self._from_folder

    @property
    def folder(self) -> RunFolder:
        """Where the artefacts go."""
        return self._folder

    def reference_path(self, product: str) -> Path | None:
        """Where what a product's images have taught lies; None if each is judged by itself."""
        return self._folder.reference_path(product) if self._recipes[product].mode == BATCH else None

    def fetching(self, fetch: Callable[[str], bytes]) -> Station:
        """The same station where the run's folder need not be.

        Args:
            fetch: the bytes of a product's reference file.
        """
        other = Station(self._recipes, self._folder, keep_parts=self._keep_parts)
        other._fetch = fetch
        return other

    def inspect(self, sample: Sample) -> Outcome:
        """Inspect one sample; its artefacts lie on disk, whole and synced, when this returns.

        Raises:
            SaaError: the recipe cannot be built, the run's folder takes no more, or the pictures' has gone.
        """
        self.prepare(sample.product)
        return self.keep(self.judge(self.read(sample)))

    def prepare(self, product: str) -> None:
        """Build the inspector of a product unless it is the one that is there.

        Raises:
            SaaError: the recipe cannot be built.
        """
        if product not in self._built:
            self._built = {}  # let the last one go before its successor takes memory
            self._built = {product: self._build(product)}

    def read(self, sample: Sample) -> Read:
        """Hash and decode a sample's file; may run in another thread than the rest.

        Raises:
            RunError: the folder it lies in has gone.
        """
        begun = time.perf_counter()
        seen, digest = stamp(sample.image_path), ""
        found: Image | Exception
        try:
            file = storage.fetched(sample.image_path)
            digest = images.sha256(file)
            found = images.read_rgb(file)
        except ONE_IMAGES_FAULT as error:
            vanished.check(sample.image_path)
            found = error
        return Read(sample, seen, digest, found, {_DECODE: time.perf_counter() - begun})

    def judge(self, read: Read) -> Judged:
        """Inspect what was read, in the thread whose numerical threads are limited.

        Raises:
            SaaError: the recipe cannot be built.
        """
        self.prepare(read.sample.product)
        begun = time.perf_counter()
        found: Inspection | Exception
        timings = dict(read.timings)
        if isinstance(read.found, Exception):
            found = read.found
        else:
            found = _inspected(self._built[read.sample.product], read.found)
            timings[_INSPECT] = time.perf_counter() - begun
        return Judged(read.sample, read.stamp, read.sha256, found, timings)

    def keep(self, judged: Judged) -> Outcome:
        """Write what was found; it lies on disk, whole and synced, when this returns. Any thread may do it.

        Raises:
            RunError: the run's folder takes no more.
        """
        begun = time.perf_counter()
        sample, found, timings = judged.sample, judged.found, dict(judged.timings)
        if isinstance(found, Exception):
            kind, spent = type(found).__name__, sum(timings.values())
            return failed(sample, reason(found), spent, judged.sha256, error_class=kind, timings=timings)
        artefacts = self._write(sample, found, found.parts if self._keep_parts else {})
        timings[_WRITE] = time.perf_counter() - begun
        height, width = found.regions.size
        return Outcome(
            product=sample.product,
            name=sample.name,
            error="",
            seconds=sum(timings.values()),
            image_sha256=judged.sha256,
            stamp=judged.stamp,
            score=float(found.score),
            height=height,
            width=width,
            num_regions=len(found.regions),
            notes=tuple(" ".join(note.split()) for note in found.notes),
            artefacts=artefacts,
            timings=timings,
        )

    def _build(self, product: str) -> Inspector:
        recipe = self._recipes[product]
        if recipe.mode != BATCH:
            return recipe.build()
        return recipe.build(references.parse(self._folder.reference_path(product), self._fetch(product)))

    def _from_folder(self, product: str) -> bytes:
        return references.read_bytes(self._folder.reference_path(product))

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
        root = self._folder.store
        return tuple(
            Artefact(kind, path.relative_to(root).as_posix(), path.stat().st_size)
            for kind, path in paths.items()
        )


def _inspected(inspector: Inspector, image: Image) -> Inspection | Exception:
    try:
        inspection = inspector.inspect(image)
        _check_finite(inspection)
    except ONE_IMAGES_FAULT as error:
        return error
    return inspection


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
