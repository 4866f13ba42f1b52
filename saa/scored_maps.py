"""The maps of a run with what is known of their pixels, at the size of a protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from saa import images, truths
from saa.errors import RunError
from saa.ops.counting import Labelled
from saa.records import Record
from saa.types import AnomalyMap, Mask, Truth

MapOf = Callable[[Record], AnomalyMap]


@dataclass(frozen=True)
class ScoredMaps:
    """Maps and masks of some images; read anew, one after the other, each time they are gone through.

    Attributes:
        rows: images with `has_truth`, in the order in which they come.
        read: the way to the map of each.
        size: (h, w) to which maps are resized (cubic; masks: nearest); None leaves them as they are.
    """

    rows: Sequence[Record]
    read: MapOf
    size: tuple[int, int] | None

    def __iter__(self) -> Iterator[Labelled]:
        return map(self.labelled, self.rows)

    def labelled(self, row: Record) -> Labelled:
        """The map of an image with its defective pixels and those that count, as `pair` reads them."""
        anomaly_map, truth = self.pair(row)
        return Labelled(anomaly_map, truth.defective, None if truth.scored.all() else truth.scored)

    def pairs(self) -> Iterator[tuple[AnomalyMap, Truth]]:
        """The same as maps and truths."""
        return map(self.pair, self.rows)

    def pair(self, row: Record) -> tuple[AnomalyMap, Truth]:
        """The map of an image and the truth about it.

        Raises:
            RunError, ImageError: a file is damaged or of another size.
        """
        anomaly_map = self.read(row)
        truth = truths.read(row, (anomaly_map.shape[0], anomaly_map.shape[1]))
        if self.size is None or self.size == anomaly_map.shape:
            return anomaly_map, truth
        resized = cv2.resize(anomaly_map, self.size[::-1], interpolation=cv2.INTER_CUBIC)
        nearest = Truth(_nearest(truth.defective, self.size), _nearest(truth.scored, self.size))
        return np.asarray(resized, np.float32), nearest


def mixed(rows: Sequence[Record]) -> list[Record]:
    """The images with a truth, mixed once and for all, so that the first maps resemble the rest."""
    known = [row for row in rows if row.has_truth]
    return [known[index] for index in np.random.default_rng(0).permutation(len(known))]


def finite(path: Path, row: Record) -> AnomalyMap:
    """A map of an image.

    Raises:
        RunError: it holds NaN or infinity.
        ImageError: it does not decode.
    """
    anomaly_map = images.read_map(path)
    if not np.isfinite(anomaly_map).all():
        raise RunError(f"{path}: expected finite values, got NaN or infinity; inspect {row.name} again")
    return anomaly_map


def _nearest(mask: Mask, size: tuple[int, int]) -> Mask:
    return cv2.resize(mask.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST).astype(np.bool_)
