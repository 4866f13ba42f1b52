"""Average precision of all pixels of a category."""

from __future__ import annotations

from saa.ops import curves
from saa.ops.curves import Curve, Score

LEVEL = "pixel"
HEADING = "AP px"


def compute(curve: Curve) -> Score:
    """Precision averaged over recall, without interpolation."""
    return curves.average_precision(curve)
