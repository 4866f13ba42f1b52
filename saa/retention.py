"""What is left of a normal data set once a share of the anomalies of another is found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from saa import modes, records, scored_maps
from saa.errors import RunError
from saa.ops import curves
from saa.ops.counting import Labelled, pixel_curve
from saa.ops.curves import Curve
from saa.records import Record, Records
from saa.scored_maps import ScoredMaps

RECALLS = tuple(percent / 100 for percent in range(5, 101, 5))
"""The shares of anomalous pixels at which the curve is told."""


@dataclass(frozen=True)
class NormalRun:
    """A run on pictures without anomalies, such as Cityscapes val.

    Attributes:
        found: its images.
    """

    found: Records

    @classmethod
    def read(cls, run: Path, beside: Records) -> NormalRun:
        """The run at `run`, to be compared with another.

        Raises:
            RunError: it is damaged, has no image with a truth, or was made by other recipes or in another mode.
        """
        found = records.read(run)
        if not any(row.has_truth and not row.failed for row in found.rows):
            raise RunError(
                f"{run}: expected a run on normal pictures with labels, got none; use --format cityscapes"
            )
        for what, of in (("recipes", _recipes), ("modes", _modes)):
            if of(found) != of(beside):
                raise RunError(
                    f"{run}: expected the {what} of {beside.run}, got others; "
                    "run both data sets with the same prompts and options"
                )
        return cls(found)

    def curve(self, maps: ScoredMaps) -> Curve:
        """The curve of anomalous pixels of `maps` against the normal pixels of this run.

        Raises:
            RunError, ImageError: a map or mask of either is missing or damaged.
        """
        theirs = [row for row in self.found.rows if not row.failed]
        own = ScoredMaps(
            scored_maps.mixed(theirs), lambda row: scored_maps.finite(row.map_path, row), maps.size
        )
        return pixel_curve(lambda: _both(maps, own), recalls=RECALLS)


def kept(curve: Curve) -> tuple[tuple[float, float], ...]:
    """(recall, share of normal pixels that stay below its threshold) for each of `RECALLS`; none if undefined."""
    found = ((recall, curves.retention(curve, recall).value) for recall in RECALLS)
    return tuple((recall, share) for recall, share in found if share is not None)


def _both(anomalous: ScoredMaps, normal: ScoredMaps) -> Iterator[Labelled]:
    """The anomalous pixels of some maps and the normal ones of others, mixed."""
    every: Sequence[tuple[Record, bool]] = [
        *((row, True) for row in anomalous.rows),
        *((row, False) for row in normal.rows),
    ]
    for index in np.random.default_rng(0).permutation(len(every)):
        row, is_anomalous = every[index]
        anomaly_map, truth = (anomalous if is_anomalous else normal).pair(row)
        if is_anomalous:
            yield Labelled(anomaly_map, truth.defective, truth.defective)
        else:
            normal_pixels = truth.scored & ~truth.defective
            yield Labelled(anomaly_map, np.zeros_like(normal_pixels), normal_pixels)


def _recipes(found: Records) -> set[str]:
    return {json.dumps(recipe, sort_keys=True) for recipe in found.manifest.get("recipes", {}).values()}


def _modes(found: Records) -> set[str]:
    return {modes.of(records.mode(rows)) for rows in found.by_product().values()}
