"""AUPRO: how much of each defective region is found while few good pixels are called; of pixels only."""

from __future__ import annotations

from saa.ops import curves
from saa.ops.curves import Curve, Score

LEVEL = "pixel"
HEADING = "AUPRO"
ONLY = "parts"


def compute(curve: Curve) -> Score:
    """Area under the per-region overlap for false positive rates from 0 to 0.3, divided by 0.3.

    Regions are 8-connected and all count alike, however large, so a method cannot live on large defects.
    """
    return curves.aupro(curve)
