"""PPV: how much of what is predicted in road scenes is anomalous, component by component."""

from __future__ import annotations

from saa.ops.components import Components
from saa.ops.curves import Score

LEVEL = "component"
HEADING = "PPV"
ONLY = "road"


def compute(components: Components) -> Score:
    """Mean anomalous share of all predicted components of all images; 0 if nothing is predicted."""
    if components.reason:
        return Score(None, reason=components.reason)
    purities = components.purities
    return Score(float(purities.mean()) if len(purities) else 0.0, components.threshold)
