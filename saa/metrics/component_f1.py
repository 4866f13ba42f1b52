"""F1*: how many components of road scenes are found, and how many are false alarms."""

from __future__ import annotations

import numpy as np

from saa.ops.components import LEAST_OVERLAPS, Components
from saa.ops.curves import Score

LEVEL = "component"
HEADING = "F1*"
ONLY = "road"


def compute(components: Components) -> Score:
    """F1 = 2 TP / (2 TP + FN + FP), its mean over the least overlaps 0.25, 0.30 to 0.75.

    A true component of at least that sIoU is a TP, any other an FN; a predicted one less pure is an FP.
    """
    if components.reason:
        return Score(None, reason=components.reason)
    if not len(components.overlaps) and not len(components.purities):
        return Score(None, reason="no component is large enough to count")
    hits = np.array([np.count_nonzero(components.overlaps >= least) for least in LEAST_OVERLAPS])
    alarms = np.array([np.count_nonzero(components.purities < least) for least in LEAST_OVERLAPS])
    f1 = 2 * hits / np.maximum(hits + len(components.overlaps) + alarms, 1)
    return Score(float(f1.mean()), components.threshold)
