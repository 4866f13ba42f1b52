"""Weight-free saliency: distance to the nearest neighbours among the image's own hand-made features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from saa.embedded import objects as parts
from saa.embedded.encoding import Encoder
from saa.embedded.settings import LookSettings, squashed
from saa.ops import masks
from saa.prompts import ProductPrompt
from saa.types import Frame, Regions, Salience


class Config(BaseModel):
    """Settings of the weight-free saliency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["neighbours"] = "neighbours"
    look: LookSettings = LookSettings()

    def build(self, prompt: ProductPrompt) -> NeighbourSaliency:
        """The saliency for one product."""
        return NeighbourSaliency(self.look.encoder(prompt))


@dataclass(frozen=True)
class NeighbourSaliency:
    """Unlikeness, squashed to [0, 1) and faded out off the objects."""

    encoder: Encoder
    needs_objects: ClassVar[bool] = True

    def saliency(self, frame: Frame, objects: Regions) -> Salience:
        """A map in [0, 1); see `stages.Saliency`."""
        encoding = frame.encoded(self.encoder)
        whole = np.asarray(objects.masks.any(axis=0))
        found = squashed(encoding.unlikeness)
        if self.encoder.count == 1 and whole.any() and not whole.all():
            size = encoding.image.shape[0], encoding.image.shape[1]
            found = np.multiply(found, parts.soft(masks.resized(whole, size)[None], encoding.map_size))
        return Salience(encoding.to_image(np.asarray(found, np.float32), frame.size))
