"""What becomes of the predicted and the true regions of any number of maps, at every threshold, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from saa.ops.counting import Labelled
from saa.ops.level_trees import Basins
from saa.ops.region_counts import RegionCounts
from saa.ops.released_regions import ReleasedCounts


@dataclass(frozen=True, eq=False)
class MatchedRegions:
    """Regions matched one to one, and as the released code does it; those of several maps can be added.

    Attributes:
        exact: one to one, at every threshold.
        released: the released code's hits, at thresholds of its own.
    """

    exact: RegionCounts
    released: ReleasedCounts

    @classmethod
    def none(cls, thresholds: NDArray[np.float32]) -> MatchedRegions:
        """Those of no map, for the thresholds of `released_regions.thresholds`."""
        return cls(RegionCounts.none(), ReleasedCounts.none(thresholds))

    @classmethod
    def of(cls, thresholds: NDArray[np.float32], labelled: Labelled) -> MatchedRegions:
        """Those of one map; its pixels that do not count are neither predicted nor good."""
        anomaly_map, mask = labelled.anomaly_map, labelled.mask
        if labelled.scored is not None:
            anomaly_map = np.where(labelled.scored, anomaly_map, np.float32(-np.inf))
        basins = Basins.of(anomaly_map)
        return cls(
            RegionCounts.of(basins, anomaly_map, mask),
            ReleasedCounts.of(thresholds, basins, anomaly_map, mask),
        )

    @classmethod
    def total(cls, every: Iterable[MatchedRegions]) -> MatchedRegions:
        """All of them, of which there is at least one, together; they are gone through once."""
        sums: list[MatchedRegions] = []
        for found in every:
            while sums and len(sums[-1].exact.thresholds) <= len(found.exact.thresholds):
                found += sums.pop()  # like with like: adding to one long sum each time would take long
            sums.append(found)
        return reduce(add, sums)

    def __add__(self, other: MatchedRegions) -> MatchedRegions:
        return MatchedRegions(self.exact + other.exact, self.released + other.released)

    @property
    def undefined(self) -> str:
        """Why there can be no figure of regions; empty if there can."""
        true, good = self.exact.num_true, self.exact.num_good_px
        if not true:
            return "nothing is defective" if good else "nothing to score"
        return "" if good else "nothing is good"
