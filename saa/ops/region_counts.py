"""How many regions are predicted and matched at each threshold, over any number of maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saa.ops.level_trees import Basins
from saa.ops.region_matches import spans
from saa.types import AnomalyMap, Mask

MAX_THRESHOLDS = 1 << 21
"""More distinct ones are thinned: the closest, relative to their size, become one."""

Changes = tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True, eq=False)
class RegionCounts:
    """What changes at K thresholds, highest first, as they fall; counts of several maps can be added.

    Between two thresholds nothing changes, so at each the counts are exact, and no other threshold gives others.
    Of more than `MAX_THRESHOLDS` some are left out: counts at those that stay are exact all the same.

    Attributes:
        thresholds: (K,) float32, falling.
        predicted: (K,) int32, by how much the number of predicted regions rises or falls.
        matched: (K,) int32, likewise the number of matches.
        num_true: how many true regions there are.
        num_good_px: how many pixels are good.
    """

    thresholds: NDArray[np.float32]
    predicted: NDArray[np.int32]
    matched: NDArray[np.int32]
    num_true: int = 0
    num_good_px: int = 0

    @classmethod
    def none(cls) -> RegionCounts:
        """Those of no map."""
        return cls(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(0, np.int32))

    @classmethod
    def of(cls, basins: Basins, anomaly_map: AnomalyMap, mask: Mask) -> RegionCounts:
        """Those of one (H, W) map, given its basins and its defective pixels."""
        where, flips, num_true = spans(basins, anomaly_map, mask)
        thresholds = np.concatenate([basins.peaks, basins.saddles, where])
        signs = np.array([1, -1, 0], np.int32)
        predicted = np.repeat(signs, [len(basins.peaks), len(basins.saddles), len(where)])
        matched = np.append(np.zeros(len(thresholds) - len(where), np.int32), flips.astype(np.int32))
        num_good_px = int(np.count_nonzero((basins.labels >= 0) & ~mask))
        return cls(*_summed(thresholds, predicted, matched), num_true, num_good_px)

    def __add__(self, other: RegionCounts) -> RegionCounts:
        changes = _summed(
            np.concatenate([self.thresholds, other.thresholds]),
            np.concatenate([self.predicted, other.predicted]),
            np.concatenate([self.matched, other.matched]),
        )
        bits = 0
        while len(changes[0]) > MAX_THRESHOLDS:
            bits += 1
            changes = _summed(_rounded_down(changes[0], bits), *changes[1:])
        return RegionCounts(*changes, self.num_true + other.num_true, self.num_good_px + other.num_good_px)

    @property
    def f1(self) -> NDArray[np.float64]:
        """(K,) F1 = 2 matches / (predicted + true regions) at each threshold."""
        regions = np.cumsum(self.predicted) + self.num_true
        return np.asarray(2 * np.cumsum(self.matched) / np.maximum(regions, 1))


def _summed(
    thresholds: NDArray[np.float32], predicted: NDArray[np.int32], matched: NDArray[np.int32]
) -> Changes:
    """The changes added up at each distinct threshold, highest first, without those that cancel out."""
    order = np.argsort(-thresholds, kind="stable")
    order = order[: np.count_nonzero(thresholds > -np.inf)]
    values = thresholds[order]
    if not len(values):
        return values, predicted[order], matched[order]
    first = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    risen = np.add.reduceat(predicted[order], first, dtype=np.int32)
    found = np.add.reduceat(matched[order], first, dtype=np.int32)
    kept = (risen != 0) | (found != 0)
    return values[first][kept], risen[kept], found[kept]


def _rounded_down(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """The nearest numbers at or below those given whose last `bits` bits are zero."""
    keys = (values + np.float32(0)).view(np.int32)
    negative = keys < 0
    magnitudes = np.where(negative, keys & np.int32(0x7FFFFFFF), keys)
    up = np.where(negative, (1 << bits) - 1, 0).astype(np.int32)
    rounded = (magnitudes + up) & np.int32(-(1 << bits))
    return np.where(negative, -rounded.view(np.float32), rounded.view(np.float32))
