"""Average precision of a category's images."""

from __future__ import annotations

from saa.ops import curves
from saa.ops.curves import Curve, Score

LEVEL = "image"
HEADING = "AP img"


def compute(curve: Curve) -> Score:
    """Precision averaged over recall, without interpolation."""
    return curves.average_precision(curve)
