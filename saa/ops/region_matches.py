"""At which thresholds each true region of a map has a predicted region that matches it.

A predicted region is an 8-connected component of what lies at or above the threshold. It matches a true region if
their intersection over union is at least 0.6. That is more than one half, so no region ever has two matches: which
prediction belongs to which truth is no question, and nothing need be assigned.
Source: SAA+, arXiv 2305.10724, which names 0.6; one-to-one, which its released code is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.ops.level_trees import Basins, LevelTree
from saa.types import AnomalyMap, Mask

LEAST_IOU = (3, 5)
"""As numerator and denominator, so that nothing is rounded."""


def is_match(shared: NDArray[np.integer], union: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether two sets of pixels with so many in common, of so many together, match; none do if both are empty."""
    return (LEAST_IOU[1] * shared >= LEAST_IOU[0] * union) & (union > 0)


def spans(
    basins: Basins, anomaly_map: AnomalyMap, mask: Mask
) -> tuple[NDArray[np.float32], NDArray[np.int64], int]:
    """Where matches begin and end as the threshold falls.

    Args:
        basins: those of `anomaly_map`.
        anomaly_map: (H, W) float32; minus infinity is never predicted.
        mask: (H, W) bool, the defective pixels.

    Returns:
        (K,) thresholds in no order, (K,) how many true regions are matched from there down (1) or are not any more
        (-1), and the number of true regions, 8-connected.
    """
    count, numbers = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    regions = np.asarray(numbers, np.int32)
    found = [(np.zeros(0, np.float32), np.zeros(0, np.int64))]
    if count > 1 and len(basins.peaks):
        areas = np.bincount(regions.ravel(), minlength=count)
        growth = _Growth.of(basins, anomaly_map, regions, int(areas[1:].min()), int(areas[1:].max()))
        found += [growth.flips(region, int(areas[region])) for region in range(1, count)]
    thresholds, flips = zip(*found, strict=True)
    return np.concatenate(thresholds), np.concatenate(flips), count - 1


@dataclass(frozen=True, eq=False)
class _Growth:
    """The components of a map, K nodes of its tree, and how those grow that are neither too small nor too large.

    Attributes:
        tree: of the map.
        areas: (K,) int64, how many pixels each node has when it ends, with those of its children.
        own: (K,) int64, how many of these it has not from its children.
        starts: (K,) int64, the first of them below.
        values: (P,) float32, of the pixels of one node after the other, highest first.
        owners: (P,) int32, the true region of each; 0 is none.
        places: by true region, the place in the tree of each of its pixels, sorted.
    """

    tree: LevelTree
    areas: NDArray[np.int64]
    own: NDArray[np.int64]
    starts: NDArray[np.int64]
    values: NDArray[np.float32]
    owners: NDArray[np.int32]
    places: Sequence[NDArray[np.int64]]

    @classmethod
    def of(
        cls, basins: Basins, anomaly_map: AnomalyMap, regions: NDArray[np.int32], smallest: int, largest: int
    ) -> _Growth:
        """That of the nodes that may match true regions of so many pixels."""
        tree, labels = basins.tree, basins.labels.ravel()
        called = slice(None) if (labels >= 0).all() else labels >= 0
        values, owners = anomaly_map.ravel()[called], regions.ravel()[called]
        nodes = tree.entered(labels[called], values)
        own = np.bincount(nodes, minlength=len(tree.heights))
        areas = tree.below(own)
        rows = np.flatnonzero(_may_match(areas, own, smallest, largest)[nodes])
        rows = rows[np.lexsort((-values[rows], nodes[rows]))]
        starts = np.searchsorted(nodes[rows], np.arange(len(own)))
        true = np.flatnonzero(owners)
        true = true[np.lexsort((tree.places[nodes[true]], owners[true]))]
        ends = np.searchsorted(owners[true], np.arange(1, regions.max() + 1))
        places = np.split(tree.places[nodes[true]], ends)
        return cls(tree, areas, own, starts, values[rows], owners[rows], places)

    def flips(self, region: int, area: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Where matches of a true region of so many pixels begin (1) and end (-1).

        A component that matches holds more than half of the region, so all that do lie on one way up the tree.
        """
        nodes = np.flatnonzero(_may_match(self.areas, self.own, area, area))
        first, after = self.tree.places[nodes], self.tree.places[nodes] + self.tree.sizes[nodes]
        shared = np.searchsorted(self.places[region], after) - np.searchsorted(self.places[region], first)
        enough = LEAST_IOU[1] * shared >= LEAST_IOU[0] * area
        nodes, shared = nodes[enough], shared[enough]
        counts = self.own[nodes]
        ends = np.cumsum(counts)
        if not ends[-1:].any():
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        rows = np.arange(ends[-1]) + np.repeat(self.starts[nodes] - ends + counts, counts)
        sizes = np.arange(1, ends[-1] + 1) + np.repeat(self.areas[nodes] - ends, counts)
        hits = np.cumsum(self.owners[rows] == region)
        both = hits + np.repeat(shared - hits[np.maximum(ends - 1, 0)], counts)
        values = self.values[rows]
        last = np.append(values[1:] != values[:-1], True)
        matched = is_match(both[last], (sizes + area - both)[last]).astype(np.int64)
        return np.append(values[last], self.tree.ends[nodes[-1]]), np.diff(matched, prepend=0, append=0)


def _may_match(
    areas: NDArray[np.int64], own: NDArray[np.int64], smallest: int, largest: int
) -> NDArray[np.bool_]:
    """Which components are at some threshold neither too small nor too large for true regions of such areas."""
    least, most = LEAST_IOU
    return (most * areas >= least * smallest) & (least * (areas - own) <= most * largest)
