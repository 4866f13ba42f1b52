"""max-F1-pixel: F1 of all pixels of a category at the threshold that suits them best (an oracle's)."""

from __future__ import annotations

from saa.ops import curves
from saa.ops.curves import Curve, Score

LEVEL = "pixel"
HEADING = "max-F1 px"


def compute(curve: Curve) -> Score:
    """The largest F1 over all thresholds and the highest threshold that reaches it."""
    return curves.max_f1(curve)
