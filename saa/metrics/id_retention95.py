"""ID retention at a recall of 95 %: what is left of a normal data set once that many anomalies are found."""

from __future__ import annotations

from saa.ops import curves
from saa.ops.curves import Curve, Score

LEVEL = "retention"
HEADING = "ID kept@95"
ONLY = "road"


def compute(curve: Curve) -> Score:
    """The share of the normal data set's pixels below the threshold that finds 95 % of the anomalous pixels.

    Args:
        curve: its defective pixels are those of the category, its good ones those of the normal data set.
    """
    return curves.retention(curve, 0.95)
