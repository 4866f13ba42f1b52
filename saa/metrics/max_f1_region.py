"""max-F1-region: F1 of predicted and true regions, matched one to one, at the threshold that suits them best."""

from __future__ import annotations

import numpy as np

from saa.ops.curves import Score
from saa.ops.matched_regions import MatchedRegions

LEVEL = "region"
HEADING = "max-F1 reg."
ONLY = "parts"


def compute(regions: MatchedRegions) -> Score:
    """The largest F1 = 2 matches / (predicted + true regions) over all thresholds; an oracle's.

    Regions are 8-connected, of any size: a single pixel above the threshold is a prediction, and wrong if nothing is
    there. Two match if their intersection over union is at least 0.6, so each has one match at most.
    """
    if regions.undefined:
        return Score(None, reason=regions.undefined)
    f1 = regions.exact.f1
    best = int(np.argmax(f1))
    return Score(float(f1[best]), float(regions.exact.thresholds[best]))
