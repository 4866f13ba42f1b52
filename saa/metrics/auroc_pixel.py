"""Area under the ROC curve of all pixels of a category."""

from __future__ import annotations

from saa.ops import curves
from saa.ops.curves import Curve, Score

LEVEL = "pixel"
HEADING = "AUROC px"


def compute(curve: Curve) -> Score:
    """The chance that a defective pixel scores higher than a good one; ties count one half."""
    return curves.auroc(curve)
