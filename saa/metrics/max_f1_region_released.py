"""max-F1-region as the code released with SAA+ counts it: not one to one, so that it may exceed 1."""

from __future__ import annotations

import numpy as np

from saa.ops.curves import Score
from saa.ops.matched_regions import MatchedRegions
from saa.ops.released_regions import MAX_PX

LEVEL = "region"
HEADING = "released F1r"
ONLY = "parts"
UNBOUNDED = True
IN_TERMINAL = False


def compute(regions: MatchedRegions) -> Score:
    """The largest F1 = 2 hits / (predicted + true regions) over 200 thresholds; `ops.released_regions` has the rest.

    A true region that lies in pieces in the prediction counts as often as it has pieces. Published region figures
    of SAA+ were made so; see max_f1_region for matches one to one.
    """
    if regions.undefined:
        return Score(None, reason=regions.undefined)
    if regions.released.num_too_large:
        return Score(None, reason=f"maps of more than {MAX_PX} pixels take too long; see protocol released")
    f1 = regions.released.f1
    best = int(np.argmax(f1))
    # There what lies strictly above is predicted: the next number and all above it.
    threshold = np.nextafter(regions.released.thresholds[best], np.float32(np.inf))
    return Score(float(f1[best]), float(threshold))
