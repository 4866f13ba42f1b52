"""Best IoU: intersection over union of all pixels of a category at the threshold that suits them best."""

from __future__ import annotations

from saa.ops import curves
from saa.ops.curves import Curve, Score

LEVEL = "pixel"
HEADING = "best IoU"
ONLY = "parts"
IN_TERMINAL = False


def compute(curve: Curve) -> Score:
    """The largest IoU over all thresholds = F1 / (2 - F1) at that of the best F1, and known half as exactly."""
    best = curves.max_f1(curve)
    return best if best.value is None else Score(best.value / (2 - best.value), best.threshold)
