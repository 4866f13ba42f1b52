"""How the weight-free model looks at a product; its stages share an encoding while these settings agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from saa.embedded import lexicon
from saa.embedded.encoding import Encoder, Extent
from saa.prompts import ProductPrompt

_HALF_WAY = 4.0
"""Deviations at which unlikeness counts as one half."""
_MOST = 0.999


class LookSettings(BaseModel):
    """How an image is looked at. Stages with the same settings share their work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    working_area_px: int = Field(
        160_000, ge=10_000, le=4_000_000, description="pixels an image is scaled to before it is looked at"
    )

    def encoder(self, prompt: ProductPrompt) -> Encoder:
        """The encoder for a product; an extent of `auto` is told from the object phrase."""
        wanted = prompt.object
        surface = lexicon.is_surface(wanted.phrase) if wanted.extent == "auto" else wanted.extent == "frame"
        extent: Extent = "frame" if surface else "part"
        return Encoder(extent, wanted.count, prompt.defects.size == "small", self.working_area_px)


def squashed(unlikeness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Deviations in [0, inf) to [0, 1), order kept: u / (u + 4)."""
    return np.asarray(unlikeness / (unlikeness + _HALF_WAY), np.float32)


def deviations(saliency: NDArray[np.float32]) -> NDArray[np.float32]:
    """What `squashed` was given, for a saliency in [0, 1]; at most 3,996 deviations."""
    share = np.clip(saliency, 0, _MOST)
    return np.asarray(_HALF_WAY * share / (1 - share), np.float32)
