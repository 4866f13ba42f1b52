"""Regions matched as the code released with SAA+ does it, whose recall and F1 may exceed 1.

At each of 200 thresholds, evenly spaced from the highest score of a category down, a predicted region is what lies
strictly above it and is 8-connected. It is a hit if for some true region the intersection over union of *all* that is
predicted and *all* that is true, inside the box around the two, is at least 0.6. Hits are predicted regions, and many
of them may hit one true region: recall = hits / true regions has no limit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.ops.growing_boxes import GrowingBoxes, steps
from saa.ops.level_trees import Basins
from saa.ops.region_matches import LEAST_IOU, is_match
from saa.types import AnomalyMap, Mask

NUM_THRESHOLDS = 200
MAX_PX = 512 * 512
"""In larger maps nothing is counted: regions are at each threshold anew, which takes seconds a megapixel."""


def thresholds(lowest: float, highest: float) -> NDArray[np.float32]:
    """(200,) falling from `highest` by equal steps; one more step would reach `lowest`. Zeros if `lowest` is higher.

    Source: the released code spaces them so over the scores of a category after min-max scaling.
    """
    if lowest > highest:
        return np.zeros(NUM_THRESHOLDS, np.float32)
    steps = np.arange(NUM_THRESHOLDS) * ((highest - lowest) / NUM_THRESHOLDS)
    return (highest - steps).astype(np.float32)


@dataclass(frozen=True, eq=False)
class ReleasedCounts:
    """How many regions are predicted and how many of them are hits; counts at the same thresholds can be added.

    Attributes:
        thresholds: (T,) float32, falling.
        predicted: (T,) int64.
        hits: (T,) int64.
        num_true: how many true regions there are.
        num_too_large: maps of more than `MAX_PX` pixels, of which nothing is known.
    """

    thresholds: NDArray[np.float32]
    predicted: NDArray[np.int64]
    hits: NDArray[np.int64]
    num_true: int = 0
    num_too_large: int = 0

    @classmethod
    def none(cls, thresholds: NDArray[np.float32]) -> ReleasedCounts:
        """Those of no map."""
        nothing = np.zeros(len(thresholds), np.int64)
        return cls(thresholds, nothing, nothing)

    @classmethod
    def of(
        cls, thresholds: NDArray[np.float32], basins: Basins, anomaly_map: AnomalyMap, mask: Mask
    ) -> ReleasedCounts:
        """Those of one (H, W) map, given its basins and its defective pixels."""
        if anomaly_map.size > MAX_PX:
            return replace(cls.none(thresholds), num_too_large=1)
        peaks, saddles = np.sort(basins.peaks), np.sort(basins.saddles)
        above = len(peaks) - np.searchsorted(peaks, thresholds, side="right")
        predicted = above - len(saddles) + np.searchsorted(saddles, thresholds, side="right")
        boxes = _boxes(mask)
        return cls(thresholds, predicted, _hits(thresholds, basins, anomaly_map, mask, boxes), len(boxes))

    def __add__(self, other: ReleasedCounts) -> ReleasedCounts:
        if not np.array_equal(self.thresholds, other.thresholds):
            raise ValueError("counts: expected both at the same thresholds, got others")
        return ReleasedCounts(
            self.thresholds,
            self.predicted + other.predicted,
            self.hits + other.hits,
            self.num_true + other.num_true,
            self.num_too_large + other.num_too_large,
        )

    @property
    def f1(self) -> NDArray[np.float64]:
        """(T,) F1 = 2 hits / (predicted + true regions), which is that of hits / predicted and hits / true."""
        return np.asarray(2 * self.hits / np.maximum(self.predicted + self.num_true, 1))


def _hits(
    thresholds: NDArray[np.float32],
    basins: Basins,
    anomaly_map: AnomalyMap,
    mask: Mask,
    boxes: NDArray[np.int32],
) -> NDArray[np.int64]:
    """(T,) hits at each threshold, given the (x0, y0, x1, y1) of each true region."""
    hits = np.zeros(len(thresholds), np.int64)
    if not len(boxes):
        return hits
    since = steps(thresholds, anomaly_map)
    windows = _windows(since, mask, boxes, len(thresholds))
    corners, ends = windows[..., :2].min(axis=0), windows[..., 2:].max(axis=0)
    anything_new = np.bincount(since.ravel(), minlength=len(thresholds)) > 0
    components = GrowingBoxes.of(thresholds, basins, anomaly_map)
    for step in np.flatnonzero((corners < ends).all(axis=1)).tolist():
        if anything_new[step]:
            x0, y0, x1, y1 = (int(each) for each in (*corners[step], *ends[step]))
            shift = np.array([x0, y0, x0, y0])
            predicted = since[y0:y1, x0:x1] <= step
            within = windows[:, step] - shift
            found = components.at(step) - shift
            hits[step] = _num_hits(predicted, mask[y0:y1, x0:x1], found, boxes - shift, within)
        else:
            hits[step] = hits[max(step - 1, 0)]
    return hits


def _num_hits(
    predicted: Mask,
    mask: Mask,
    found: NDArray[np.int64],
    true: NDArray[np.int64],
    windows: NDArray[np.int64],
) -> int:
    """How many predicted regions are hits, given the boxes of both and in which windows hits of each true one lie."""
    within = (found[:, None, :2] >= windows[None, :, :2]) & (found[:, None, 2:] <= windows[None, :, 2:])
    which, of = np.nonzero(within.all(axis=2))
    if not len(which):
        return 0
    x0, y0 = np.minimum(found[which, :2], true[of, :2]).T
    x1, y1 = np.maximum(found[which, 2:], true[of, 2:]).T

    def inside(pixels: Mask) -> NDArray[np.int32]:
        sums = cv2.integral(pixels.astype(np.uint8))
        return np.asarray(sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0], np.int32)

    return len(np.unique(which[is_match(inside(predicted & mask), inside(predicted | mask))]))


def _boxes(mask: Mask) -> NDArray[np.int32]:
    """(G, 4) x0, y0, x1, y1 of all regions of a mask."""
    stats = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)[2][1:]
    return np.concatenate([stats[:, :2], stats[:, :2] + stats[:, 2:4]], axis=1, dtype=np.int32)


def _windows(since: NDArray[np.int64], mask: Mask, boxes: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """(G, count, 4) x0, y0, x1, y1 of what can hit each true region at each step; the wrong way round if nothing can.

    The box around a region and a true one holds no more in common than the whole image does. So there is a limit to
    what it may hold together, and to how far it may reach beyond the true region to each side.
    """
    height, width = mask.shape
    together = np.where(mask, 0, since)
    shared = np.cumsum(np.bincount(since[mask], minlength=count + 1))[:count]
    limit = LEAST_IOU[1] * shared // LEAST_IOU[0]
    windows = np.empty((len(boxes), count, 4), np.int64)
    for window, (x0, y0, x1, y1) in zip(windows, boxes.tolist(), strict=True):
        columns, rows = _cumulated(together[y0:y1].T, count), _cumulated(together[:, x0:x1], count)
        room = limit - columns[x0:x1].sum(axis=0)
        window[:, 0] = x0 - _fitting(columns[:x0][::-1], room)
        window[:, 1] = y0 - _fitting(rows[:y0][::-1], room)
        window[:, 2] = x1 + _fitting(columns[x1:], room)
        window[:, 3] = y1 + _fitting(rows[y1:], room)
        window[room < 0] = width, height, 0, 0
    return windows


def _cumulated(since: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(L, count) how many pixels of each of L lines are there at each step."""
    lines = np.arange(len(since))[:, None] * (count + 1)
    per_step = np.bincount((since + lines).ravel(), minlength=len(since) * (count + 1))
    return np.asarray(np.cumsum(per_step.reshape(len(since), count + 1), axis=1)[:, :count])


def _fitting(lines: NDArray[np.int64], room: NDArray[np.int64]) -> NDArray[np.int64]:
    """(count,) of (L, count) lines, how many from the first on fit into the room at each step."""
    return np.asarray(np.count_nonzero(np.cumsum(lines, axis=0) <= room, axis=0))
