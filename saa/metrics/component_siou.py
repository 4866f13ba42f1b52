"""sIoU: how well the true components of road scenes are covered."""

from __future__ import annotations

from saa.ops.components import Components
from saa.ops.curves import Score

LEVEL = "component"
HEADING = "sIoU"
ONLY = "road"


def compute(components: Components) -> Score:
    """Mean adjusted IoU of all true components of all images; see `ops.components`."""
    if components.reason:
        return Score(None, reason=components.reason)
    if not len(components.overlaps):
        return Score(None, reason="no anomaly is large enough to count as a component")
    return Score(float(components.overlaps.mean()), components.threshold)
