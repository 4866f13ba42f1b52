"""FPR95: how many of the normal pixels are called before 95 % of the anomalous ones are; less is better."""

from __future__ import annotations

from saa.ops import curves
from saa.ops.curves import Curve, Score

LEVEL = "pixel"
HEADING = "FPR95 ↓"
ONLY = "road"
BEST = 0


def compute(curve: Curve) -> Score:
    """The rate at the highest threshold that finds at least 95 %: the convention of SMIYC and Fishyscapes."""
    return curves.fpr_at(curve, 0.95)
