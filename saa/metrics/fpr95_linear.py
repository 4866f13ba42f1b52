"""FPR95 on the straight lines between thresholds; less is better."""

from __future__ import annotations

from saa.ops import curves
from saa.ops.curves import Curve, Score

LEVEL = "pixel"
HEADING = "FPR95 lin ↓"
ONLY = "road"
BEST = 0
IN_TABLES = False


def compute(curve: Curve) -> Score:
    """The rate where the line between two thresholds reaches 95 %, as the package ood-metrics has it."""
    return curves.fpr_between(curve, 0.95)
