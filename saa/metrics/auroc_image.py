"""Area under the ROC curve of a category's images."""

from __future__ import annotations

from saa.ops import curves
from saa.ops.curves import Curve, Score

LEVEL = "image"
HEADING = "AUROC img"


def compute(curve: Curve) -> Score:
    """The chance that a defective image scores higher than a good one; ties count one half."""
    return curves.auroc(curve)
