"""F1 of a category's images at the threshold that suits them best (an oracle's)."""

from __future__ import annotations

from saa.ops import curves
from saa.ops.curves import Curve, Score

LEVEL = "image"
HEADING = "max-F1 img"


def compute(curve: Curve) -> Score:
    """The largest F1 over all thresholds and the highest threshold that reaches it."""
    return curves.max_f1(curve)
