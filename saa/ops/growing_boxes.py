"""The boxes around the components of a map at each of some falling thresholds, without labelling it at each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saa.ops.level_trees import Basins
from saa.types import AnomalyMap


def steps(thresholds: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.int64]:
    """The first of T falling thresholds that lies below each value; T if none does."""
    return np.asarray(np.searchsorted(-thresholds, -values, side="right"), np.int64)


@dataclass(frozen=True, eq=False)
class GrowingBoxes:
    """Boxes of components of what lies strictly above a threshold; each is there for some steps.

    Attributes:
        boxes: (B, 4) int64, x0, y0, x1, y1; right and bottom exclusive.
        first: (B,) int64, the step from which on a component has this box.
        after: (B,) int64, the step from which on it is larger or part of another.
    """

    boxes: NDArray[np.int64]
    first: NDArray[np.int64]
    after: NDArray[np.int64]

    @classmethod
    def of(cls, thresholds: NDArray[np.float32], basins: Basins, anomaly_map: AnomalyMap) -> GrowingBoxes:
        """Those of an (H, W) map, given its basins, at falling thresholds.

        Pixels that enter one component at one step are a group. With the components in the order of the tree and
        each one's groups latest first, all that a component holds at a step is a row of groups: its own from that
        step backwards, and those of all components below it. So its box follows from two rows of a table.
        """
        tree, count = basins.tree, len(thresholds)
        when = steps(thresholds, anomaly_map.ravel())
        pixels = np.flatnonzero(when < count)
        above = np.nextafter(thresholds, np.float32(np.inf))[when[pixels]]
        nodes = tree.entered(basins.labels.ravel()[pixels], above)
        codes = tree.places[nodes] * count + (count - 1 - when[pixels])
        codes, pixels = np.divmod(np.sort(codes * anomaly_map.size + pixels), anomaly_map.size)
        begins = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])[: len(codes)])
        groups = _around(pixels, begins, anomaly_map.shape[1])
        places, backwards = np.divmod(codes[begins], count)
        owners = np.argsort(tree.places)[places]
        ends = np.searchsorted(places, tree.places[owners] + tree.sizes[owners])
        boxes = _highest(groups, np.arange(len(groups)), ends)
        same = np.append(False, places[1:] == places[:-1])[: len(places)]
        first = count - 1 - backwards
        after = np.where(same, np.roll(first, 1), steps(thresholds, tree.ends[owners]))
        return cls(boxes * np.array([-1, -1, 1, 1]), first, after)

    def at(self, step: int) -> NDArray[np.int64]:
        """(N, 4) the boxes of all components at a step."""
        return self.boxes[(self.first <= step) & (step < self.after)]


def _around(pixels: NDArray[np.int64], begins: NDArray[np.intp], width: int) -> NDArray[np.int64]:
    """(G, 4) -x0, -y0, x1, y1 of the pixels, numbered row by row, from each beginning to the next."""
    if not len(begins):
        return np.zeros((0, 4), np.int64)
    y, x = np.divmod(pixels.astype(np.int32), np.int32(width))
    return np.stack([np.maximum.reduceat(each, begins) for each in (-x, -y, x + 1, y + 1)], axis=1).astype(
        np.int64
    )


def _highest(
    rows: NDArray[np.int64], begins: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The highest values of each column in rows from each of `begins` up to `ends`, at least one row each."""
    lengths = ends - begins
    levels = np.frexp(lengths)[1] - 1  # the largest power of two that is no longer
    found = np.empty_like(rows)
    span = 1
    for level in range(int(levels.max(initial=-1)) + 1):
        here = levels == level
        found[here] = np.maximum(rows[begins[here]], rows[ends[here] - span])
        rows = np.maximum(rows[:-span], rows[span:]) if span < len(rows) else rows
        span *= 2
    return found
