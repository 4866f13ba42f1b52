"""Candidate regions: connected pieces of an unlikeness map at many thresholds, scored by their contrast."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.embedded.filters import Plane
from saa.ops import masks as mask_ops
from saa.types import Mask, Masks

_QUANTILES = (0.7, 0.8, 0.88, 0.93, 0.96, 0.98, 0.99, 0.995)
_MAX_PER_LEVEL = 40
_MAX_AREA_RATIO = 0.4
_MIN_AREA_RATIO = 1e-4
_MIN_AREA_PX = 6
_MAX_IOU = 0.6
_MAX_SHARE = 0.9
"""Share of a smaller piece inside another from which on both are the same thing at two thresholds."""
_CANDIDATES_PER_SEGMENT = 5
"""Pieces compared for each one kept; comparing them all would cost more than all else together."""


@dataclass(frozen=True, eq=False)
class Segments:
    """N candidate regions, best first.

    Attributes:
        masks: (N, h, w) bool, at the size of the unlikeness map.
        contrasts: (N,) float32, mean unlikeness inside less that in a ring around; above 0.
    """

    masks: Masks
    contrasts: NDArray[np.float32]


def find(unlikeness: Plane, count: int) -> Segments:
    """The `count` most contrasting pieces of an (h, w) map, of those that lie on or in each other the best."""
    found = [piece for threshold in _thresholds(unlikeness) for piece in _pieces(unlikeness > threshold)]
    if not found:
        return Segments(np.zeros((0, *unlikeness.shape), np.bool_), np.zeros(0, np.float32))
    masks = np.stack(found)
    contrasts = np.array([contrast(unlikeness, mask) for mask in masks], np.float32)
    best = np.argsort(-contrasts, kind="stable")[: _CANDIDATES_PER_SEGMENT * count]
    best = best[contrasts[best] > 0]
    masks, contrasts = masks[best], contrasts[best]
    kept = mask_ops.suppress(masks, contrasts, _MAX_IOU)
    kept = kept[mask_ops.first_of_nested(masks[kept], _MAX_SHARE)][:count]
    return Segments(masks[kept], contrasts[kept])


def contrast(unlikeness: Plane, mask: Mask) -> float:
    """Mean inside a mask less the mean in a ring around it whose width grows with the mask; a gap lies between.

    A region that is as unlike as its surroundings is no region; this beats the mean inside by far.
    """
    area = int(np.count_nonzero(mask))
    radius = max(1, int(0.15 * area**0.5))
    x0, y0, width, height = cv2.boundingRect(mask.astype(np.uint8))
    margin = radius + 2
    window = (
        slice(max(0, y0 - margin), y0 + height + margin),
        slice(max(0, x0 - margin), x0 + width + margin),
    )
    inside = mask[window].astype(np.uint8)
    gap = cv2.dilate(inside, _ellipse(1))
    ring = (cv2.dilate(inside, _ellipse(radius + 1)) > 0) & (gap == 0)
    values = unlikeness[window]
    outside = float(values[ring].mean()) if ring.any() else 0.0
    return float(values[inside > 0].mean()) - outside


def _thresholds(unlikeness: Plane) -> list[float]:
    return sorted({float(level) for level in np.quantile(unlikeness, _QUANTILES)})


def _pieces(above: Mask) -> list[Mask]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8), connectivity=8)
    areas = stats[1:count, cv2.CC_STAT_AREA]
    order = np.argsort(-areas, kind="stable")[:_MAX_PER_LEVEL]
    smallest, largest = max(_MIN_AREA_PX, _MIN_AREA_RATIO * above.size), _MAX_AREA_RATIO * above.size
    return [labels == i + 1 for i in order if smallest <= areas[i] <= largest]


def _ellipse(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)
